"""Energies of an image x: how far it is from what was observed, and how irregular it is.

    E(x, x_0) = || x - x_0 ||^2              denoising
                || m * (x - x_0) ||^2        inpainting, m = 1 where x_0 is known
                || d(x) - x_0 ||^2           super-resolution, d averages blocks of pixels
    R(x)      = || x ||^2                    the norm
                TV(x)                        total variation: an image has few edges

Source: ATIV, "Energy formulation"; total variation: Rudin, Osher, Fatemi, "Nonlinear total
variation based noise removal algorithms" (1992). The slide writes || x ||_2; its square has a
minimum that can be computed by hand. All energies are means over the values of an image, so a
weight means the same at every size.
"""

from collections.abc import Callable
from typing import Any

from ankeras.training.checks import check_floats

import numpy as np
from keras import ops

Energy = Callable[[Any], Any]  # (1, height, width, c) -> a scalar
SMOOTH = 1e-3  # |g| is sqrt(g^2 + SMOOTH^2), which has a gradient where g = 0


def squared_error(x_0: np.ndarray) -> Energy:
    """Return the energy of denoising, E(x) = ||x - x_0||^2 per value.

    Raises:
        ValueError: if x_0 holds integers.
    """
    check_floats(x_0)
    target = ops.convert_to_tensor(x_0[None].astype("float32"))
    return lambda x: ops.mean(ops.square(_difference(x, target)))


def check_mask(missing: np.ndarray, sides: tuple[int, ...]) -> None:
    """Raise a ValueError unless a mask is boolean, fits an image and leaves a part of it known.

    Args:
        missing: (height, width) booleans, True where the image is not known.
        sides: height and width of the image.
    """
    if missing.dtype != bool:
        raise ValueError(
            f"A mask holds booleans, True where the image is missing, not {missing.dtype}: "
            f"compare it, for instance mask > 0."
        )
    if missing.shape != sides:
        raise ValueError(f"The mask is {missing.shape}, but the image {sides}.")
    if missing.all():
        raise ValueError("The mask hides the whole image.")


def masked_error(x_0: np.ndarray, missing: np.ndarray) -> Energy:
    """Return the energy of inpainting, E(x) = ||m (x - x_0)||^2 per known value.

    Args:
        x_0: (height, width, c).
        missing: (height, width) booleans, True where x_0 is not known.

    Raises:
        ValueError: if x_0 holds integers, or as in `check_mask`.
    """
    check_floats(x_0)
    check_mask(missing, x_0.shape[:2])
    known = ops.convert_to_tensor((~missing)[None, :, :, None].astype("float32"))
    x_0 = np.where(missing[:, :, None], 0.0, x_0)  # an unknown value may be NaN
    target = ops.convert_to_tensor(x_0[None].astype("float32"))
    share = float(np.mean(~missing))
    return lambda x: ops.mean(known * ops.square(_difference(x, target))) / share


def shrunk_error(x_0: np.ndarray, factor: int) -> Energy:
    """Return the energy of super-resolution, E(x) = ||d(x) - x_0||^2 per value of x_0.

    Raises:
        ValueError: if x_0 holds integers.
    """
    check_floats(x_0)
    target = ops.convert_to_tensor(x_0[None].astype("float32"))
    return lambda x: ops.mean(ops.square(_difference(ops.average_pool(x, factor, factor), target)))


def _difference(x: Any, target: Any) -> Any:
    """Return x - target; both must have the same shape."""
    if tuple(x.shape) != tuple(target.shape):
        raise ValueError(
            f"x_0 is {tuple(target.shape[1:])}, but what is compared with it is "
            f"{tuple(x.shape[1:])}."
        )
    return ops.subtract(x, target)


def squared_norm(x: Any) -> Any:
    """Return the regularizer R(x) = ||x||^2 per value: no value is far from 0."""
    return ops.mean(ops.square(x))


def total_variation(x: Any) -> Any:
    """Return the regularizer R(x) = TV(x) per value: neighbours are similar, except at a few edges.

    TV is the sum over pixels and channels of the length of the gradient,
    sqrt((x_i+1,j - x_ij)^2 + (x_i,j+1 - x_ij)^2); a difference across the border is 0. The
    regularizer of `ankeras.input_gradients` is |x_i+1,j - x_ij| + |x_i,j+1 - x_ij| instead.
    """
    down = ops.pad(x[:, 1:] - x[:, :-1], ((0, 0), (0, 1), (0, 0), (0, 0)))
    right = ops.pad(x[:, :, 1:] - x[:, :, :-1], ((0, 0), (0, 0), (0, 1), (0, 0)))
    return ops.mean(ops.sqrt(ops.square(down) + ops.square(right) + SMOOTH**2))
