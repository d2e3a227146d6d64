"""Inversion of a decoder or generator: the code of a given image, by gradient descent on z.

    L(z) = 1/2 ||s - D(z)||^2 + lambda/2 ||z||^2

The minimum is the most probable z given s, if p(z) = N(0, I) and s is D(z) plus Gaussian noise of
variance lambda in each pixel. Source: AN2DL, "GAN for Anomaly Detection": "we invert the
GAN mapping"; Creswell and Bharath 2018.
"""

from typing import Any, NamedTuple

from ankeras.latent.codes import code_size, decode, sample_prior
from ankeras.training.optimize_input import optimize_input
from ankeras.training.schedules import falling_rate

import keras
import numpy as np
from keras import ops


class Inversion(NamedTuple):
    """The codes that were found for images.

    Attributes:
        z: (n, d) float32.
        errors: (n,), mean squared error per pixel between each image and D(z).
    """

    z: np.ndarray
    errors: np.ndarray


def invert(
    decoder: keras.Model,
    images: np.ndarray,
    *,
    start: np.ndarray | None = None,
    restarts: int = 4,
    steps: int = 200,
    learning_rate: float = 0.1,
    lam: float = 0.01,
    seed: int = 0,
) -> Inversion:
    """Return the codes of images, and their errors; the decoder does not change.

    Args:
        decoder: (batch, d) -> (batch, *image), for instance a generator.
        images: (n, *image).
        start: (n, d), where to start, for instance the codes of an encoder. Default: several
            starts per image, drawn from the prior.
        restarts: number of starts from the prior per image. All of them descend at the same time,
            and the best is kept.
        steps: number of steps of Adam. The learning rate falls to zero along half a cosine.
        learning_rate: the learning rate of the first step, in units of z.
        lam: weight lambda of the prior term. An autoencoder has no prior, so it takes 0.
        seed: seed of the starts.

    Raises:
        ValueError: if images or start have wrong shapes for the decoder or hold NaN, or the decoder
            is conditional.
    """
    d = code_size(decoder)
    if images.shape[1:] != decoder.output_shape[1:]:
        raise ValueError(
            f"This decoder draws images of shape {decoder.output_shape[1:]}, "
            f"not {images.shape[1:]}."
        )
    if not np.isfinite(images).all():
        raise ValueError("images hold NaN or infinity.")
    n = len(images)
    if start is None:
        start = sample_prior(restarts * n, d, seed)
    elif start.shape != (n, d):
        raise ValueError(f"start must be of shape ({n}, {d}), not {start.shape}.")
    copies = (len(start) // n, *[1] * (images.ndim - 1))
    s = ops.convert_to_tensor(np.tile(images.astype("float32"), copies))

    def squared_error(z: Any) -> Any:
        difference = s - decoder(z, training=False)
        return 0.5 * ops.sum(ops.square(difference), axis=tuple(range(1, images.ndim)))

    def prior(z: Any) -> Any:
        return 0.5 * ops.sum(ops.square(z), axis=1)

    found = optimize_input(
        squared_error,
        start,
        steps=steps,
        learning_rate=falling_rate(learning_rate, steps),
        regularizer=prior,
        weight=lam,
    )
    z = found.x.reshape(-1, n, d)
    errors = ((decode(decoder, z) - images) ** 2).reshape(len(z), n, -1).mean(axis=-1)
    best = errors.argmin(axis=0), np.arange(n)
    return Inversion(z[best], errors[best])
