"""A plane in a latent space of any size: where the pointer moves."""

from typing import NamedTuple

import numpy as np


class Plane(NamedTuple):
    """A plane through the codes: z = origin + u axes[0] + v axes[1].

    Attributes:
        origin: (d,).
        axes: (2, d), of length 1 and orthogonal to each other.
        names: what the two axes are.
        share: the share of the variance of the codes that lies in the plane, in [0, 1].
    """

    origin: np.ndarray
    axes: np.ndarray
    names: tuple[str, str]
    share: float

    def codes(self, places: np.ndarray) -> np.ndarray:
        """Return the codes at places of the plane: (..., 2) -> (..., d) float32."""
        return (self.origin + np.asarray(places) @ self.axes).astype("float32")

    def places(self, z: np.ndarray) -> np.ndarray:
        """Return the orthogonal projections of codes to the plane: (..., d) -> (..., 2)."""
        return (z - self.origin) @ self.axes.T


def plane_of(z: np.ndarray) -> Plane:
    """Return the plane of codes (n, d): the latent plane itself for d = 2, else that of a PCA.

    Raises:
        ValueError: if d < 2, or there are fewer than 3 codes.
    """
    n, d = z.shape
    if d < 2 or n < 3:
        raise ValueError(f"A plane needs at least 3 codes with d >= 2, not {n} with d = {d}.")
    if d == 2:
        return Plane(np.zeros(2), np.eye(2), ("z₁", "z₂"), 1.0)
    origin = z.mean(axis=0, dtype="float64")
    _, lengths, axes = np.linalg.svd(z - origin, full_matrices=False)
    share = float(np.sum(lengths[:2] ** 2) / max(np.sum(lengths**2), 1e-12))
    second = f"second principal component (both: {share:.0%} of the variance)"
    return Plane(origin, axes[:2], ("first principal component", second), share)
