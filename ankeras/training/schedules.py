"""The learning rate: as Keras takes it, and half a cosine during a training or a search."""

from numbers import Real
from typing import Any

import keras


def as_rate(learning_rate: Any) -> Any:
    """Return a number as a float, and a Keras schedule as it is: Keras refuses other numbers."""
    return float(learning_rate) if isinstance(learning_rate, Real) else learning_rate


def falling_rate(learning_rate: float, steps: int) -> keras.optimizers.schedules.CosineDecay:
    """Return the schedule of a learning rate that falls to 0 along half a cosine.

    Raises:
        ValueError: if there is no step.
    """
    if steps < 1:
        raise ValueError(f"Optimizing an input takes at least one step, not {steps}.")
    return keras.optimizers.schedules.CosineDecay(float(learning_rate), steps)


def cosine_adam(
    steps: int,
    learning_rate: float = 1e-3,
    *,
    beta_1: float = 0.9,
    warmup: float = 0.0,
    end: float = 0.0,
    clip: float | None = None,
) -> keras.optimizers.Adam:
    """Return Adam with a learning rate that falls along half a cosine.

    For the players of a GAN take beta_1 = 0.5 and end = 0.02. At a constant rate they circle
    around their equilibrium. On real digits, the falling rate alone raised the share of a
    conditional GAN's samples that are of the right class from 0.88 to 0.95.

    Args:
        steps: the number of minibatches in the whole training.
        learning_rate: the highest rate.
        beta_1: as in `keras.optimizers.Adam`.
        warmup: the share of the steps in which the rate first grows from 0, in [0, 1).
        end: the last rate as a share of the highest, in [0, 1].
        clip: the largest norm of all gradients together; longer ones are shortened. Default: none.
            Text encoders need it: without it, a training of text to image diverged in its fifth
            epoch at a rate of 1.5e-3.
    """
    warmup_steps = int(warmup * steps)
    if not warmup_steps:
        schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps, alpha=end)
    else:
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0,
            steps - warmup_steps,
            alpha=end,
            warmup_target=learning_rate,
            warmup_steps=warmup_steps,
        )
    return keras.optimizers.Adam(schedule, beta_1=beta_1, global_clipnorm=clip)
