"""Checks of what `fit` is given: each raises a ValueError with one sentence that says why."""

import keras
import numpy as np


def check_images(
    images: np.ndarray,
    expected: tuple[int, ...],
    drawn: tuple[float, float],
    name: str = "x",
) -> None:
    """Raise a ValueError if a system can't be trained on these images.

    Args:
        images: (n, *image).
        expected: the image shape that the system reads.
        drawn: (low, high), the range of values that the decoder or generator can draw, as
            `drawn_range` returns it. A system can't learn to draw other values.
        name: what the images are called in the sentence.
    """
    if images.shape[1:] != expected:
        raise ValueError(
            f"{name} holds images of shape {images.shape[1:]}, but the network reads {expected}."
        )
    if not np.isfinite(images).all():
        raise ValueError(f"{name} holds NaN or infinity.")
    low, high = drawn
    if images.min() < low or images.max() > high:
        raise ValueError(
            f"{name} holds values in [{images.min():g}, {images.max():g}], but the network draws "
            f"values in [{low:g}, {high:g}]."
        )


def check_labels(labels: np.ndarray | None, n_images: int, n_classes: int) -> None:
    """Raise a ValueError unless there is one label in 0 ... n_classes - 1 for each image.

    Args:
        labels: (n_images,), integers.
        n_images: the number of images.
        n_classes: the number of classes of the system.
    """
    if labels is None:
        raise ValueError("This system learns from labelled images: give fit(x, y) the labels y.")
    if labels.shape != (n_images,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"Labels are one integer per image, of shape ({n_images},), not {labels.dtype} of "
            f"shape {labels.shape}."
        )
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(
            f"The labels lie in {labels.min()} ... {labels.max()}, but the system was built for "
            f"{n_classes} classes, 0 ... {n_classes - 1}."
        )


def drawn_range(network: keras.Model) -> tuple[float, float]:
    """Return the lowest and the highest value that a decoder or generator can draw.

    It depends on the last layer alone; (-inf, inf) if that layer sets no bound.
    """
    last = network.layers[-1]
    if isinstance(last, keras.layers.Rescaling):  # a tanh that is rescaled, as in get_generator
        return last.offset - last.scale, last.offset + last.scale
    activation = getattr(last, "activation", keras.activations.linear)
    ranges = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
    return ranges.get(activation.__name__, (-np.inf, np.inf))
