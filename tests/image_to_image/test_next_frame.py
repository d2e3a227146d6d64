"""Tests of the next frame: pairs and losses by hand, a moving bar, frames that are fed back."""

from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet
from ankeras.image_to_image import NextFrame, frame_pairs

import keras
import numpy as np
import pytest

FRAME, READ = (12, 12, 1), (12, 12, 2)
RNG = np.random.default_rng(0)


def _model(**options):
    model = NextFrame(
        get_unet(READ, 1, widths=(8, 16)),
        get_patch_discriminator(FRAME, READ, widths=(8,)),
        **options,
    )
    model.compile(*(keras.optimizers.Adam(1e-2) for _ in range(2)))
    return model


def _moving_bars(n, n_frames):
    """Return clips of a bar that moves by one or two columns per frame, around the edge."""
    start, speed = RNG.integers(0, 12, (n, 1)), RNG.integers(1, 3, (n, 1))
    column = (start + speed * np.arange(n_frames)) % 12
    clips = np.zeros((n, n_frames, 12, 12, 1), "float32")
    for i in range(n):
        for t in range(n_frames):
            clips[i, t, :, column[i, t]] = 1.0
    return clips


def test_the_pairs_by_hand():
    clips = RNG.random((3, 5, 4, 6, 2)).astype("float32")
    x, y = frame_pairs(clips, 2)
    assert x.shape == (9, 4, 6, 4)
    np.testing.assert_array_equal(x[0, ..., :2], clips[0, 0])
    np.testing.assert_array_equal(x[0, ..., 2:], clips[0, 1])
    np.testing.assert_array_equal(y[0], clips[0, 2])
    np.testing.assert_array_equal(x[3 + 1, ..., 2:], clips[1, 2])  # the second start, second clip
    np.testing.assert_array_equal(y[3 + 1], clips[1, 3])
    with pytest.raises(ValueError, match="more than k = 5 frames"):
        frame_pairs(clips, 5)


def _by_hand(model, x, y, training):
    """Return the losses, from the outputs of the networks."""
    fake = np.asarray(model.generator(x, training=training))
    real_p, fake_p = (
        1 / (1 + np.exp(-np.asarray(model.discriminator([frame, x], training=training), float)))
        for frame in (y, fake)
    )
    squared = ((y - fake) ** 2).mean()
    return {
        "squared_error": squared,
        "g_loss": squared - 0.5 * np.log(fake_p).mean(),
        "d_loss": -np.log(real_p).mean() - np.log(1 - fake_p).mean(),
    }


def test_the_losses_by_hand(losses_by_hand):
    data = frame_pairs(_moving_bars(4, 3), 2)
    players = {"discriminator": "d_loss", "generator": "g_loss"}
    losses_by_hand(_model(adversarial=0.5), data, _by_hand, players)


def test_a_moving_bar_is_continued():
    model = _model(adversarial=0.0)
    model.fit(*frame_pairs(_moving_bars(120, 5), 2), batch_size=30, epochs=12, verbose=0)
    clips = _moving_bars(40, 5)
    drawn = model.continue_clips(clips[:, :2], 3)
    assert drawn.shape == (40, 3, 12, 12, 1)
    error = np.mean((drawn[:, 0] - clips[:, 2]) ** 2)
    of_copy = np.mean((clips[:, 1] - clips[:, 2]) ** 2)
    of_line = np.mean((np.clip(2 * clips[:, 1] - clips[:, 0], 0, 1) - clips[:, 2]) ** 2)
    assert error < 0.3 * min(of_copy, of_line)
    # three frames ahead
    assert np.mean((drawn[:, 2] - clips[:, 4]) ** 2) < 0.6 * of_copy


def test_wrong_arguments_are_answered_by_a_sentence():
    x, y = frame_pairs(_moving_bars(4, 3), 2)
    model = _model()
    with pytest.raises(ValueError, match="Each of 4 inputs needs its next frame, not none"):
        model.fit(x, batch_size=4, verbose=0)
    with pytest.raises(ValueError, match=r"y holds images of shape \(6, 12, 1\)"):
        model.fit(x, y[:, :6], batch_size=4, verbose=0)
    with pytest.raises(ValueError, match=r"reads \(12, 12, 2\), the last frames as channels"):
        model.continue_clips(_moving_bars(2, 3), 2)
    with pytest.raises(ValueError, match="must not be negative"):
        _model(adversarial=-1.0)
    with pytest.raises(ValueError, match=r"get_patch_discriminator\(\(12, 12, 1\)"):
        NextFrame(model.generator, get_patch_discriminator(FRAME, widths=(4,)))
