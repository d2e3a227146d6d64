"""Combinations of attributes that no model of faces sees in its training.

Text-to-image models are evaluated on them: each word of such a caption is known, the combination is
new. `faces_to_train_on` leaves them out, `held_out_factors` draws them alone.
"""

from collections.abc import Mapping

from ankeras.data.dataset import Dataset
from ankeras.data.faces import CATEGORIES, draw_factors, render

import numpy as np

COMBINATIONS: tuple[Mapping[str, int | str], ...] = (
    {"woman": 1, "beard": 1, "hat": 1},
    {"woman": 0, "smile": 1, "hair_color": "red"},
    {"glasses": 1, "hat": 1, "shirt": "coral"},
    {"smile": 1, "hair_style": "curly", "background": "teal"},
    {"woman": 1, "glasses": 1, "hair_color": "grey"},
)


def is_held_out(factors: np.ndarray) -> np.ndarray:
    """Return which portraits have one of the combinations: a table of factors (n,) -> bool (n,)."""
    found = np.zeros(len(factors), bool)
    for combination in COMBINATIONS:
        found |= np.all([factors[name] == _index(name, v) for name, v in combination.items()], 0)
    return found


def held_out_factors(n: int, seed: int = 0) -> np.ndarray:
    """Return factors of n portraits, each with one of the combinations in turn: a table (n,)."""
    factors = draw_factors(n, seed)
    for i, combination in enumerate(COMBINATIONS):
        for name, value in combination.items():
            factors[name][i :: len(COMBINATIONS)] = _index(name, value)
    return factors


def faces_to_train_on(n: int, seed: int = 0, size: int = 64) -> Dataset:
    """Return n portraits as `faces` does, without those that have one of the combinations."""
    factors = draw_factors(2 * n + 100, seed)
    factors = factors[~is_held_out(factors)][:n]
    return Dataset(
        render(factors, size),
        {"labels": factors["woman"].copy(), "factors": factors},
        ("man", "woman"),
    )


def combination_values(combination: Mapping[str, int | str]) -> dict[str, int]:
    """Return a combination with the index of each value: factor -> index."""
    return {name: _index(name, value) for name, value in combination.items()}


def _index(name: str, value: int | str) -> int:
    return CATEGORIES[name].index(value) if isinstance(value, str) else value
