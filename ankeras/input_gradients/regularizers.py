"""Regularizers of images by name, and the jitter.

    "norm":              R(x) = mean (x - 1/2)^2            no pixel is far from grey
    "total_variation":   R(x) = mean |x_ij - x_i+1,j| + |x_ij - x_i,j+1|    neighbours are similar

Means over the pixels and channels of an image, so that a weight means the same at every size. The
jitter is no term of the loss: the image is shifted by a random number of pixels before each step,
so that no place of the network's grid of strides is special. Source: NOTES, lesson 10: "strong
regularizers privileging inputs that have statistics similar to natural images (e.g. correlations
between neighboring pixels - texture)"; Mahendran and Vedaldi 2015; Mordvintsev et al. 2015.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops


def norm(x: Any) -> Any:
    """Return the mean square distance from grey of each image: (n, h, w, c) -> (n,)."""
    return ops.mean(ops.square(x - 0.5), axis=(1, 2, 3))


def total_variation(x: Any) -> Any:
    """Return the mean difference between neighbours of each image: (n, h, w, c) -> (n,)."""
    down = ops.mean(ops.abs(x[:, 1:] - x[:, :-1]), axis=(1, 2, 3))
    right = ops.mean(ops.abs(x[:, :, 1:] - x[:, :, :-1]), axis=(1, 2, 3))
    return down + right


REGULARIZERS: dict[str, Callable[[Any], Any]] = {"norm": norm, "total_variation": total_variation}


def weighted(weights: Mapping[str, float]) -> Callable[[Any], Any] | None:
    """Return the sum of regularizers by name -> weight, images -> (n,); None if there is none.

    Raises:
        ValueError: for an unknown name.
    """
    for name in weights:
        if name not in REGULARIZERS:
            raise ValueError(
                f"There is no regularizer {name!r}; there are {', '.join(REGULARIZERS)}."
            )
    if not weights:
        return None
    return lambda x: sum(weight * REGULARIZERS[name](x) for name, weight in weights.items())


def rolled(pixels: int) -> Callable[[Any, Any], Any] | None:
    """Return the jitter: images are shifted in a circle by up to that many pixels on both axes.

    Raises:
        ValueError: if the number is negative.
    """
    if pixels < 0:
        raise ValueError(f"jitter is a number of pixels, {pixels} is negative.")
    if pixels == 0:
        return None

    def jitter(x: Any, seed: Any) -> Any:
        shift = keras.random.randint((2,), -pixels, pixels + 1, seed=seed)
        return ops.roll(x, (shift[0], shift[1]), axis=(1, 2))

    return jitter
