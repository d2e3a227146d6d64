"""Short clips of drawn heads that turn, tilt, move and begin or stop to smile.

Source: AE, "Overview": prediction of the next frames; Lotter et al., "Unsupervised learning of
visual structure using predictive generative networks" (2015), whose clips show turning heads.
"""

from typing import Any

from ankeras.data.dataset import Dataset
from ankeras.data.faces import CLASS_NAMES, RANGES, draw_factors, render

import numpy as np

MOVING = {  # factor: largest change per frame, as a share of its range
    "turn": 0.12,
    "roll": 0.06,
    "x": 0.05,
    "y": 0.05,
}
SMILE_CHANGE = 0.25  # largest change of the smile per frame, from 0 to 1


def clips(n: int, n_frames: int = 8, seed: int = 0, size: int = 64, **fixed: Any) -> Dataset:
    """Return `n` clips; within a clip the speed is constant, and turns round at the ends.

    Args:
        n: number of clips, at least 1.
        n_frames: number of frames per clip, at least 2.
        seed, size, **fixed: as in `faces`.

    Returns:
        Images float32 (n, n_frames, size, size, 3) in [0, 1], and the targets "labels" (man or
        woman) and "factors", those of the first frame. In a frame between two expressions, the
        mouth is a mixture of both.

    Raises:
        ValueError: if a clip has fewer than two frames, or an argument is invalid.
    """
    if n_frames < 2:
        raise ValueError(f"A clip has at least 2 frames, not {n_frames}.")
    first = draw_factors(n, seed, **fixed)
    rng = np.random.default_rng([seed, 1])  # its draws do not depend on those of the factors
    times = np.arange(n_frames)
    table = np.repeat(first, n_frames).reshape(n, n_frames)
    for name, share in MOVING.items():
        low, high = RANGES[name]
        speed = rng.uniform(-share, share, (n, 1))
        start = (first[name][:, None] - low) / (high - low)
        table[name] = low + (high - low) * _reflected(start + speed * times)
    smile = _reflected(first["smile"][:, None] + rng.uniform(0, SMILE_CHANGE, (n, 1)) * times)
    frames = []
    for expression in (0, 1):
        table["smile"] = expression
        frames.append(render(table.reshape(-1), size).reshape(n, n_frames, size, size, 3))
    weight = smile[..., None, None, None].astype("float32")
    images = (1 - weight) * frames[0] + weight * frames[1]
    return Dataset(images, {"labels": first["woman"].copy(), "factors": first}, CLASS_NAMES)


def _reflected(values: np.ndarray) -> np.ndarray:
    """Return values that turn round at 0 and at 1."""
    folded = np.abs(values) % 2
    return np.where(folded > 1, 2 - folded, folded)
