"""Colorization: a grey image has several right answers, so the network predicts classes of colour.

Source: NOTES, lesson 14 (multi-modal output); AN2DL, "What for generative models?"; Zhang et al.,
"Colorful image colorization" (ECCV 2016), equations 1, 2 and 5.

    chroma of a pixel   c = (B - Y, R - Y),   Y = 0.299 R + 0.587 G + 0.114 B, the grey image
    regression          min E ||c - f(x)||^2              f(x) -> the mean of all right colours
    classes             min E [-log p(q(c) | x)]          q(c): the nearest colour of a palette
    annealed mean       sum_q c_q p(q | x)^(1/T) / sum_q p(q | x)^(1/T)

The mean of a red shirt and a green shirt is a brown shirt that nobody wears: this is what a
regression draws. A distribution over the colours of a palette can say "red or green". From it we
take the annealed mean, or draw a colour. When colours are drawn, one random number is shared by all
pixels of an image. Pixels with the same distribution, such as those of a shirt, then get the same
colour.

Three things differ from the paper: a pixel counts for its nearest colour and not for five of them,
all classes have the same weight, and the colours are luma and chroma and not those of CIE Lab.
"""

from collections.abc import Sequence
from typing import Any

from ankeras.builders.unet import get_unet
from ankeras.data.views import LUMA
from ankeras.latent.codes import PREDICT_BATCH
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_SHAPE, Row
from ankeras.training.checks import (
    check_floats,
    check_images,
    check_read,
    check_shapes_known,
    check_target_images,
)
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import ops
from sklearn.cluster import MiniBatchKMeans

MIN_COLORS = 2
LOWEST_TEMPERATURE = 1e-3  # below it, logits overflow


def chroma(images: Any) -> Any:
    """Return the chroma (B - Y, R - Y): (..., 3) -> (..., 2), values in (-1, 1)."""
    images = ops.convert_to_tensor(images)
    luma = ops.sum(ops.multiply(images, LUMA), axis=-1)
    return ops.stack([images[..., 2] - luma, images[..., 0] - luma], axis=-1)


def with_chroma(grey: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Return the colour images with a luma and a chroma, clipped to [0, 1].

    Args:
        grey: (..., 1), the luma Y.
        colors: (..., 2), the chroma.
    """
    blue, red = grey[..., 0] + colors[..., 0], grey[..., 0] + colors[..., 1]
    green = (grey[..., 0] - LUMA[0] * red - LUMA[2] * blue) / LUMA[1]
    return np.stack([red, green, blue], axis=-1).clip(0.0, 1.0)


def find_palette(images: np.ndarray, n_colors: int = 24, seed: int = 0) -> np.ndarray:
    """Return the palette of images, found by k-means on the chroma of their pixels.

    Args:
        images: (n, height, width, 3); 100,000 of their pixels are used.
        n_colors: number of colours, at least 2.
        seed: seed of the pixels and of k-means.

    Returns:
        float32 (n_colors, 2).

    Raises:
        ValueError: if the images have no colours, or n_colors is less than 2.
    """
    check_floats(images)
    if images.shape[-1] != 3 or not images.size:
        raise ValueError(
            f"A palette is found in colour images, (n, height, width, 3), not {images.shape}."
        )
    if n_colors < MIN_COLORS:
        raise ValueError(f"A palette has at least {MIN_COLORS} colours, {n_colors} is too few.")
    pixels = images.reshape(-1, 3)
    some = np.random.default_rng(seed).integers(len(pixels), size=100_000)
    found = ops.convert_to_numpy(chroma(pixels[some]))
    means = MiniBatchKMeans(n_colors, random_state=seed, n_init=3).fit(found)
    return means.cluster_centers_.astype("float32")


def mean_chroma(images: np.ndarray) -> float:
    """Return how colourful images are: the mean length of the chroma of their pixels."""
    return float(np.mean(np.linalg.norm(ops.convert_to_numpy(chroma(images)), axis=-1)))


@keras.saving.register_keras_serializable("ankeras")
class Colorization(OwnLoss):
    """Colorization by classes; `fit(grey, colour images)`, or a `Dataset` with "paired" images.

    Args:
        network: (batch, height, width, 1) -> (batch, height, width, k), one logit per colour:
            `get_unet((height, width, 1), k, output_activation="linear")`.
        palette: (k, 2), the chroma of each colour, as `find_palette` returns it.

    Raises:
        ValueError: if the network does not draw one logit for each colour.
    """

    networks = ("network",)
    options = ("palette",)
    logged = ("loss", "accuracy")
    target = "paired"

    def __init__(
        self, network: keras.Model, palette: Sequence[Sequence[float]] | np.ndarray, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_shapes_known(network, "network")
        self.network = network
        self.palette = np.asarray(palette, "float32").tolist()
        if np.shape(self.palette) != (network.output_shape[-1], 2):
            raise ValueError(
                f"The network draws {network.output_shape[-1]} logits per pixel, but the palette "
                f"is of shape {np.shape(self.palette)}: it holds two numbers for each of them."
            )

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend E [-log p(q(c) | x)] on one minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        q = self.classes(y)

        # -log p(q(c) | x), averaged over pixels and images
        def objective() -> tuple:
            logits = self.network(x, training=True)
            nll = ops.mean(ops.sparse_categorical_crossentropy(q, logits, from_logits=True))
            return nll + self.layer_losses(), nll, logits

        _, nll, logits = descend(objective, self.optimizer, self.trainable_variables)
        return self.log(loss=nll, accuracy=_share_right(logits, q))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate -log p(q(c) | x) on one minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        q = self.classes(y)
        logits = self.network(x, training=False)
        nll = ops.mean(ops.sparse_categorical_crossentropy(q, logits, from_logits=True))
        return self.log(loss=nll, accuracy=_share_right(logits, q))

    def classes(self, images: Any) -> Any:
        """Return q(c), the nearest colour of each pixel: (batch, h, w, 3) -> (batch, h, w)."""
        c = chroma(images)[..., None, :]
        return ops.argmin(ops.sum(ops.square(c - ops.array(self.palette)), axis=-1), axis=-1)

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return the logits of the colours."""
        return self.network(x, training=training)

    def colorize(self, grey: np.ndarray, temperature: float = 0.4) -> np.ndarray:
        """Return colour images by the annealed mean: (n, h, w, 1) -> (n, h, w, 3).

        Args:
            grey: the luma.
            temperature: T, at least 1e-3; towards 0 the most probable colour, 1 for the mean of
                all colours.

        Raises:
            ValueError: if the temperature is out of range, or the images do not fit.
        """
        if not LOWEST_TEMPERATURE <= temperature < np.inf:
            raise ValueError(
                f"The temperature must be positive, and at least {LOWEST_TEMPERATURE:g}, as "
                f"{temperature:g} is not."
            )
        check_read(grey, self.network, "grey")
        logits = self.network.predict(grey, batch_size=PREDICT_BATCH, verbose=0)
        weights = ops.convert_to_numpy(ops.softmax(logits / temperature, axis=-1))
        return with_chroma(grey, weights @ np.asarray(self.palette, "float32"))

    def samples(self, grey: np.ndarray, n: int = 4, seed: int = 0) -> np.ndarray:
        """Return several colour images of each grey one: (m, h, w, 1) -> (m, n, h, w, 3).

        One random number per image decides the colours of all its pixels. The colours are in the
        order of their hue, so that similar distributions give similar colours.

        Raises:
            ValueError: if the images do not fit the network, or n < 1.
        """
        check_read(grey, self.network, "grey")
        if n < 1:
            raise ValueError(f"Ask for n >= 1 colour images of each grey one, not {n}.")
        palette = np.asarray(self.palette, "float32")
        order = np.argsort(np.arctan2(palette[:, 1], palette[:, 0]))
        logits = self.network.predict(grey, batch_size=PREDICT_BATCH, verbose=0)
        shares = ops.convert_to_numpy(ops.softmax(logits, axis=-1))[..., order]
        below = np.cumsum(shares, axis=-1)[:, None]  # (m, 1, h, w, k)
        u = np.random.default_rng(seed).random((len(grey), n, 1, 1, 1))
        chosen = np.minimum((below < u).sum(axis=-1), len(palette) - 1)
        return with_chroma(
            np.broadcast_to(grey[:, None], (*chosen.shape, 1)), palette[order][chosen]
        )

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on grey images x and colours y."""
        shape = self.network.input_shape[1:]
        check_images(x, shape, (0.0, 1.0))
        unpaired = "Each of {n} grey images needs its colours, not {given}."
        check_target_images(y, len(x), (*shape[:2], 3), (0.0, 1.0), unpaired)


def _share_right(logits: Any, q: Any) -> Any:
    """Return the share of pixels whose most probable colour is the right one."""
    found = ops.cast(ops.argmax(logits, axis=-1), "int32")
    return ops.mean(ops.cast(ops.equal(found, ops.cast(q, "int32")), "float32"))


ROWS = (
    Row(
        name="colorization",
        builds=Colorization,
        lecture="NOTES 14, multi-modal output; AN2DL, What for generative models?",
        paper="Zhang 2016",
        notebook="12",
        learns_from="x, rgb",
        tiny=lambda: Colorization(
            get_unet(TINY_SHAPE, 3, widths=(4, 8), output_activation="linear"),
            ((0.1, 0.0), (0.0, 0.1), (-0.1, -0.1)),
        ),
    ),
)
