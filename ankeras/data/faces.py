"""Colour cartoon portraits drawn by a program; every attribute is known and can be set.

`draw_factors` draws a table with one row per portrait and one field per factor, `render` turns the
table into images, and `faces` does both. An image depends on its row of the table only. If one
field changes, only the part of the picture that belongs to this field changes. So the portraits are
a ground truth for edits in latent space. All factors are independent of each other: a woman may
have a beard.

The drawing itself, layer by layer, is in `ankeras.data.face_layers`.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ankeras.data import face_layers
from ankeras.data.dataset import Dataset

import numpy as np

SIZES = (32, 64, 128)
CLASS_NAMES = ("man", "woman")

BINARY: dict[str, float] = {  # name: probability of a 1
    "woman": 0.5,
    "smile": 0.5,
    "glasses": 0.5,
    "beard": 0.35,
    "hat": 0.3,
}
HAIR_COLORS = tuple(face_layers.HAIR_COLORS)
HAIR_STYLES = tuple(face_layers.HAIR_STYLES)
EYE_COLORS = tuple(face_layers.EYE_COLORS)
SHIRTS = tuple(face_layers.SHIRTS)
BACKGROUNDS = tuple(face_layers.BACKGROUNDS)
CATEGORIES: dict[str, tuple[str, ...]] = {  # all names of a factor are equally likely
    "hair_color": HAIR_COLORS,
    "hair_style": HAIR_STYLES,
    "eye_color": EYE_COLORS,
    "shirt": SHIRTS,  # also decides the colour of the hat
    "background": BACKGROUNDS,
}
RANGES: dict[
    str, tuple[float, float]
] = {  # factors are drawn uniformly from these ranges and may be set within them
    "skin": (0.0, 1.0),  # from fair to dark
    "turn": (-0.5, 0.5),  # radians; positive looks towards the right edge of the image
    "roll": (-0.3, 0.3),  # radians; positive tilts the head clockwise
    "x": (-0.08, 0.08),  # fractions of the image, to the right
    "y": (-0.06, 0.06),  # fractions of the image, downwards
    "zoom": (0.88, 1.12),
    "brightness": (0.75, 1.15),
    "face_width": (0.92, 1.08),  # this and the next four: factors near 1
    "eye_spacing": (0.9, 1.1),
    "eye_size": (0.88, 1.14),
    "nose_length": (0.8, 1.2),
    "mouth_width": (0.85, 1.15),
}
FACTORS = (*BINARY, *CATEGORIES, *RANGES)
DTYPE = np.dtype([(name, np.float64 if name in RANGES else np.int64) for name in FACTORS])

_CHUNK_PIXELS = 32 * 1024  # a plane of 128 KiB: a few planes fit the cache of a core


def faces(n: int, seed: int = 0, size: int = 64, **fixed: Any) -> Dataset:
    """Return `n` cartoon portraits, labelled man or woman.

    Args:
        n: number of portraits, at least 1.
        seed: the same seed gives the same portraits; the first rows do not depend on `n`.
        size: height and width in pixels: 32, 64 or 128. The size changes the sharpness of a
            portrait, never its content.
        **fixed: values of factors, see `draw_factors`.

    Returns:
        Images float32 (n, size, size, 3) in [0, 1], labels int64 (n,) equal to the factor
        `woman`, class names ("man", "woman") and the table of factors, (n,).

    Raises:
        ValueError: if an argument is invalid.
    """
    _check_size(size)
    factors = draw_factors(n, seed, **fixed)
    targets = {"labels": factors["woman"].copy(), "factors": factors}
    return Dataset(render(factors, size), targets, CLASS_NAMES)


def draw_factors(n: int, seed: int = 0, **fixed: Any) -> np.ndarray:
    """Return a table of the factors of `n` portraits.

    Args:
        n: number of rows, at least 1.
        seed: the same seed gives the same table; the first rows do not depend on `n`.
        **fixed: values of factors, a scalar or an array (n,): 0 or 1 for those in `BINARY`,
            a name or its index for those in `CATEGORIES`, a number within `RANGES` for the
            others. All other factors are drawn as without it.

    Returns:
        A structured array (n,) of dtype `DTYPE`: int64 binaries and category indices,
        float64 continuous factors.

    Raises:
        ValueError: if `n` < 1, a factor is unknown, or a value is invalid.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}.")
    unknown = [name for name in fixed if name not in FACTORS]
    if unknown:
        raise ValueError(f"Unknown factor {unknown[0]!r}; the factors are {', '.join(FACTORS)}.")
    uniform = np.random.default_rng(seed).random((n, len(FACTORS)))
    table = np.empty(n, DTYPE)
    for name, column in zip(FACTORS, uniform.T, strict=True):
        if name in BINARY:
            table[name] = column < BINARY[name]
        elif name in CATEGORIES:
            table[name] = column * len(CATEGORIES[name])
        else:
            low, high = RANGES[name]
            table[name] = low + column * (high - low)
    for name, value in fixed.items():
        table[name] = _checked(name, value, n)
    return table


def render(factors: np.ndarray, size: int = 64) -> np.ndarray:
    """Return the portraits that a table of factors describes.

    Args:
        factors: structured array (n,) as from `draw_factors`, possibly edited, or one row of it.
        size: height and width in pixels: 32, 64 or 128.

    Returns:
        Images float32 (n, size, size, 3) in [0, 1]. A portrait depends on its own row only.

    Raises:
        ValueError: if `size` is invalid, the table lacks a factor, or holds an invalid value.
    """
    _check_size(size)
    missing = [name for name in FACTORS if name not in (factors.dtype.names or ())]
    if missing:
        raise ValueError(
            f"The table lacks the factor {missing[0]!r}; use draw_factors to make one."
        )
    factors = np.atleast_1d(factors)
    n = len(factors)
    columns = {name: _checked(name, factors[name], n) for name in FACTORS}
    images = np.empty((n, size, size, 3), np.float32)
    step = max(1, _CHUNK_PIXELS // size**2)

    def draw(start: int) -> None:
        rows = slice(start, start + step)
        face_layers.draw({name: column[rows] for name, column in columns.items()}, images[rows])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(draw, range(0, n, step)))
    return images


def caption(row: np.void | Mapping[str, Any]) -> str:
    """Return a description in words of one row of the table.

    The caption names the five binary attributes and the colour of the hair, for example
    "a smiling woman with glasses and red hair".
    """
    person = CLASS_NAMES[int(row["woman"])]
    adjective = "smiling " if row["smile"] else ""
    things = {"glasses": "glasses", "beard": "a beard", "hat": "a hat"}
    parts = [words for name, words in things.items() if row[name]]
    hair = f"{HAIR_COLORS[int(row['hair_color'])]} hair"
    listed = f"{', '.join(parts)} and {hair}" if parts else hair
    return f"a {adjective}{person} with {listed}"


def _check_size(size: int) -> None:
    if size not in SIZES:
        raise ValueError(f"size must be one of {', '.join(map(str, SIZES))}, not {size!r}.")


def _checked(name: str, value: Any, n: int) -> np.ndarray:
    """Return a factor's values as numbers (n,), or raise a ValueError naming the valid ones."""
    given = values = np.asarray(value)
    if given.shape not in {(), (n,)}:
        raise ValueError(f"{name} must be a scalar or of shape ({n},), not {given.shape}.")
    if name in CATEGORIES and given.dtype.kind == "U":
        indices = {each: index for index, each in enumerate(CATEGORIES[name])}
        values = np.array([indices.get(each, -1) for each in given.flat]).reshape(given.shape)
    if values.dtype.kind not in "biuf":
        valid = np.zeros(values.shape, bool)
    elif name in RANGES:
        low, high = RANGES[name]
        valid = (values >= low) & (values <= high)
    else:
        valid = np.isin(values, range(len(CATEGORIES.get(name, (0, 1)))))
    if not np.all(valid):
        wrong = np.extract(~valid, given)[0]
        raise ValueError(f"{name} must be {_choices(name)}, not {wrong}.")
    return np.broadcast_to(values, (n,))


def _choices(name: str) -> str:
    if name in RANGES:
        return "between {:g} and {:g}".format(*RANGES[name])
    if name in CATEGORIES:
        return f"one of {', '.join(CATEGORIES[name])} or its index"
    return "0 or 1"
