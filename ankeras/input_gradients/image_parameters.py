"""Two ways to write an image as free numbers z: its pixels, or the waves that it consists of.

    "pixels":   x = z, and each step is followed by a clip to [0, 1]
    "fourier":  x = sigmoid(4 M y),    y = C_h^T (s * z) C_w,    s_kl = 1 / max(1, sqrt(k^2 + l^2))

C is the cosine transform, which is the Fourier transform of an image and its mirror images. s gives
long waves more weight than short ones, as they have in photographs. M is the square root of the
covariance of the colours of photographs. Both are fixed, so an image with each z can be drawn.

The gradient of a network with strides is full of short waves. As pixels they add up to a noise that
no person reads. As waves they are what s makes small. Source of the idea: Olah, Mordvintsev and
Schubert 2017, "Feature Visualization"; NOTES, lesson 10: "strong regularizers privileging inputs
that have statistics similar to natural images".
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from keras import ops

GAIN = 4.0
COLORS = np.array(  # of all photographs of `data.photos`, scaled to a largest singular value of 1
    [[0.627, 0.261, 0.155], [0.261, 0.408, 0.324], [0.155, 0.324, 0.478]],
    "float32",
)
MARGIN = 0.02  # a logit needs values that are not exactly 0 or 1


class ImageParameters(NamedTuple):
    """A way to write images as free numbers.

    Attributes:
        encode: images (n, height, width, c) in [0, 1] -> z, an array.
        decode: z -> images, in `keras.ops`.
        project: what is done to z after each step, in `keras.ops`; None: nothing.
        learning_rate: a good step for Adam, in units of z.
    """

    encode: Callable[[np.ndarray], np.ndarray]
    decode: Callable[[Any], Any]
    project: Callable[[Any], Any] | None
    learning_rate: float


def pixels(image_shape: tuple[int, ...]) -> ImageParameters:
    """Return the parameters z = x."""
    return ImageParameters(
        lambda x: x.astype("float32"), lambda z: z, lambda z: ops.clip(z, 0.0, 1.0), 0.02
    )


def fourier(image_shape: tuple[int, ...]) -> ImageParameters:
    """Return the parameters that are weighted waves of the logits of an image."""
    height, width, channels = image_shape
    rows, columns = cosine_basis(height), cosine_basis(width)
    frequencies = np.hypot(np.arange(height)[:, None], np.arange(width)[None])
    scale = (1 / np.maximum(frequencies, 1))[..., None]
    scale = (scale / np.sqrt(np.mean(scale**2))).astype("float32")
    mix = COLORS if channels == 3 else np.eye(channels, dtype="float32")
    unmix = np.linalg.inv(mix)

    def encode(x: np.ndarray) -> np.ndarray:
        inside = np.clip(x, MARGIN, 1 - MARGIN)
        y = np.log(inside / (1 - inside)) / GAIN @ unmix
        waves = np.einsum("kh,nhwc,lw->nklc", rows, y, columns, optimize=True)
        return (waves / scale).astype("float32")

    def decode(z: Any) -> Any:
        waves = ops.multiply(z, scale)
        y = ops.einsum("kh,nklc->nhlc", rows, waves)
        y = ops.einsum("lw,nhlc->nhwc", columns, y)
        return ops.sigmoid(GAIN * ops.matmul(y, mix))

    return ImageParameters(encode, decode, None, 0.05)


def cosine_basis(n: int) -> np.ndarray:
    """Return the orthonormal cosine transform of n values: float32 (n, n), row k is wave k."""
    k, i = np.arange(n)[:, None], np.arange(n)[None]
    basis = np.sqrt(2 / n) * np.cos(np.pi * (i + 0.5) * k / n)
    basis[0] /= np.sqrt(2)
    return basis.astype("float32")


def high_frequency_share(images: np.ndarray) -> np.ndarray:
    """Return the share of each image's energy above half the Nyquist frequency: (n,) in [0, 1].

    The mean of each channel does not count. An image of one colour has no energy: 0. Of white noise
    the share is 1 - pi/16 = 0.80, because the low frequencies are a disc in the square of all.

    Args:
        images: (n, height, width, c).
    """
    height, width = images.shape[1:3]
    spectrum = np.abs(np.fft.fft2(images, axes=(1, 2))) ** 2
    spectrum[:, 0, 0] = 0
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    high, total = spectrum[:, radius > 0.25].sum(axis=(1, 2)), spectrum.sum(axis=(1, 2, 3))
    return np.divide(high, total, out=np.zeros_like(total), where=total > 0)


PARAMETERS = {"pixels": pixels, "fourier": fourier}


def image_parameters(name: str, image_shape: tuple[int, ...]) -> ImageParameters:
    """Return the parameters of a name for images of a shape (height, width, c).

    Raises:
        ValueError: for an unknown name.
    """
    if name not in PARAMETERS:
        raise ValueError(f"Images are written as {' or '.join(PARAMETERS)}, not as {name!r}.")
    return PARAMETERS[name](image_shape)
