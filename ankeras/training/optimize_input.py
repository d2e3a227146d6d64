"""Gradient steps on a tensor instead of on weights: the input x of a network is trained.

    x  <-  project(x - Adam(d/dx [L(jitter(x)) + w R(x)]))

L is the loss, R the regularizer, w its weight. The network behind L does not change. The inversion
of a decoder (`ankeras.latent.invert`) and all of `ankeras.input_gradients` work in this way. An
attack takes the sign of the gradient in place of Adam's step.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from ankeras.training.autodiff import SeedGenerator, descend, repeat
from ankeras.training.schedules import as_rate

import keras
import numpy as np
from keras import ops

Function = Callable[[Any], Any]


class OptimizedInput(NamedTuple):
    """What `optimize_input` found.

    Attributes:
        x: float32, of the shape of the start.
        history: name -> (steps,), the values at x before each step. "loss" is L + w R, and
            "regularizer" is w R alone, if there is one. If a function returns one value per row,
            it is the mean over the rows. `pictures.history` draws them.
    """

    x: np.ndarray
    history: dict[str, np.ndarray]


def optimize_input(
    loss_fn: Function,
    start: np.ndarray,
    *,
    steps: int,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    regularizer: Function | None = None,
    weight: float = 1.0,
    jitter: Callable[[Any, Any], Any] | None = None,
    project: Function | None = None,
    optimizer: Callable[[Any], keras.optimizers.Optimizer] = keras.optimizers.Adam,
    seed: int = 0,
) -> OptimizedInput:
    """Return a tensor x with a small loss, found by gradient steps, and the loss of each step.

    The gradient is the gradient of the sum over the rows. So the rows do not influence each other
    if each value of the loss depends on one row only.

    Args:
        loss_fn: L, a tensor (n, ...) -> a scalar or (n,), one value per row. It is written with
            `keras.ops` and runs in a compiled graph. To maximize a value, return its negative.
        start: (n, ...), the first x.
        steps: number of steps.
        learning_rate: a number or a Keras schedule, in units of x.
        regularizer: R, as `loss_fn`; it is computed at x itself, without the jitter.
        weight: the factor w of the regularizer.
        jitter: (x, seed generator) -> a randomly changed x, new in each step, such as an image
            that is shifted by a few pixels. DeepDream and images of a class need it.
        project: maps x to an allowed x after each step, such as a clip to [0, 1]. Adversarial
            attacks and images need it.
        optimizer: what a step is: it gets the learning rate and returns a Keras optimizer, such as
            `keras.optimizers.SGD` or `SignDescent`.
        seed: seed of the jitter.

    Returns:
        x after the last step, and the history.

    Raises:
        ValueError: if the start is not an array (n, ...) or holds NaN, there is no step, or a
            function returns another shape.
    """
    start = np.asarray(start, "float32")
    if start.ndim == 0 or start.size == 0:
        raise ValueError(f"start must be an array (n, ...), not one of shape {start.shape}.")
    if not np.isfinite(start).all():
        raise ValueError("start holds NaN or infinity.")
    if steps < 1:
        raise ValueError(f"Optimizing an input takes at least one step, not {steps}.")
    x = keras.Variable(start, dtype="float32", name="x")
    noise = SeedGenerator(seed)
    stepper = optimizer(as_rate(learning_rate))
    stepper.build([x])

    def objective() -> tuple[Any, Any]:
        moved = x.value if jitter is None else jitter(x.value, noise)
        loss = _checked(loss_fn(moved), len(start), "loss_fn")
        if regularizer is None:
            penalty = ops.zeros(())
        else:
            penalty = weight * _checked(regularizer(x.value), len(start), "regularizer")
        means = ops.stack([ops.mean(loss) + ops.mean(penalty), ops.mean(penalty)])
        return ops.sum(loss) + ops.sum(penalty), ops.stop_gradient(means)

    def step() -> Any:
        _, means = descend(objective, stepper, [x])
        if project is not None:
            x.assign(project(x.value))
        return means

    means = repeat(step, steps, [x, noise.state, *stepper.variables])
    loss, penalty = ops.convert_to_numpy(means).T
    history = {"loss": loss} if regularizer is None else {"loss": loss, "regularizer": penalty}
    return OptimizedInput(ops.convert_to_numpy(x), history)


def _checked(values: Any, n: int, name: str) -> Any:
    """Return the values of a function in float32; they must be a scalar or one value per row."""
    shape = tuple(ops.shape(values))
    if shape not in ((), (n,)):
        raise ValueError(
            f"{name} must return a scalar or one value for each of {n} rows, not {shape}."
        )
    return ops.cast(values, "float32")
