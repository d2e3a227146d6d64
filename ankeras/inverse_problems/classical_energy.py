"""The classical energy: an image that fits what was observed, and that a regularizer likes.

Source: ATIV, "Energy formulation" (the slide has lambda = 1); Rudin, Osher, Fatemi, "Nonlinear
total variation based noise removal algorithms" (1992).

    x* = argmin_x  E(x, x_0) + lambda R(x)

E and R are in `energies.py`. Nothing is learned: the pixels of x descend by gradient steps. Two
cases show what lambda does:

    E = || x - x_0 ||^2,  R = || x ||^2     x* = x_0 / (1 + lambda): darker, and as noisy
    E = || x - x_0 ||^2,  R = TV(x)         noise becomes flat areas, edges stay

The deep image prior has no R: the structure of a network takes its place.
"""

from ankeras.inverse_problems.energies import Energy
from ankeras.training.catalogue_row import Row
from ankeras.training.optimize_input import OptimizedInput, optimize_input
from ankeras.training.schedules import falling_rate

import numpy as np


def minimize_energy(
    energy: Energy,
    regularizer: Energy,
    start: np.ndarray,
    *,
    weight: float,
    steps: int = 300,
    learning_rate: float = 0.02,
) -> OptimizedInput:
    """Return the image with the smallest energy E(x, x_0) + lambda R(x).

    Args:
        energy: E, such as `squared_error(x_0)`.
        regularizer: R, `squared_norm` or `total_variation`.
        start: (height, width, c), the first x, such as x_0.
        weight: lambda. Good weights of total variation are 0.2 for noise of 25/255, and 0.01 if
            what was observed is free of noise.
        steps: number of steps of Adam. The learning rate falls to 0 along half a cosine.
        learning_rate: of the first step, in units of x.

    Returns:
        x, float32 (height, width, c), which is not clipped to [0, 1]; and the history: "loss" is
        E + lambda R, "regularizer" is lambda R.

    Raises:
        ValueError: if lambda is negative, the start is no image, or E compares images of another
            shape.
    """
    if not weight >= 0:  # true for NaN too
        raise ValueError(f"The weight lambda of the regularizer must not be negative: {weight}.")
    if start.ndim != 3:
        raise ValueError(f"The start is one image (height, width, c), not {start.shape}.")
    found = optimize_input(
        energy,
        start[None],
        steps=steps,
        learning_rate=falling_rate(learning_rate, steps),
        regularizer=regularizer,
        weight=weight,
    )
    return found._replace(x=found.x[0])


ROWS = (
    Row(
        name="classical energy (total variation)",
        builds=minimize_energy,
        lecture="ATIV, Energy formulation",
        paper="Rudin 1992",
        notebook="13",
    ),
)
