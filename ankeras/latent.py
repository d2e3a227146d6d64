"""The latent space of any decoder or generator: codes, samples, grids, paths and maps.

A decoder or generator draws images from codes, (batch, d) -> (batch, *image). The codes of a VAE
or a GAN follow the prior p(z) = N(0, I); those of an autoencoder lie where training put them.
Directions and arithmetic in this space are in `ankeras/attributes.py`, the codes of given images
in `ankeras/inversion.py`.

Source: AN2DL, "The latent representation of MNIST autoencoder (d = 2)", "Sampling the Latent
Space", "Interpolation"; NOTES, "Latent Space Exploration".
"""

from statistics import NormalDist
from typing import NamedTuple

import keras
import numpy as np
from sklearn.linear_model import RidgeCV

PREDICT_BATCH = 500  # images or codes at a time


def encode(encoder: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the codes z = E(s): (n, *image) -> (n, d) float32."""
    z = encoder.predict(images, batch_size=PREDICT_BATCH, verbose=0)
    return np.asarray(z, "float32")  # an encoder of one's own may end in bfloat16


def decode(decoder: keras.Model, z: np.ndarray) -> np.ndarray:
    """Return the images D(z): (..., d) -> (..., *image) float32, with any axes before the last.

    Raises:
        ValueError: if the codes are not of the decoder's d.
    """
    d = decoder.input_shape[-1]
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
    """Find the box around the central codes of each latent dimension.

    Args:
        z: (n, d) codes of training images.
        coverage: share of the codes inside the box's sides, per dimension, in (0, 1].

    Returns:
        (low, high), each (d,).

    Raises:
        ValueError: if the coverage is out of range or the codes are no finite (n, d) array.
    """
    check_codes(z)
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
    return _plane(decoder, np.linspace(low[0], high[0], n), np.linspace(low[1], high[1], n))


def quantile_grid(decoder: keras.Model, n: int = 20) -> np.ndarray:
    """Decode a grid over the prior N(0, I) of a latent plane (d = 2), as a VAE's.

    The locations along each axis are the quantiles (i + 1/2)/n of N(0, 1), so that every image
    stands for the same share of the samples (Kingma and Welling 2014, figure 4).

    Args:
        decoder: (batch, 2) -> (batch, *image).
        n: locations along each axis.

    Returns:
        (n, n, *image): row 0 holds the largest z_2, column 0 the smallest z_1, as in a plot.

    Raises:
        ValueError: if the latent space is no plane.
    """
    quantiles = np.array([NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)])
    return _plane(decoder, quantiles, quantiles)


def _plane(decoder: keras.Model, z_1: np.ndarray, z_2: np.ndarray) -> np.ndarray:
    if decoder.input_shape[-1] != 2:
        raise ValueError(
            f"A grid covers a plane, but this decoder's codes have d = {decoder.input_shape[-1]}; "
            f"train it with d = 2, or use sample_codes or sample_prior."
        )
    z = np.stack(np.meshgrid(z_1, z_2[::-1]), axis=-1).astype("float32")
    return decode(decoder, z)


def sample_codes(low: np.ndarray, high: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    """Draw random vectors z, uniform in a box: (n, d) float32.

    This mimics "a new latent representation" without knowing the distribution of the codes. It
    works in a plane and fails as d grows: the codes fill less and less of their box.
    """
    rng = np.random.default_rng(seed)
    return rng.uniform(low, high, size=(n, len(low))).astype("float32")


def sample_prior(n: int, d: int, seed: int = 0) -> np.ndarray:
    """Draw random vectors z from the prior N(0, I) of a VAE or a GAN: (n, d) float32."""
    return np.random.default_rng(seed).normal(size=(n, d)).astype("float32")


def neighbours(z: np.ndarray, n: int = 9, scale: float = 0.25, seed: int = 0) -> np.ndarray:
    """Add small noise around a code: "that's pretty robust" (AN2DL, "Vector Arithmetic").

    Args:
        z: (d,).
        n: number of codes, for a 3x3 grid.
        scale: the noise is uniform in ± scale in every dimension (Radford et al. 2016, ± 0.25,
            for z of spread 1).
        seed: of the noise.

    Returns:
        (n, d) float32: z itself in the middle, at n // 2, its noisy copies around it.
    """
    noise = np.random.default_rng(seed).uniform(-scale, scale, size=(n, len(z)))
    noise[n // 2] = 0
    return (z + noise).astype("float32")


def interpolate(z_a: np.ndarray, z_b: np.ndarray, n: int, spherical: bool = False) -> np.ndarray:
    """Interpolate between two codes in equal steps (AN2DL, "Interpolation").

    Codes drawn from N(0, I) lie near the sphere of radius sqrt(d). The straight line between two
    of them passes far inside it, where no code was drawn; the arc does not (White 2016).

    Args:
        z_a, z_b: (d,).
        n: number of codes, both ends included; at least 2.
        spherical: turn from the direction of z_a to that of z_b in equal angles, while the
            length goes linearly from ||z_a|| to ||z_b||. Of all half circles between opposite
            codes, one is taken.

    Returns:
        (n, d) float32.

    Raises:
        ValueError: if n < 2, the codes differ in shape or hold NaN, or one has no direction.
    """
    if n < 2:
        raise ValueError(f"An interpolation holds both its ends: n must be at least 2, not {n}.")
    if z_a.shape != z_b.shape:
        raise ValueError(f"Codes of different shapes, {z_a.shape} and {z_b.shape}.")
    ends = np.stack([z_a, z_b]).astype("float64")
    check_codes(ends, "An interpolation")
    t = np.linspace(0, 1, n)[:, None]
    z = _arc(ends[0], ends[1], t) if spherical else (1 - t) * ends[0] + t * ends[1]
    z[[0, -1]] = ends  # exactly
    return z.astype("float32")


def _arc(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    if min(length_a, length_b) == 0 or len(a) < 2:
        raise ValueError("A spherical interpolation needs codes other than 0 with d >= 2.")
    u, v = a / length_a, b / length_b
    angle = np.arccos(np.clip(u @ v, -1, 1))
    side = v - (u @ v) * u  # where b lies, seen from a
    if np.linalg.norm(side) < 1e-6:  # the same or the opposite direction: any way round
        side = np.eye(len(a))[np.argmin(np.abs(u))]
        side = side - (u @ side) * u
    side = side / np.linalg.norm(side)
    direction = np.cos(angle * t) * u + np.sin(angle * t) * side
    return ((1 - t) * length_a + t * length_b) * direction


def path(points: np.ndarray, n: int, spherical: bool = False, closed: bool = False) -> np.ndarray:
    """Walk through a series of codes (AN2DL, "Interpolation between a series of 9 random points").

    Args:
        points: (k, d), k >= 2.
        n: steps from a point to the next; code i * n of the path is point i.
        spherical: as in `interpolate`.
        closed: whether the walk goes on from the last point until one step before the first, so
            that an animation of it repeats without a jump.

    Returns:
        ((k - 1) n + 1, d), or (k n, d) where closed; float32.

    Raises:
        ValueError: if n < 1, there are fewer than 2 points, or `interpolate` refuses two of them.
    """
    check_codes(points, "A path")
    if n < 1 or len(points) < 2:
        raise ValueError(f"A path needs 2 points and n >= 1, not {len(points)} points and n = {n}.")
    following = np.roll(points, -1, axis=0)
    pieces = [
        interpolate(a, b, n + 1, spherical)[:-1] for a, b in zip(points, following, strict=True)
    ]
    if not closed:
        pieces[-1] = points[-1:].astype("float32")
    return np.concatenate(pieces)


class LinearMap(NamedTuple):
    """The map z -> z W + b from the codes of one model to those of another.

    Attributes:
        W: (d_a, d_b).
        b: (d_b,).
    """

    W: np.ndarray
    b: np.ndarray

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return the mapped codes: (..., d_a) -> (..., d_b) float32."""
        return (z @ self.W + self.b).astype("float32")


def linear_map(z_a: np.ndarray, z_b: np.ndarray) -> LinearMap:
    """Fit the linear map between two latent spaces to a support set.

    Source: NOTES, "Relation between the latent space of different generative techniques": the
    map "can be defined by a small set of points common to the two spaces (support set)".
    Least squares with an intercept and a ridge, whose size is the one with the smallest
    leave-one-out error: close to none for a large support set, needed for one smaller than d.

    Args:
        z_a: (n, d_a), codes of the support set in the one space; n >= 2.
        z_b: (n, d_b), codes of the same images in the other.

    Raises:
        ValueError: if the sets differ in length, n < 2, or they hold NaN.
    """
    check_codes(z_a, "z_a")
    check_codes(z_b, "z_b")
    if len(z_a) != len(z_b) or len(z_a) < 2:
        raise ValueError(
            f"A support set holds the same images in both spaces, at least 2, "
            f"not {len(z_a)} and {len(z_b)}."
        )
    # a ridge has the units of z_a squared
    ridges = np.logspace(-6, 2, 17) * max(float(z_a.var(axis=0).mean()), 1e-12)
    fitted = RidgeCV(ridges).fit(z_a.astype("float64"), z_b.astype("float64"))
    return LinearMap(fitted.coef_.T, fitted.intercept_)


def relative_error(z: np.ndarray, z_hat: np.ndarray) -> float:
    """Return the squared error of z_hat relative to predicting the mean of z, summed over d.

    0 is perfect, 1 as good as the mean.

    Args:
        z: (n, d), the codes to be met, not those that a map was fitted to.
        z_hat: (n, d), such as the codes of a `LinearMap`.
    """
    return float(np.sum((z_hat - z) ** 2) / np.sum((z - z.mean(axis=0)) ** 2))
