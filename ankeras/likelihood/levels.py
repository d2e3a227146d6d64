"""Pixels that have one of a few values, as a likelihood of images needs them, and its units.

Source: van den Oord et al., "Pixel recurrent neural networks" (ICML 2016), section 5: binary
images, and 256 levels. Salakhutdinov & Murray, "On the quantitative analysis of deep belief
networks" (ICML 2008), for the static binarisation of digits.

    levels     x in {0, 1/(L-1), 2/(L-1), ..., 1}
    units      bits per dimension = nats per image / (D log 2),   D = height * width * channels

The probability of an image with L levels is at most 1, so its nats are at least 0. A density may
be larger than 1, and its nats may be negative, so the two cannot be compared.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np


def bits_per_dimension(nats: Any, shape: Sequence[int]) -> Any:
    """Return nats per image in bits per dimension.

    Args:
        nats: one value, or an array of values.
        shape: of an image, such as (28, 28, 1).
    """
    return nats / (math.prod(shape) * math.log(2))


def binarise(images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return static binary images: each pixel is 1 with the probability of its value, drawn once.

    The draws are fixed: the same images and the same seed give the same result, and a training
    sees each image in one version only. With dynamic binarisation, a training draws each image
    anew in each epoch, and reaches other likelihoods. So say which of the two a figure is for.

    Args:
        images: values in [0, 1].
        seed: seed of the draws. Take different seeds for training and test images.

    Returns:
        float32 of the same shape, values 0 and 1.

    Raises:
        ValueError: if a value lies outside of [0, 1].
    """
    check_unit_range(images)
    return (np.random.default_rng(seed).random(np.shape(images)) < images).astype("float32")


def quantise(images: np.ndarray, levels: int) -> np.ndarray:
    """Return images whose values are rounded to the nearest level k / (levels - 1).

    Args:
        images: values in [0, 1].
        levels: number of levels, at least 2.

    Returns:
        float32 of the same shape.

    Raises:
        ValueError: if there are fewer than 2 levels, or a value lies outside of [0, 1].
    """
    if levels < 2:
        raise ValueError(f"A pixel has at least 2 levels, not {levels}.")
    if levels != int(levels):
        raise ValueError(f"A pixel has a whole number of levels, not {levels}.")
    check_unit_range(images)
    return (np.round(np.asarray(images, "float32") * (levels - 1)) / (levels - 1)).astype("float32")


def check_unit_range(images: np.ndarray) -> None:
    """Raise a ValueError unless all values lie in [0, 1], and there is one."""
    images = np.asarray(images)
    if not images.size:
        raise ValueError("There is no image.")
    if not ((images >= 0) & (images <= 1)).all():
        raise ValueError(
            f"The images hold values in [{images.min():.9g}, {images.max():.9g}], not in [0, 1]."
        )


def check_levels(images: np.ndarray, levels: int) -> None:
    """Raise a ValueError unless each value, in [0, 1], is one of k / (levels - 1)."""
    steps = images.astype("float32") * (levels - 1)
    between = np.abs(steps - np.round(steps)) > 0.01  # float32 rounds a little
    if between.any():
        way = "binarise(images, seed)" if levels == 2 else f"quantise(images, {levels})"
        raise ValueError(
            f"x holds values between its {levels} levels 0, ..., 1, such as "
            f"{images[between].flat[0]:.3g}: give {way}."
        )
