"""Images that a trained network can't read get one sentence, whatever the system draws."""

from ankeras.builders import get_decoder, get_encoder
from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet
from ankeras.image_to_image import (
    Colorization,
    CycleGAN,
    FaceSwap,
    NextFrame,
    Pix2Pix,
    SuperResolution,
    UnpairedBatches,
    get_super_resolution_network,
    split_decoder,
)

import numpy as np
import pytest

SHAPE = (12, 12, 1)
X = np.random.default_rng(0).random((3, *SHAPE)).astype("float32")


def _unet(channels=1):
    return get_unet(SHAPE, channels, widths=(4, 4), normalization="instance")


def _scores(*shapes):
    return get_patch_discriminator(*shapes, widths=(4,))


DRAWS = {
    "pix2pix": lambda: Pix2Pix(_unet(), _scores(SHAPE, SHAPE)).translate,
    "CycleGAN": lambda: CycleGAN(_unet(), _scores(SHAPE), _unet(), _scores(SHAPE)).translate,
    "super-resolution": lambda: (
        SuperResolution(
            get_super_resolution_network(SHAPE, 1, width=4, n_blocks=1), _scores(SHAPE)
        ).enlarge
    ),
    "colorization": lambda: Colorization(_unet(2), ((0.1, 0.0), (0.0, 0.1))).colorize,
    "face swap": lambda: (
        FaceSwap(
            get_encoder(SHAPE, 2, widths=(4, 4)),
            *split_decoder(get_decoder(2, SHAPE, widths=(4, 4))),
        ).swap
    ),
    "next frame": lambda: (
        lambda x: NextFrame(_unet(), _scores(SHAPE, SHAPE)).continue_clips(
            np.asarray(x)[:, None], 1
        )
    ),
}


@pytest.mark.parametrize("name", DRAWS)
def test_what_can_not_be_read_gets_a_sentence(name):
    draw = DRAWS[name]()
    assert draw(X).shape[0] == 3
    for images, sentence in (
        ((255 * X).astype("uint8"), "holds uint8 values: give float32"),
        (np.where(X > 0.9, np.nan, X), "holds NaN or infinity"),
        (X + 1, r"holds values in \[1\.\d+, \d"),
        (X[:, :7], r"network reads \(12, 12, 1\)"),
        (X[:0], "holds no image"),
    ):
        with pytest.raises(ValueError, match=sentence):
            draw(images)
    if name != "next frame":
        with pytest.raises(ValueError, match="is a list: give the images as one array"):
            draw(list(X))


def test_other_wrong_arguments():
    with pytest.raises(ValueError, match="n_frames >= 1 frames, not 0"):
        NextFrame(_unet(), _scores(SHAPE, SHAPE)).continue_clips(X[:, None], 0)
    with pytest.raises(ValueError, match="Give the first domain as one array"):
        UnpairedBatches(list(X), X, 2)
    colors = Colorization(_unet(2), ((0.1, 0.0), (0.0, 0.1)))
    for temperature in (np.nan, 1e-39, np.inf):
        with pytest.raises(ValueError, match="temperature must be positive"):
            colors.colorize(X, temperature)
    with pytest.raises(ValueError, match="n >= 1 colour images"):
        colors.samples(X, 0)
