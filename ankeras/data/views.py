"""Several views of the same drawn portrait: pairs for translation between images.

A view is another image of the same face: its label map, its outlines, its grey image, the face at
night, or with fewer pixels. `pairs` returns a view as the image and the portrait as its target. An
edit of the factors gives pairs too: the same face without and with glasses (`domains`).

Source: AN2DL, "GANs for source-target domain transfer" and "The GAN ZOO" (pix2pix, CycleGAN).
"""

from typing import Any

from ankeras.data import face_layers
from ankeras.data.dataset import Dataset
from ankeras.data.faces import CLASS_NAMES, FACTORS, SIZES, draw_factors, render

import numpy as np

VIEWS = ("labels", "outlines", "grey", "night", "small")
# What the layers of a portrait show, from back to front; a later part covers an earlier one.
PARTS: dict[str, tuple[str, ...]] = {
    "background": ("_background",),
    "hair": ("_hair_back", "_brows", "_hair_front"),
    "neck": ("_neck", "_chin_shadow"),
    "shirt": ("_shoulders",),
    "ears": ("_ears",),
    "face": ("_head", "_cheeks", "_nose"),
    "beard": ("_beard",),
    "mouth": ("_mouth",),
    "eyes": ("_eyes",),
    "glasses": ("_temples", "_glasses"),
    "hat": ("_hat",),
}
PART_NAMES = tuple(PARTS)
PART_COLORS = np.array(  # of a label map as an image: far from each other
    [
        (0.20, 0.20, 0.20),
        (0.60, 0.30, 0.10),
        (0.90, 0.60, 0.50),
        (0.20, 0.40, 0.80),
        (0.95, 0.75, 0.30),
        (1.00, 0.85, 0.75),
        (0.35, 0.10, 0.40),
        (0.85, 0.10, 0.25),
        (0.10, 0.75, 0.75),
        (0.00, 0.00, 0.00),
        (0.25, 0.60, 0.25),
    ],
    np.float32,
)
NIGHT = np.array((0.30, 0.36, 0.55), np.float32)  # what is left of red, green and blue at night
LUMA = np.array((0.299, 0.587, 0.114), np.float32)  # ITU-R BT.601


def label_map(factors: np.ndarray, size: int = 64) -> np.ndarray:
    """Return which part of a portrait each pixel shows.

    Args:
        factors: a table as `draw_factors` returns it, (n,).
        size: height and width in pixels: 32, 64 or 128.

    Returns:
        int64 (n, size, size), indices into `PART_NAMES`.
    """
    _check_size(size)
    return np.stack([_labels(factors[i : i + 1], size)[0] for i in range(len(factors))])


def _labels(factors: np.ndarray, size: int) -> np.ndarray:
    columns = {name: factors[name] for name in FACTORS}
    scene = face_layers.labelled_scene(columns, size)
    part_of = {layer: index for index, layers in enumerate(PARTS.values()) for layer in layers}
    for layer in face_layers.LAYERS:
        scene.part = part_of[layer.__name__]
        layer(scene)
    return scene.parts.reshape(-1, size, size).astype(np.int64)


def outlines(factors: np.ndarray, size: int = 64) -> np.ndarray:
    """Return line drawings of portraits: the borders between the parts, dark on white.

    Args:
        factors, size: as in `label_map`, but 32 or 64: the lines are drawn at twice the size.

    Returns:
        float32 (n, size, size, 1) in [0, 1].
    """
    labels = label_map(factors, 2 * size)
    border = np.zeros(labels.shape, bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[:, :, 1:] |= labels[:, :, 1:] != labels[:, :, :-1]
    return shrink(1.0 - border[..., None].astype(np.float32), 2)


def grey(images: np.ndarray) -> np.ndarray:
    """Return the luma of colour images, (..., 3) -> (..., 1)."""
    return (images @ LUMA)[..., None]


def night(images: np.ndarray) -> np.ndarray:
    """Return colour images as at night: dark, and blue more than red."""
    return images * NIGHT


def shrink(images: np.ndarray, factor: int) -> np.ndarray:
    """Return images with each block of pixels averaged: (n, h, w, c) -> (n, h / f, w / f, c).

    Raises:
        ValueError: if a side is no multiple of the factor.
    """
    n, height, width, channels = images.shape
    if height % factor or width % factor:
        raise ValueError(f"Images of {height}x{width} can't be divided into blocks of {factor}.")
    blocks = images.reshape(n, height // factor, factor, width // factor, factor, channels)
    return blocks.mean(axis=(2, 4))


def pairs(view: str, n: int, seed: int = 0, size: int = 64, **fixed: Any) -> Dataset:
    """Return one view of drawn portraits, with the portraits as their targets.

    Args:
        view: "labels" (the label map in colours), "outlines", "grey", "night", or "small" (a
            quarter of the side).
        n, seed, size, **fixed: as in `faces`.

    Returns:
        The views as images, float32; the targets "paired" (the portraits, (n, size, size, 3)),
        "labels" (man or woman) and "factors".

    Raises:
        ValueError: if there is no such view, or an argument is invalid.
    """
    if view not in VIEWS:
        raise ValueError(f"There is no view {view!r}: choose one of {', '.join(VIEWS)}.")
    factors = draw_factors(n, seed, **fixed)
    portraits = render(factors, size)
    if view == "labels":
        images = PART_COLORS[label_map(factors, size)]
    elif view == "outlines":
        images = outlines(factors, size)
    else:
        images = {"grey": grey, "night": night, "small": lambda x: shrink(x, 4)}[view](portraits)
    targets = {"paired": portraits, "labels": factors["woman"].copy(), "factors": factors}
    return Dataset(images, targets, CLASS_NAMES)


def domains(
    factor: str, values: tuple, n: int, seed: int = 0, size: int = 32, **fixed: Any
) -> tuple[Dataset, Dataset]:
    """Return two sets of portraits that differ in one factor; they show different people.

    Each portrait also has its hidden pair: the same face with the other value. A system that
    translates between the two domains is not shown the pairs; they only evaluate it.

    Args:
        factor: such as "glasses" or "hair_color".
        values: its value in the first and in the second domain, such as (0, 1).
        n: number of portraits in each domain.
        seed, size, **fixed: as in `faces`.

    Returns:
        (A, B), each with the targets "paired" (the portraits in the other domain) and "factors".

    Raises:
        ValueError: if both values are the same, or an argument is invalid.
    """
    if len(values) != 2 or values[0] == values[1]:
        raise ValueError(f"Two domains need two different values of {factor}, not {values}.")
    found = []
    for i, (own, other) in enumerate((values, values[::-1])):
        # different seeds: nobody is in both domains
        tables = [
            draw_factors(n, 2 * seed + i, **{**fixed, factor: value}) for value in (own, other)
        ]
        images, paired = (render(table, size) for table in tables)
        found.append(Dataset(images, {"paired": paired, "factors": tables[0]}))
    return found[0], found[1]


def _check_size(size: int) -> None:
    if size not in SIZES:
        raise ValueError(f"size must be one of {', '.join(map(str, SIZES))}, not {size!r}.")
