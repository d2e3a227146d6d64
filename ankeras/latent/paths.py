"""Paths through a latent space: neighbours of a code, interpolation, paths through many codes.

Source: AN2DL, "Interpolation", "Interpolation between a series of 9 random points", "Vector
Arithmetic".
"""

from ankeras.latent.codes import check_codes

import numpy as np


def neighbours(z: np.ndarray, n: int = 9, scale: float = 0.25, seed: int = 0) -> np.ndarray:
    """Return a code and copies of it with small noise: "that's pretty robust" (AN2DL).

    Source: AN2DL, "Vector Arithmetic".

    Args:
        z: (d,).
        n: number of codes; the default fills a 3x3 grid.
        scale: the noise is uniform in ± scale in every dimension (± 0.25 in Radford et al. 2016,
            where z has standard deviation 1).
        seed: seed of the noise.

    Returns:
        (n, d) float32: z itself in the middle, at n // 2, and its noisy copies around it.
    """
    noise = np.random.default_rng(seed).uniform(-scale, scale, size=(n, len(z)))
    noise[n // 2] = 0
    return (z + noise).astype("float32")


def interpolate(z_a: np.ndarray, z_b: np.ndarray, n: int, spherical: bool = False) -> np.ndarray:
    """Return n codes between two codes, in equal steps (AN2DL, "Interpolation").

    Codes drawn from N(0, I) lie near the sphere of radius sqrt(d). The straight line between two
    of them passes far inside the sphere, where no codes lie. The arc stays near it (White 2016).

    Args:
        z_a, z_b: (d,).
        n: number of codes, at least 2, because both ends are included.
        spherical: follow the arc: the direction turns from z_a to z_b in equal angles, while the
            length changes linearly from ||z_a|| to ||z_b||. For opposite codes, one of the
            possible half circles is chosen.

    Returns:
        (n, d) float32.

    Raises:
        ValueError: if n < 2, the codes differ in shape or hold NaN, or one has no direction.
    """
    if n < 2:
        raise ValueError(f"An interpolation includes both ends: n must be at least 2, not {n}.")
    if z_a.shape != z_b.shape:
        raise ValueError(f"Both codes must have the same shape, not {z_a.shape} and {z_b.shape}.")
    ends = np.stack([z_a, z_b]).astype("float64")
    check_codes(ends, "An interpolation")
    t = np.linspace(0, 1, n)[:, None]
    z = _arc(ends[0], ends[1], t) if spherical else (1 - t) * ends[0] + t * ends[1]
    z[[0, -1]] = ends  # exactly
    return z.astype("float32")


def _arc(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    if min(length_a, length_b) == 0 or len(a) < 2:
        raise ValueError("A spherical interpolation needs codes other than 0 with d >= 2.")
    u, v = a / length_a, b / length_b
    angle = np.arccos(np.clip(u @ v, -1, 1))
    side = v - (u @ v) * u  # the direction from a to b, orthogonal to a
    if np.linalg.norm(side) < 1e-6:  # the same or the opposite direction: take any arc
        side = np.eye(len(a))[np.argmin(np.abs(u))]
        side = side - (u @ side) * u
    side = side / np.linalg.norm(side)
    direction = np.cos(angle * t) * u + np.sin(angle * t) * side
    return ((1 - t) * length_a + t * length_b) * direction


def path(points: np.ndarray, n: int, spherical: bool = False, closed: bool = False) -> np.ndarray:
    """Return the codes of a path through a series of points.

    Source: AN2DL, "Interpolation between a series of 9 random points".

    Args:
        points: (k, d), k >= 2.
        n: number of steps from each point to the next; code i * n of the path is point i.
        spherical: as in `interpolate`.
        closed: whether the path returns from the last point to one step before the first. An
            animation of it then repeats without a jump.

    Returns:
        ((k - 1) n + 1, d), or (k n, d) if closed; float32.

    Raises:
        ValueError: if n < 1, there are fewer than 2 points, or `interpolate` raises it.
    """
    check_codes(points, "A path")
    if n < 1 or len(points) < 2:
        raise ValueError(f"A path needs 2 points and n >= 1, not {len(points)} points and n = {n}.")
    following = np.roll(points, -1, axis=0)
    pieces = [
        interpolate(a, b, n + 1, spherical)[:-1] for a, b in zip(points, following, strict=True)
    ]
    if not closed:
        pieces[-1] = points[-1:].astype("float32")
    return np.concatenate(pieces)
