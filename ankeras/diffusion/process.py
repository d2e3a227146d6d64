"""The diffusion process: how noise replaces an image, step by step.

Source: NOTES, "Training Step"; ATIV, "Diffusion Process"; Ho et al., "Denoising diffusion
probabilistic models" (NeurIPS 2020), equations 2 and 4.

    one step:    q(x_t | x_(t-1)) = N(sqrt(a) x_(t-1), (1 - a) I),    a = alpha_t / alpha_(t-1)
    t steps:     q(x_t | x_0)     = N(sqrt(alpha_t) x_0, (1 - alpha_t) I)
    a draw:      x_t = sqrt(alpha_t) x_0 + sqrt(1 - alpha_t) eps,    eps ~ N(0, I)

alpha_t is the signal rate of NOTES: the share of the image's variance that is left after t steps.
It falls from alpha_0 = 1 to nearly 0. The slides differ from this file and from each other:

- In ATIV, alpha_t is the rate of one step, here alpha_t / alpha_(t-1). Ho et al. write alpha_t for
  the rate of one step too, and a bar over it for our alpha_t.
- ATIV's variance of one step, 1 - sqrt(alpha_t), would not keep the variance of the images. The
  paper's is 1 - alpha_t, with the rate of one step.
- NOTES' sampling procedure begins with "alpha_T > ... > alpha_1". The rates fall with t, so it is
  alpha_T < ... < alpha_1.
- ATIV draws t from [0, T]. At t = 0 there is no noise to predict: t is in 1 ... T.

Before noise is added, images are scaled to [-1, 1] ("normalize it", NOTES), so that their variance
is near that of the noise.
"""

from typing import Any

import numpy as np
from keras import ops

SCHEDULES = ("cosine", "linear", "signal rate")
PREDICTIONS = ("velocity", "noise", "image")
# The last signal rate of "cosine" and "signal rate". At 0 the image could not be computed from the
# noise, x_0 = (x_t - sqrt(1 - alpha_t) eps) / sqrt(alpha_t).
LAST_RATE = 4e-4


def signal_rates(schedule: str = "cosine", n_steps: int = 1000) -> np.ndarray:
    """Return the signal rates alpha_0 = 1, alpha_1, ..., alpha_T of a schedule.

    Args:
        schedule: "linear": the variances of the single steps grow linearly, as in Ho et al.: from
            1e-4 to 0.02 for T = 1000, and in proportion for another T. "cosine":
            alpha_t = cos^2 of an angle that grows by equal steps (Nichol & Dhariwal, "Improved
            denoising diffusion probabilistic models", ICML 2021, equation 17). "signal rate":
            alpha_t itself falls by equal steps.
        n_steps: T, the number of steps.

    Returns:
        float64 (T + 1,), falling.

    Raises:
        ValueError: if there is no such schedule, or T is below 1.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule must be one of {SCHEDULES}, not {schedule!r}.")
    if n_steps < 1:
        raise ValueError(f"A diffusion process has at least 1 step, not {n_steps}.")
    if n_steps != int(n_steps):
        raise ValueError(f"A diffusion process has a whole number of steps, not {n_steps}.")
    t = np.arange(n_steps + 1) / n_steps
    if schedule == "cosine":
        return np.cos(t * np.arccos(np.sqrt(LAST_RATE))) ** 2
    if schedule == "signal rate":
        return 1 - (1 - LAST_RATE) * t
    betas = np.minimum(np.linspace(1e-4, 0.02, n_steps) * 1000 / n_steps, 0.999)
    return np.concatenate([[1.0], np.cumprod(1 - betas)])


def diffuse(x_0: Any, alpha: Any, eps: Any) -> Any:
    """Return x_t = sqrt(alpha_t) x_0 + sqrt(1 - alpha_t) eps.

    Args:
        x_0: (batch, *image), in [-1, 1].
        alpha: the signal rate, a number or (batch, 1, ..., 1), one per signal.
        eps: noise of the shape of x_0.
    """
    return ops.sqrt(alpha) * x_0 + ops.sqrt(1 - alpha) * eps


def chain(x_0: np.ndarray, rates: np.ndarray, seed: int = 0) -> np.ndarray:
    """Draw the whole chain x_0, x_1, ..., x_T, each image from the one before.

    Args:
        x_0: (*image), in [-1, 1].
        rates: (T + 1,), as `signal_rates` returns them.
        seed: seed of the noise.

    Returns:
        float32 (T + 1, *image).
    """
    rng = np.random.default_rng(seed)
    found = [x_0]
    for alpha in rates[1:] / rates[:-1]:
        eps = rng.normal(size=x_0.shape)
        found.append(np.sqrt(alpha) * found[-1] + np.sqrt(1 - alpha) * eps)
    return np.stack(found).astype("float32")


def prediction_target(predicts: str, x_0: Any, alpha: Any, eps: Any) -> Any:
    """Return what the network should predict.

    Args:
        predicts: "noise": eps (Ho et al., NOTES and ATIV). "image": x_0. "velocity":
            v = sqrt(alpha_t) eps - sqrt(1 - alpha_t) x_0 (Salimans & Ho, "Progressive distillation
            for fast sampling of diffusion models", ICLR 2022): at every rate its error counts
            about as much for the image.
        x_0, alpha, eps: as in `diffuse`.
    """
    if predicts == "noise":
        return eps
    if predicts == "image":
        return x_0
    return ops.sqrt(alpha) * eps - ops.sqrt(1 - alpha) * x_0


def estimates(
    predicts: str, predicted: np.ndarray, x_t: np.ndarray, alpha: float, largest: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the estimates of x_0 and of eps, from what the network predicts.

    The estimate of x_0 is clipped to the values that signals have, and that of eps then follows
    from x_t, so that both fit together.

    Args:
        predicts: as in `prediction_target`.
        predicted, x_t: (batch, *image).
        alpha: the signal rate of x_t, below 1.
        largest: signals have values in [-largest, largest].
    """
    signal, noise = np.sqrt(alpha), np.sqrt(1 - alpha)
    if predicts == "noise":
        # x_0 = (x_t - sqrt(1 - alpha_t) eps) / sqrt(alpha_t)
        x_0 = (x_t - noise * predicted) / signal
    elif predicts == "image":
        x_0 = predicted
    else:
        x_0 = signal * x_t - noise * predicted
    x_0 = x_0.clip(-largest, largest)
    return x_0, (x_t - signal * x_0) / noise


def check_predicts(predicts: str) -> None:
    """Raise a ValueError if there is no such prediction."""
    if predicts not in PREDICTIONS:
        raise ValueError(f"predicts must be one of {PREDICTIONS}, not {predicts!r}.")
