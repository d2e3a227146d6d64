"""Tools on images with a trained diffusion model: completion, variation, interpolation, inversion.

Source: ATIV, "Inverse problem: Inpainting" and "Interpolation"; Lugmayr et al., "RePaint" (CVPR
2022), algorithm 1; Meng et al., "SDEdit" (ICLR 2022); Song et al. 2021 (`ddim.py`).

Each tool takes a model, and for images of given conditions a denoiser too:
`model.guided_denoiser(conditions, guidance)`.
"""

from itertools import pairwise

from ankeras import latent
from ankeras.diffusion.ddim import ddim_invert, ddim_sample
from ankeras.diffusion.ddpm import DDPM, ddpm_sample
from ankeras.diffusion.noise_to_image import Denoise, times_of
from ankeras.training.checks import check_images

import numpy as np
from keras import ops


def complete(
    model: DDPM,
    images: np.ndarray,
    known: np.ndarray,
    *,
    steps: int = 50,
    repeats: int = 3,
    seed: int = 0,
    denoise: Denoise | None = None,
) -> np.ndarray:
    """Return images whose unknown pixels are drawn by the model, so that they fit the known ones.

    After each step back, the known pixels are replaced by the given ones with noise of that rate.
    Each step is taken several times, with new noise in between, so that both parts come to fit.

    Args:
        model: a model of images, trained.
        images: (n, *image), in [0, 1]. What unknown pixels hold plays no role.
        known: True where a pixel is known: (height, width) or (n, height, width).
        steps: number of sampling steps.
        repeats: how often each step is taken, at least 1.
        seed: seed of the noise.
        denoise: that of the conditions. Default: that without a condition.

    Raises:
        ValueError: if images or mask do not fit the model, or an option is out of range.
    """
    images = np.asarray(images)
    height, width = model.image_shape[:2]
    shape = np.shape(known)
    if shape not in ((height, width), (len(images), height, width)):
        raise ValueError(
            f"known holds one value per pixel, of shape {(height, width)} or "
            f"{(len(images), height, width)}, not {shape}."
        )
    if model.signal_shape != model.image_shape:
        raise ValueError("A model of codes has no pixels in its signals: take a model of images.")
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, not {repeats}.")
    kept = np.broadcast_to(np.asarray(known, bool), (len(images), height, width))[..., None]
    if images.shape[1:] == model.image_shape:
        images = np.where(kept, images, np.zeros_like(images))
    check_images(images, model.image_shape, (0.0, 1.0), "images")
    rng = np.random.default_rng(seed + 1)  # other noise than that of x_T
    given = model.to_signal(images)
    denoise = denoise or model.denoiser()
    x = model.start(len(images), seed)
    for alpha, next_alpha in pairwise(model.rates[times_of(steps, model.n_steps)]):
        for repeat in range(repeats):
            drawn = ddpm_sample(denoise, x, np.array([alpha, next_alpha]), int(rng.integers(2**31)))
            eps = rng.normal(size=x.shape)
            told = np.sqrt(next_alpha) * given + np.sqrt(1 - next_alpha) * eps
            next_x = np.where(kept, told, drawn)
            if repeat < repeats - 1:  # one step of q back to the rate alpha
                a = alpha / next_alpha
                x = np.sqrt(a) * next_x + np.sqrt(1 - a) * rng.normal(size=x.shape)
        x = next_x
    return np.where(kept, images, model.to_images(x)).astype("float32")


def vary(
    model: DDPM,
    images: np.ndarray,
    strength: float = 0.5,
    *,
    steps: int = 20,
    seed: int = 0,
    denoise: Denoise | None = None,
) -> np.ndarray:
    """Return variations of images: noise is added up to a time, and then undone by the model.

    A rough drawing becomes an image in this way too.

    Args:
        model: a trained model.
        images: (n, *image), in [0, 1].
        strength: the time as a share of T, in (0, 1]. At 1, nothing of the images is left.
        steps: number of sampling steps from there.
        seed: seed of the noise.
        denoise: as in `complete`.

    Raises:
        ValueError: if the images do not fit the model, or an option is out of range.
    """
    check_images(images, model.image_shape, (0.0, 1.0), "images")
    if not 0 < strength <= 1:
        raise ValueError(f"strength is a share of T in (0, 1], {strength} is not.")
    last = max(round(strength * model.n_steps), 1)
    rates = model.rates[times_of(min(steps, last), last)]
    x_0 = _signals(model, images)
    eps = model.start(len(images), seed)
    x_t = np.sqrt(rates[0]) * x_0 + np.sqrt(1 - rates[0]) * eps
    return model.to_images(ddim_sample(denoise or model.denoiser(), x_t, rates))


def invert(
    model: DDPM, images: np.ndarray, *, steps: int = 100, denoise: Denoise | None = None
) -> np.ndarray:
    """Return the noise x_T from which `from_noise` draws the images again: (n, *signal).

    Args:
        model: a trained model.
        images: (n, *image), in [0, 1].
        steps: number of steps; more of them bring the images back more exactly.
        denoise: as in `complete`.

    Raises:
        ValueError: if the images do not fit the model, or steps is out of range.
    """
    check_images(images, model.image_shape, (0.0, 1.0), "images")
    rates = model.rates[times_of(steps, model.n_steps)[::-1]]
    return ddim_invert(denoise or model.denoiser(), _signals(model, images), rates)


def from_noise(
    model: DDPM, x_t: np.ndarray, *, steps: int = 100, denoise: Denoise | None = None
) -> np.ndarray:
    """Return the images of given noise x_T, by DDIM: (..., *signal) -> (..., *image).

    Raises:
        ValueError: if the noise does not have the model's shape, or steps is out of range.
    """
    shape, axes = np.shape(x_t), len(model.signal_shape)
    if shape[-axes:] != model.signal_shape:
        raise ValueError(
            f"The noise ends with the axes {model.signal_shape}, but it is of shape {shape}."
        )
    flat = np.reshape(x_t, (-1, *model.signal_shape))
    images = model.sample(denoise or model.denoiser(), flat, steps)
    return images.reshape(*shape[:-axes], *model.image_shape)


def interpolate_noise(x_a: np.ndarray, x_b: np.ndarray, n: int) -> np.ndarray:
    """Return n noises on the arc from one noise to another: (*signal) -> (n, *signal).

    On the straight line between them, the noise would be too small: its variance falls to a half.

    Args:
        x_a, x_b: noises x_T of one shape.
        n: number of noises, at least 2.
    """
    arc = latent.interpolate(x_a.ravel(), x_b.ravel(), n, spherical=True)
    return arc.reshape(n, *x_a.shape)


def _signals(model: DDPM, images: np.ndarray) -> np.ndarray:
    return ops.convert_to_numpy(model.to_signal(images))
