"""L-BFGS on a tensor: where a loss has no noise, it gets further than Adam with as many steps.

Source: Byrd, Lu, Nocedal and Zhu, "A limited memory algorithm for bound constrained optimization"
(SIAM J. Sci. Comput. 1995), as SciPy has it.

    x <- x - a H g,    g = dL/dx,   H: an estimate of the inverse Hessian from the last steps,
                                    a: found by a line search

The jitter of DeepDream and the dropout of a network are noise: for them there is `optimize_input`.
"""

from collections.abc import Callable
from typing import Any

from ankeras.training.autodiff import input_gradient, loop
from ankeras.training.optimize_input import OptimizedInput

import keras
import numpy as np
from keras import ops
from scipy.optimize import OptimizeResult, minimize

PAIRS = 20  # how many of the last steps the estimate H remembers


def minimize_lbfgs(
    loss_fn: Callable[[Any], Any],
    start: np.ndarray,
    *,
    steps: int,
    bounds: tuple[float, float] | None = None,
) -> OptimizedInput:
    """Return a tensor x with a small loss, found by at most that many steps of L-BFGS.

    Args:
        loss_fn: L, a tensor of the shape of `start` -> one number, or (n,) which are summed up. It
            is written with `keras.ops`, and runs in a compiled graph.
        start: the first x.
        steps: the largest number of steps. Most take one gradient each.
        bounds: the smallest and the largest value of x. Default: none.

    Returns:
        x after the last step, and the history: "loss" is L at the start and after each step.

    Raises:
        ValueError: if there is no step, or the loss is not finite at the start.
    """
    if steps < 1:
        raise ValueError(f"Optimizing an input takes at least one step, not {steps}.")
    start = np.asarray(start, "float32")
    x = keras.Variable(start, dtype="float32", name="x")
    slope = keras.Variable(np.zeros_like(start), dtype="float32", name="slope")

    def value_and_slope() -> Any:
        value, gradient = input_gradient(loss_fn, x.value)
        slope.assign(gradient)
        return ops.cast(ops.stop_gradient(value), "float32")

    compiled = loop(value_and_slope, 1, [x, slope])

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        x.assign(flat.reshape(start.shape).astype("float32"))
        value = float(ops.convert_to_numpy(compiled())[0])
        return value, ops.convert_to_numpy(slope.value).ravel().astype("float64")

    flat = start.ravel().astype("float64")
    losses = [objective(flat)[0]]
    if not np.isfinite(losses[0]):
        raise ValueError("The loss at the start is not finite.")

    def note(intermediate_result: OptimizeResult) -> None:
        losses.append(float(intermediate_result.fun))

    found = minimize(
        objective,
        flat,
        method="L-BFGS-B",
        jac=True,
        bounds=None if bounds is None else [bounds] * flat.size,
        callback=note,
        options={"maxiter": steps, "maxcor": PAIRS, "ftol": 0.0, "gtol": 0.0},
    )
    reached = found.x.reshape(start.shape).astype("float32")
    return OptimizedInput(reached, {"loss": np.array(losses, "float32")})
