"""Forgeries: artificial damage in normal images, from which a discriminator learns "not normal".

No real defect is needed: it is enough that something local is wrong, and that its place is known.
Sources: Li et al., "CutPaste: self-supervised learning for anomaly detection and localization"
(CVPR 2021); Zavrtanik et al., "DRAEM" (ICCV 2021), which draws islands of noise as the places. The
defects of `anomalies`, on which a detector is evaluated, are drawn by other code. A detector is
never trained on them.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ankeras.data.textures import crops, paint_over

import numpy as np
from skimage.filters import gaussian
from skimage.transform import resize

SHARE = 0.7  # share of the patches that are damaged; the others stay normal


class Forgeries(NamedTuple):
    """Patches of which most were damaged: a pair of images and masks, as `fit` accepts it.

    Attributes:
        images: float32 (n, height, width, channels), values in [0, 1].
        masks: bool (n, height, width), true where the damage is.
    """

    images: np.ndarray
    masks: np.ndarray


def forge(patches: np.ndarray, seed: int = 0) -> Forgeries:
    """Return damaged copies of most patches: an island or a band is replaced by something else.

    The new content is a half-transparent grey, the patch itself but blurred, another patch with
    another scale, noise, noise with the spectrum of a patch, or another patch with another
    contrast.

    Args:
        patches: normal patches, (n, height, width, channels) in [0, 1].
        seed: seed of everything random.

    Raises:
        ValueError: if the patches have another shape or range.
    """
    if patches.ndim != 4 or not 0 <= patches.min() <= patches.max() <= 1:
        raise ValueError(
            f"Patches must be (n, height, width, channels) with values in [0, 1], not "
            f"{patches.shape} in [{patches.min():.9g}, {patches.max():.9g}]."
        )
    rng = np.random.default_rng(seed)
    masks = np.zeros(patches.shape[:3], bool)
    images = patches.astype("float32")
    for i in np.flatnonzero(rng.random(len(patches)) < SHARE):
        place, paint = PLACES[rng.integers(len(PLACES))], PAINTS[rng.integers(len(PAINTS))]
        masks[i] = place(patches.shape[1:3], rng)
        other = patches[rng.integers(len(patches))]
        painted = paint_over(images[i], masks[i], paint(patches[i], other, rng))
        images[i] = np.clip(painted, 0.0, 1.0)
    return Forgeries(images, masks)


def forged_patches(
    image: np.ndarray, batch_size: int = 32, size: int = 64, seed: int = 0
) -> Iterator[Forgeries]:
    """Yield minibatches of forged patches of a normal image, without end; some are mirrored.

        model.fit(forged_patches(texture("grass")), steps_per_epoch=2000, shuffle=False)

    Args:
        image: (height, width, channels) in [0, 1].
        batch_size: number of patches per minibatch.
        size: side of the patches in pixels.
        seed: seed of everything random.

    Yields:
        Forgeries: images (batch_size, size, size, channels) with their masks.

    Raises:
        ValueError: if the image is smaller than a patch.
    """
    rng = np.random.default_rng(seed)
    while True:
        patches = crops(image, batch_size, size, int(rng.integers(2**31)))
        for axis in (1, 2):
            mirrored = rng.random(batch_size) < 0.5
            patches[mirrored] = np.flip(patches[mirrored], axis)
        yield forge(patches, int(rng.integers(2**31)))


def _island(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return a mask where smooth noise is highest, 3 to 25 % of the patch."""
    heights = gaussian(rng.normal(size=shape), rng.uniform(3, 10), mode="wrap")
    return heights > np.quantile(heights, rng.uniform(0.75, 0.97))


def _band(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return a mask of a bent bar at a random angle, 2 to 12 pixels wide."""
    side, angle = min(shape), rng.uniform(0, np.pi)
    y, x = np.indices(shape) - rng.uniform(0.1, 0.9, (2, 1, 1)) * np.reshape(shape, (2, 1, 1))
    along = y * np.cos(angle) + x * np.sin(angle)
    across = x * np.cos(angle) - y * np.sin(angle) + rng.normal() * 0.25 / side * along**2
    half_width = np.exp(rng.uniform(np.log(0.8), np.log(6.0)))
    return (abs(across) < half_width) & (abs(along) < rng.uniform(0.15, 1.2) * side)


def _veil(patch: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    through = rng.uniform(0, 0.7)
    return through * patch + (1 - through) * rng.uniform(0, 1)


def _blurred(patch: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the patch blurred, along both axes or along one."""
    width = np.exp(rng.uniform(0, np.log(8)))
    widths = [(width, width, 0), (2 * width, 0, 0), (0, 2 * width, 0)]
    return _toned(gaussian(patch, widths[rng.integers(3)], mode="nearest"), rng)


def _resized(patch: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return another patch, upside down and scaled by a factor between 0.35 and 3."""
    height, width = patch.shape[:2]
    scale = np.exp(rng.uniform(np.log(0.35), np.log(3)))
    rows, columns = round(height / scale), round(width / scale)
    beyond = [(0, max(rows - height, 0)), (0, max(columns - width, 0)), (0, 0)]
    part = np.pad(other, beyond, mode="symmetric")[:rows, :columns]
    return _toned(resize(part, patch.shape, order=1, anti_aliasing=False)[::-1], rng)


def _noise(patch: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return noise of a random grain size with the mean and the contrast of the patch."""
    grain = np.exp(rng.uniform(np.log(0.3), np.log(4), 2))
    noise = gaussian(rng.normal(size=patch.shape), (*grain, 0), mode="wrap")
    return _toned(noise / noise.std() * patch.std() + patch.mean(), rng)


def _scrambled(patch: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an image with the spectrum of another patch and the phases of noise."""
    spectrum = np.fft.fft2(other, axes=(0, 1))
    phases = np.angle(np.fft.fft2(rng.normal(size=patch.shape), axes=(0, 1)))
    phases[0, 0] = np.angle(spectrum[0, 0])  # the mean stays
    return _toned(np.real(np.fft.ifft2(np.abs(spectrum) * np.exp(1j * phases), axes=(0, 1))), rng)


def _contrasted(patch: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return another patch as a negative, or with lower or higher contrast."""
    return _toned((other - other.mean()) * rng.choice([-1.0, 0.4, 2.0]) + other.mean(), rng)


def _toned(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an image with another brightness and contrast, with a probability of 1/2."""
    if rng.random() < 0.5:
        return image
    mean, contrast = image.mean(), np.exp(0.3 * rng.normal())
    return (image - mean) * contrast + mean + 0.5 * image.std() * rng.normal()


PLACES: tuple[Callable[[tuple[int, ...], np.random.Generator], np.ndarray], ...] = (_island, _band)
PAINTS: tuple[Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray], ...] = (
    _veil,
    _blurred,
    _resized,
    _noise,
    _scrambled,
    _contrasted,
)
