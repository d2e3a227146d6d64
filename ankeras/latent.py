"""The latent space of an autoencoder: where the codes lie, and what lies between them.

Source: AN2DL, "The latent representation of MNIST autoencoder (d = 2)" and "Sampling the Latent
Space". z = E(s) are the codes of the training images; their distribution is not known.
"""

import keras
import numpy as np

PREDICT_BATCH = 500  # images or codes at a time


def encode(encoder: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the codes z = E(s): (n, *image) -> (n, d)."""
    return np.asarray(encoder.predict(images, batch_size=PREDICT_BATCH, verbose=0))


def decode(decoder: keras.Model, z: np.ndarray) -> np.ndarray:
    """Return the images D(z): (n, d) -> (n, *image)."""
    return np.asarray(decoder.predict(z, batch_size=PREDICT_BATCH, verbose=0))


def populated_box(z: np.ndarray, coverage: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Find the box around the central codes of each latent dimension.

    Args:
        z: (n, d) codes of training images.
        coverage: share of the codes inside the box's sides, per dimension, in (0, 1].

    Returns:
        (low, high), each (d,).

    Raises:
        ValueError: if the coverage is out of range or the codes are no (n, d) array.
    """
    if z.ndim != 2 or len(z) == 0:
        raise ValueError(f"Codes are an array of shape (n, d), not {z.shape}.")
    if not 0 < coverage <= 1:
        raise ValueError(f"coverage is a share in (0, 1], not {coverage}.")
    tail = (1 - coverage) / 2
    return np.quantile(z, tail, axis=0), np.quantile(z, 1 - tail, axis=0)


def grid(decoder: keras.Model, low: np.ndarray, high: np.ndarray, n: int = 20) -> np.ndarray:
    """Decode a grid of sampling locations over a box of the latent plane (d = 2).

    Args:
        decoder: (batch, 2) -> (batch, *image).
        low, high: (2,), opposite corners of the box, as `populated_box` finds them.
        n: locations along each axis.

    Returns:
        (n, n, *image): row 0 holds the largest z_2, column 0 the smallest z_1, as in a plot.

    Raises:
        ValueError: if the latent space is no plane.
    """
    if decoder.input_shape[-1] != 2:
        raise ValueError(
            f"A grid covers a plane, but this decoder's codes have d = {decoder.input_shape[-1]}; "
            f"train an autoencoder with d = 2, or use sample_codes."
        )
    z_1 = np.linspace(low[0], high[0], n)
    z_2 = np.linspace(high[1], low[1], n)
    z = np.stack(np.meshgrid(z_1, z_2), axis=-1).reshape(-1, 2).astype("float32")
    images = decode(decoder, z)
    return images.reshape(n, n, *images.shape[1:])


def sample_codes(low: np.ndarray, high: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    """Draw random vectors z, uniform in a box: (n, d) float32.

    This mimics "a new latent representation" without knowing the distribution of the codes. It
    works in a plane and fails as d grows: the codes fill less and less of their box.
    """
    rng = np.random.default_rng(seed)
    return rng.uniform(low, high, size=(n, len(low))).astype("float32")
