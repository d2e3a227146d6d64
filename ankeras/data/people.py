"""Portraits of the same person with free pose and expression, and the true swap of two persons.

Source: AE, "DeepFakes!".
"""

from typing import Any

from ankeras.data.dataset import Dataset
from ankeras.data.faces import faces, render
from ankeras.data.views import PART_NAMES, label_map

import numpy as np
from scipy.ndimage import binary_dilation

# A person's factors, which are the same in all portraits; all other factors are free: expression,
# pose, place in the image, brightness and background.
PEOPLE: dict[str, dict[str, Any]] = {
    "Ada": {
        "woman": 1,
        "glasses": 1,
        "beard": 0,
        "hat": 0,
        "hair_color": "red",
        "hair_style": "bob",
        "eye_color": "green",
        "shirt": "violet",
        "skin": 0.1,
        "face_width": 0.95,
        "eye_spacing": 1.0,
        "eye_size": 1.1,
        "nose_length": 0.85,
        "mouth_width": 1.0,
    },
    "Leo": {
        "woman": 0,
        "glasses": 0,
        "beard": 1,
        "hat": 0,
        "hair_color": "black",
        "hair_style": "short",
        "eye_color": "brown",
        "shirt": "mustard",
        "skin": 0.6,
        "face_width": 1.06,
        "eye_spacing": 0.95,
        "eye_size": 0.92,
        "nose_length": 1.15,
        "mouth_width": 1.1,
    },
}


def person(name: str, n: int, seed: int = 0, size: int = 64) -> Dataset:
    """Return `n` portraits of one person.

    Args:
        name: one of `PEOPLE`.
        n, seed, size: as in `faces`.

    Raises:
        ValueError: if nobody has this name, or an argument is invalid.
    """
    return faces(n, seed, size, **_identity(name))


def swapped(factors: np.ndarray, name: str, size: int = 64) -> np.ndarray:
    """Return the true swap: the same pose and expression, with the face of another person.

    Args:
        factors: the table of factors of portraits, (n,).
        name: of the person whose face is to be seen.
        size: height and width in pixels: 32, 64 or 128.

    Returns:
        float32 (n, size, size, 3).

    Raises:
        ValueError: if nobody has this name, or the size can't be drawn.
    """
    # the table of this person gives names of colours as their numbers
    identity = _identity(name)
    own = faces(1, 0, 32, **identity).factors
    table = factors.copy()
    for factor in identity:
        table[factor] = np.asarray(own)[factor][0]
    return render(table, size)


def head_masks(factors: np.ndarray, size: int = 64, margin: int = 2) -> np.ndarray:
    """Return where the head is in portraits: all parts but background and shirt.

    Args:
        factors: the table of factors of portraits, (n,).
        size: height and width in pixels: 32, 64 or 128.
        margin: by how many pixels the head is enlarged.

    Returns:
        (n, size, size) booleans.
    """
    backdrop = [PART_NAMES.index(part) for part in ("background", "shirt")]
    heads = ~np.isin(label_map(factors, size), backdrop)
    return np.stack([binary_dilation(head, iterations=margin) for head in heads])


def _identity(name: str) -> dict[str, Any]:
    if name not in PEOPLE:
        raise ValueError(f"There is no person {name!r}; there are {' and '.join(PEOPLE)}.")
    return PEOPLE[name]
