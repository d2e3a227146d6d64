"""Defects with exact masks, which a program draws into normal images.

The mask is AN2DL's Omega ("Anomaly Detection in images"): true where a pixel is anomalous.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ankeras.data.textures import TEXTURES, crops, paint_over, texture

import numpy as np
from skimage import draw
from skimage.filters import gaussian

GOOD = "good"


class Anomalies(NamedTuple):
    """Images to find anomalies in, and the truth about each pixel.

    It is not a `Dataset`, because images of your own folders may have different sizes.

    Attributes:
        images: n images, float32 (height, width, channels), values in [0, 1]: an array
            (n, height, width, channels), or a list if their sizes differ.
        masks: n masks, bool (height, width), true where a pixel is anomalous.
        kinds: n names of defects; "good" for normal images.
    """

    images: Sequence[np.ndarray] | np.ndarray
    masks: Sequence[np.ndarray] | np.ndarray
    kinds: tuple[str, ...]

    @property
    def anomalous(self) -> np.ndarray:
        """Whether each image holds an anomaly: bool (n,)."""
        return np.array([kind != GOOD for kind in self.kinds])


def scratch(image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw a thin, bent line that is brighter or darker than the texture."""
    size = image.shape[0]
    angle = rng.uniform(0, 2 * np.pi)
    length, bend = rng.uniform(0.5, 0.9) * size, rng.uniform(-0.8, 0.8) / size
    along = np.arange(-length / 2, length / 2, 0.25)
    turned = angle + bend * along
    y, x = np.cumsum(np.sin(turned)) * 0.25, np.cumsum(np.cos(turned)) * 0.25
    centre = rng.uniform(0.35, 0.65, 2) * image.shape[:2]
    y, x = y - y.mean() + centre[0], x - x.mean() + centre[1]
    inside = np.zeros(image.shape[:2], bool)
    radius = rng.uniform(1.0, 2.0)
    for row, column in zip(y, x, strict=True):
        inside[draw.disk((row, column), radius, shape=inside.shape)] = True
    return paint_over(image, inside, _other_grey(image, rng)), inside


def blob(image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw a stain, through which the texture can still be seen."""
    inside = _patch(image.shape[:2], rng, 0.10, 0.20)
    grey = _other_grey(image, rng)
    return paint_over(image, inside, 0.35 * image + 0.65 * grey), inside


def hole(image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw a black hole."""
    inside = _patch(image.shape[:2], rng, 0.07, 0.14)
    return paint_over(image, inside, np.zeros_like(image)), inside


def foreign_texture(
    image: np.ndarray, rng: np.random.Generator, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Replace a region by another texture with the same mean and contrast."""
    inside = _patch(image.shape[:2], rng, 0.14, 0.22)
    alike = (other - other.mean()) / other.std() * image.std() + image.mean()
    return paint_over(image, inside, alike), inside


def missing_thread(image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Remove the texture along a narrow band, as if a thread of a fabric were missing."""
    upright = rng.random() < 0.5
    if upright:
        image = image.swapaxes(0, 1)
    height = image.shape[0]
    width = int(rng.integers(max(height // 24, 3), max(height // 14, 4) + 1))
    start = int(rng.integers(width, height - 2 * width))
    band = slice(start, start + width)
    painted, inside = image.copy(), np.zeros(image.shape[:2], bool)
    inside[band] = True
    along = gaussian(image, sigma=(0, height / 8, 0), mode="nearest")
    painted[band] = along[band].mean(axis=0)
    if upright:
        return painted.swapaxes(0, 1), inside.T
    return painted, inside


DEFECTS: dict[str, Callable[[np.ndarray, np.random.Generator, np.ndarray], tuple]] = {
    "scratch": lambda image, rng, other: scratch(image, rng),
    "blob": lambda image, rng, other: blob(image, rng),
    "hole": lambda image, rng, other: hole(image, rng),
    "foreign texture": foreign_texture,
    "missing thread": lambda image, rng, other: missing_thread(image, rng),
}


def anomalies(
    name: str, n: int, size: int = 128, seed: int = 0, kinds: Sequence[str] = tuple(DEFECTS)
) -> Anomalies:
    """Return patches of the test part of a texture: n good ones, and n with each kind of defect.

    Args:
        name: name of the texture, see `texture`.
        n: number of patches per kind of defect, and of good patches.
        size: side of the square patches in pixels, from 32 to 192.
        seed: seed of everything random.
        kinds: kinds of defects, from `DEFECTS`.

    Raises:
        ValueError: for an unknown name or kind, or a size that is out of range.
    """
    unknown = [kind for kind in kinds if kind not in DEFECTS]
    if unknown:
        raise ValueError(f"There is no defect {unknown[0]!r}, only {', '.join(DEFECTS)}.")
    if not 32 <= size <= 192:
        raise ValueError(f"The side of a patch must be 32 to 192 pixels, not {size}.")
    names = [kind for kind in (GOOD, *kinds) for _ in range(n)]
    images = crops(texture(name, "test"), len(names), size, seed)
    others = [crops(texture(t, "test"), len(names), size, seed + 1) for t in TEXTURES if t != name]
    rng = np.random.default_rng(seed + 2)
    masks = np.zeros(images.shape[:3], bool)
    for i, kind in enumerate(names):
        if kind != GOOD:
            other = others[rng.integers(len(others))][i]
            images[i], masks[i] = DEFECTS[kind](images[i], rng, other)
    return Anomalies(images, masks, tuple(names))


def _patch(
    shape: tuple[int, ...], rng: np.random.Generator, least: float, most: float
) -> np.ndarray:
    """Return an irregular disc; its mean radius is a random share of the shorter side."""
    radius = rng.uniform(least, most) * min(shape)
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    waves = np.arange(2, 6)
    strength, phase = rng.uniform(0, 0.12, 4), rng.uniform(0, 2 * np.pi, 4)
    r = radius * (1 + (strength * np.sin(np.outer(angle, waves) + phase)).sum(axis=1))
    y, x = (rng.uniform(1.3 * radius, side - 1.3 * radius) for side in shape)
    inside = np.zeros(shape, bool)
    inside[draw.polygon(y + r * np.sin(angle), x + r * np.cos(angle), shape)] = True
    return inside


def _other_grey(image: np.ndarray, rng: np.random.Generator) -> float:
    """Return a grey that is rare in the image: 2 to 3 standard deviations from its mean."""
    mean, std = float(image.mean()), float(image.std())
    away = rng.uniform(2, 3) * std
    choices = [grey for grey in (mean - away, mean + away) if 0 <= grey <= 1]
    return float(rng.choice(choices)) if choices else float(mean < 0.5)
