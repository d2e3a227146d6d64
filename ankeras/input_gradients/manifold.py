"""The data manifold: how far an image must move to change its class, along the manifold and off it.

Source: NOTES, lesson 11, "The Data Manifold": "We want to influence the result = moving the object,
change its features so that it crosses the border (escape the data manifold = create an outlier)."

    off the manifold:     x' = argmin_x  H(t, x)     + lambda ||x - x_0||^2,          start: x_0
    along the manifold:   z' = argmin_z  H(t, D(z))  + lambda ||D(z) - D(z_0)||^2,    start: z_0

H(t, x) = -log p(t|x), t is the class that the image should get. The decoder D of a VAE draws images
like those that it was trained on, so D(z) stays near the manifold. Both start from the same image
x_0 = D(z_0). The way is the straight line to what was found, in pixels or in codes. Its first point
that is read as t counts, and its distance from x_0 is a length in pixels, for both.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from ankeras.input_gradients.adversarial import cross_entropy
from ankeras.input_gradients.network import check_classes, check_photos, read_scores
from ankeras.latent import decode
from ankeras.training.catalogue_row import Row
from ankeras.training.optimize_input import optimize_input

import keras
import numpy as np
from keras import ops

HALVINGS = 10  # of the way, to find the first point that is read as the new class


class Steps(NamedTuple):
    """Images before and after their class was changed in both ways.

    Attributes:
        start: (n, *image), D(z_0).
        along: (n, *image), the first image along the manifold that is read as the target.
        off: (n, *image), the same for a way through all images.
        turned: (n, 2) bool: whether the class became the target, along and off.
        lengths: (n, 2), the distance of both from the start: the root of the sum of squares.
    """

    start: np.ndarray
    along: np.ndarray
    off: np.ndarray
    turned: np.ndarray
    lengths: np.ndarray


def change_class(
    network: keras.Model,
    decoder: keras.Model,
    z: np.ndarray,
    targets: np.ndarray,
    *,
    lam: float = 0.01,
    steps: int = 150,
) -> Steps:
    """Change the class of images along the manifold of a decoder and off it, each by a short way.

    Args:
        network: a classifier of the decoder's images.
        decoder: (batch, d) -> (batch, *image), such as that of a VAE.
        z: (n, d), the codes z_0 of images.
        targets: (n,), the classes t that they should get.
        lam: weight lambda of the squared length.
        steps: steps of Adam for each of both ways.

    Raises:
        ValueError: if a class does not exist, or network, decoder and codes do not fit.
    """
    t = check_classes(network, targets, len(z))
    x_0 = check_photos(network, np.clip(decode(decoder, z), 0, 1))
    read = read_scores(network)

    def loss(x: Any) -> Any:
        squared = ops.sum(ops.square(ops.subtract(x, x_0)), axis=(1, 2, 3))
        return cross_entropy(t, read(x, training=False)) + lam * squared

    z_1 = optimize_input(
        lambda z: loss(decoder(z, training=False)), z, steps=steps, learning_rate=0.05
    ).x
    x_1 = optimize_input(
        loss, x_0, steps=steps, learning_rate=0.01, project=lambda x: ops.clip(x, 0.0, 1.0)
    ).x
    along, turned_along = _first_turn(read, lambda s: decode(decoder, z + s * (z_1 - z)), t, 2)
    off, turned_off = _first_turn(read, lambda s: x_0 + s * (x_1 - x_0), t, 4)
    lengths = [np.sqrt(((x - x_0) ** 2).sum(axis=(1, 2, 3))) for x in (along, off)]
    return Steps(x_0, along, off, np.stack([turned_along, turned_off], 1), np.stack(lengths, 1))


def _first_turn(
    read: keras.Model, way: Callable[[np.ndarray], np.ndarray], t: np.ndarray, ndim: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first images on a way that are read as t, and whether the last one is."""

    def turned(s: np.ndarray) -> np.ndarray:
        images = way(s.reshape(-1, *[1] * (ndim - 1)))
        return read.predict(images, verbose=0).argmax(axis=1) == t

    low, high = np.zeros(len(t), "float32"), np.ones(len(t), "float32")
    ends = turned(high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        there = turned(middle)
        low, high = np.where(there, low, middle), np.where(there, middle, high)
    high = np.where(ends, high, 1).astype("float32")
    return way(high.reshape(-1, *[1] * (ndim - 1))), ends


ROWS = (
    Row(
        name="steps along the data manifold",
        builds=change_class,
        lecture="NOTES, lesson 11",
        paper="",
        notebook="14",
    ),
)
