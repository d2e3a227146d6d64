"""Checks of images before they are evaluated."""

import numpy as np


def check_pairs(images: np.ndarray, other: np.ndarray) -> None:
    """Raise a ValueError unless both arrays have the same shape and values in [0, 1]."""
    if images.ndim != 4 or images.shape != other.shape:
        raise ValueError(
            f"Images are compared in pairs, in two arrays (n, height, width, c) of the same shape, "
            f"not {images.shape} and {other.shape}."
        )
    check_range(images)
    check_range(other)


def check_range(images: np.ndarray) -> None:
    """Raise a ValueError unless there are images and their values lie in [0, 1]."""
    if len(images) == 0:
        raise ValueError("There are no images to evaluate.")
    low, high = float(np.min(images)), float(np.max(images))
    if not (low >= 0 and high <= 1):  # false for NaN too
        raise ValueError(
            f"Images are evaluated with values in [0, 1], but these range from {low:.3g} to "
            f"{high:.3g}: convert the output of tanh with (x + 1) / 2, and clip the rest."
        )
