"""The codes of any decoder or generator: encode, decode, sample, and decode a grid of codes.

A decoder or generator maps codes to images, (batch, d) -> (batch, *image). The codes of a VAE or a
GAN follow the prior p(z) = N(0, I). The codes of an autoencoder follow no known distribution.

Source: AN2DL, "The latent representation of MNIST autoencoder (d = 2)", "Sampling the Latent
Space"; NOTES, "Latent Space Exploration".
"""

from statistics import NormalDist

import keras
import numpy as np

PREDICT_BATCH = 500  # images or codes at a time


def encode(encoder: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the codes z = E(s): (n, *image) -> (n, d) float32."""
    z = encoder.predict(images, batch_size=PREDICT_BATCH, verbose=0)
    return np.asarray(z, "float32")  # a user's encoder may end in bfloat16


def code_size(decoder: keras.Model) -> int:
    """Return the size d of the codes that a decoder or generator reads.

    Raises:
        ValueError: if it is no network, or it is conditional: it has two inputs, [z, condition].
    """
    if not getattr(decoder, "inputs", None):
        raise ValueError(
            f"A {type(decoder).__name__} is no decoder of codes: take its network, such as "
            f"model.decoder, model.generator or autoencoder.get_layer('decoder')."
        )
    if len(decoder.inputs) > 1:
        raise ValueError(
            f"The generator {decoder.name!r} is conditional: it has {len(decoder.inputs)} inputs, "
            "a code and a condition. Take the generator of one class with model.for_class(label)."
        )
    return decoder.input_shape[-1]


def decode(decoder: keras.Model, z: np.ndarray) -> np.ndarray:
    """Return the images D(z): (..., d) -> (..., *image) float32, for any number of leading axes.

    Raises:
        ValueError: if the codes do not have the decoder's d, or the decoder is conditional.
    """
    d = code_size(decoder)
    if z.shape[-1] != d:
        raise ValueError(f"This decoder's codes have d = {d}, not {z.shape[-1]}.")
    images = decoder.predict(z.reshape(-1, d), batch_size=PREDICT_BATCH, verbose=0)
    return np.asarray(images, "float32").reshape(*z.shape[:-1], *images.shape[1:])


def check_codes(z: np.ndarray, name: str = "z") -> None:
    """Raise a ValueError unless z is an array (n, d) of n >= 1 finite codes."""
    if z.ndim != 2 or len(z) == 0:
        raise ValueError(f"{name} must hold codes, an array of shape (n, d), not {z.shape}.")
    if not np.isfinite(z).all():
        raise ValueError(f"{name} holds NaN or infinity.")


def populated_box(z: np.ndarray, coverage: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of the box that holds the central codes of each latent dimension.

    Args:
        z: (n, d) codes of training images.
        coverage: share of the codes between the two sides of the box, per dimension, in (0, 1].

    Returns:
        (low, high), each (d,).

    Raises:
        ValueError: if the coverage is out of range or z is not a finite array (n, d).
    """
    check_codes(z)
    if not 0 < coverage <= 1:
        raise ValueError(f"coverage must be a share in (0, 1], not {coverage}.")
    tail = (1 - coverage) / 2
    return np.quantile(z, tail, axis=0), np.quantile(z, 1 - tail, axis=0)


def grid(decoder: keras.Model, low: np.ndarray, high: np.ndarray, n: int = 20) -> np.ndarray:
    """Return the images decoded at a grid of locations in a box of the latent plane (d = 2).

    Args:
        decoder: (batch, 2) -> (batch, *image).
        low, high: (2,), opposite corners of the box, as `populated_box` returns them.
        n: number of locations along each axis.

    Returns:
        (n, n, *image): row 0 holds the largest z_2, column 0 the smallest z_1, as in a plot.

    Raises:
        ValueError: if d is not 2.
    """
    return _plane(decoder, np.linspace(low[0], high[0], n), np.linspace(low[1], high[1], n))


def quantile_grid(decoder: keras.Model, n: int = 20) -> np.ndarray:
    """Return the images decoded at a grid over the prior N(0, I) of a latent plane (d = 2).

    The locations along each axis are the quantiles (i + 1/2)/n of N(0, 1). So every image stands
    for the same share of the samples of a VAE or a GAN (Kingma and Welling 2014, figure 4).

    Args:
        decoder: (batch, 2) -> (batch, *image).
        n: number of locations along each axis.

    Returns:
        (n, n, *image): row 0 holds the largest z_2, column 0 the smallest z_1, as in a plot.

    Raises:
        ValueError: if d is not 2.
    """
    quantiles = np.array([NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)])
    return _plane(decoder, quantiles, quantiles)


def _plane(decoder: keras.Model, z_1: np.ndarray, z_2: np.ndarray) -> np.ndarray:
    d = code_size(decoder)
    if d != 2:
        raise ValueError(
            f"A grid covers a plane, but this decoder's codes have d = {d}; "
            f"train it with d = 2, or use sample_codes or sample_prior."
        )
    z = np.stack(np.meshgrid(z_1, z_2[::-1]), axis=-1).astype("float32")
    return decode(decoder, z)


def sample_codes(low: np.ndarray, high: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    """Return random vectors z, uniform in a box: (n, d) float32.

    This is "a new latent representation" of an autoencoder, whose distribution of codes is not
    known. It works in a plane. It fails for larger d, where the codes fill a small part of the box.
    """
    rng = np.random.default_rng(seed)
    return rng.uniform(low, high, size=(n, len(low))).astype("float32")


def sample_prior(n: int, d: int, seed: int = 0) -> np.ndarray:
    """Return random vectors z from the prior N(0, I) of a VAE or a GAN: (n, d) float32.

    Raises:
        ValueError: if n < 1.
    """
    if n < 1:
        raise ValueError(f"Ask for n >= 1 codes or images, not {n}.")
    return np.random.default_rng(seed).normal(size=(n, d)).astype("float32")
