"""Data on a line and in the plane, and small networks for it: a game that can be drawn.

Source: AN2DL, "Illustration of the GAN Training Process"; NOTES, "Generative Adversarial
Networks" (a distribution with two peaks); AE, "1-Dimensional example", "2-Dimensional example";
Metz et al., "Unrolled generative adversarial networks" (ICLR 2017) for the ring.
"""

from statistics import NormalDist

from ankeras.data.densities import Gaussians

import keras
import numpy as np
from keras import layers

WIDTHS = (64, 64)  # units of the players' hidden layers


_ANGLES = 2 * np.pi * np.arange(8) / 8

TWO_PEAKS = Gaussians(np.array([[-2.0], [2.0]]), std=0.5)
RING = Gaussians(2 * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1), std=0.05)

# where densities and D are drawn
LINE = np.linspace(-4, 4, 321, dtype="float32")[:, None]  # (321, 1)
_SIDE = np.linspace(-3, 3, 81, dtype="float32")
PLANE = np.stack(np.meshgrid(_SIDE, _SIDE), axis=-1).reshape(-1, 2)  # (81 * 81, 2), rows upwards


def prior_quantiles(n: int) -> np.ndarray:
    """Return z that stand for equal shares of the prior N(0, 1) of a line: (n, 1) float32."""
    quantiles = [[NormalDist().inv_cdf((i + 0.5) / n)] for i in range(n)]
    return np.array(quantiles, dtype="float32")


def get_toy_generator(latent_dim: int, n: int, seed: int = 42) -> keras.Model:
    """Build a generator of points: (batch, latent_dim) -> (batch, n), any values."""
    z = x = layers.Input(shape=(latent_dim,), name="input_layer")
    for i, width in enumerate(WIDTHS):
        x = layers.Dense(width, activation="relu", kernel_initializer=_weights(seed + i))(x)
    points = _last(n, seed)(x)
    return keras.Model(z, points, name="generator")


def get_toy_discriminator(n: int, seed: int = 43) -> keras.Model:
    """Build a discriminator of points: (batch, n) -> (batch, 1), logits that they are real."""
    s = x = layers.Input(shape=(n,), name="input_layer")
    for i, width in enumerate(WIDTHS):
        x = layers.LeakyReLU(0.2)(layers.Dense(width, kernel_initializer=_weights(seed + i))(x))
    logit = _last(1, seed)(x)
    return keras.Model(s, logit, name="discriminator")


def _last(n: int, seed: int) -> layers.Layer:
    return layers.Dense(
        n, kernel_initializer=_weights(seed + 10), dtype="float32", name="output_layer"
    )


def _weights(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed)
