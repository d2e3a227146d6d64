"""DDIM: the sampling procedure of NOTES, which needs few steps, and its inverse.

Source: NOTES, "Sampling Procedure"; Song et al., "Denoising diffusion implicit models" (ICLR 2021),
equation 12 with sigma = 0.

    x_T ~ N(0, I);  for t = T ... 1:

        eps = eps_theta(x_t, alpha_t)
        x_0 = (x_t - sqrt(1 - alpha_t) eps) / sqrt(alpha_t)
        x_(t-1) = sqrt(alpha_(t-1)) x_0 + sqrt(1 - alpha_(t-1)) eps

NOTES leaves open which epsilon is added again in the last line. Here it is the estimate, as in the
paper: then an image depends on x_T alone, so x_T is its code. With fresh noise in each step, it
would be another procedure, which needs many more steps.

Steps may skip times: any decreasing sequence from T to 0 works, and fewer steps cost less.
"""

from itertools import pairwise

from ankeras.diffusion.noise_to_image import Denoise
from ankeras.training.catalogue_row import Row

import numpy as np


def ddim_sample(denoise: Denoise, x: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Return the signals x_0 that the procedure reaches.

    Args:
        denoise: returns the estimates of x_0 and eps from x_t and alpha_t.
        x: (n, *signal), the noise x_T.
        rates: the signal rates of the steps, rising from alpha_T to 1.
    """
    for alpha, next_alpha in pairwise(rates):
        x_0, eps = denoise(x, alpha)
        x = np.sqrt(next_alpha) * x_0 + np.sqrt(1 - next_alpha) * eps
    return x


def ddim_invert(denoise: Denoise, x: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Return the noise x_T from which `ddim_sample` comes back near the given signals.

    The same steps are taken in the other direction. Each of them takes the estimate of eps from
    the end of the step that it knows, so the way back is not exact. With more steps it is closer.

    Args:
        denoise: as in `ddim_sample`.
        x: (n, *signal), in [-1, 1].
        rates: the signal rates of the steps, falling from 1 to alpha_T.
    """
    for alpha, next_alpha in pairwise(rates):
        # a signal without noise has no estimate of eps: the next rate is nearly 1, too
        x_0, eps = denoise(x, alpha if alpha < 1 else next_alpha)
        if alpha == 1:
            x_0 = x
        x = np.sqrt(next_alpha) * x_0 + np.sqrt(1 - next_alpha) * eps
    return x


ROWS = (
    Row(
        name="sampling in few steps (DDIM)",
        builds=ddim_sample,
        lecture="NOTES 14, Sampling Procedure",
        paper="Song 2021",
        notebook="17",
    ),
)
