"""Points whose density is known, and with it the smallest loss that a model of them can reach.

Source: NOTES, lesson 14, "Generative Models": learn the actual probability distribution of the
data; Dinh et al., "Density estimation using real NVP" (ICLR 2017), whose flows are often shown on
such points.

    E_p [-log q(x)] = H(p) + KL(p || q) >= H(p),    H(p) = -integral p(x) log p(x) dx

Each density has `sample`, `log_pdf` and `entropy`. What the negative log-likelihood of a model
exceeds the entropy by is its KL divergence from the truth.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

STEPS_PER_STD = 4  # of the grid on which an entropy is integrated: errors below 1e-6 nats
STDS_AROUND = 6  # how far the grid reaches beyond the outermost centres


class Gaussians(NamedTuple):
    """A mixture of equally likely Gaussians of the same width.

    Attributes:
        means: (k, n), the centres of the modes.
        std: their standard deviation.
    """

    means: np.ndarray
    std: float

    def sample(self, size: int, seed: int = 0) -> np.ndarray:
        """Draw points: (size, n) float32."""
        rng = np.random.default_rng(seed)
        centres = self.means[rng.integers(len(self.means), size=size)]
        return (centres + self.std * rng.normal(size=centres.shape)).astype("float32")

    def pdf(self, x: np.ndarray) -> np.ndarray:
        """Return the density at points: (m, n) -> (m,)."""
        return np.exp(self.log_pdf(x))

    def log_pdf(self, x: np.ndarray) -> np.ndarray:
        """Return the logarithm of the density at points: (m, n) -> (m,), in nats."""
        k, n = self.means.shape
        squared = np.sum((x[:, None] - self.means) ** 2, axis=-1)  # (m, k)
        constant = 0.5 * n * np.log(2 * np.pi * self.std**2) + np.log(k)
        return logsumexp(-squared / (2 * self.std**2), axis=1) - constant

    def entropy(self) -> float:
        """Return the entropy in nats, integrated on a grid: for points on a line or in a plane.

        Raises:
            ValueError: for points of more than 2 dimensions.
        """
        n = self.means.shape[1]
        if n > 2:
            raise ValueError(f"The entropy is integrated in at most 2 dimensions, not {n}.")
        step = self.std / STEPS_PER_STD
        margin = STDS_AROUND * self.std
        axes = [
            np.arange(low - margin, high + margin, step)
            for low, high in zip(self.means.min(axis=0), self.means.max(axis=0), strict=True)
        ]
        total = 0.0
        for first in axes[0]:  # one line of the grid at a time
            x = np.stack(np.meshgrid(first, *axes[1:]), axis=-1).reshape(-1, n)
            log_p = self.log_pdf(x)
            total -= np.sum(np.exp(log_p) * log_p) * step**n
        return float(total)


class Ring(NamedTuple):
    """Points near a circle: any angle, and a distance from the centre that is Gaussian.

        p(x) = N(r; radius, std^2) / (2 pi r),    r = ||x||

    Attributes:
        radius: of the circle, at least 6 std: distances below 0 then have a probability of 1e-9.
        std: standard deviation of the distance.
    """

    radius: float
    std: float

    def sample(self, size: int, seed: int = 0) -> np.ndarray:
        """Draw points: (size, 2) float32."""
        rng = np.random.default_rng(seed)
        r = rng.normal(self.radius, self.std, size=size)
        angle = rng.uniform(0, 2 * np.pi, size=size)
        return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1).astype("float32")

    def log_pdf(self, x: np.ndarray) -> np.ndarray:
        """Return the logarithm of the density at points: (m, 2) -> (m,), in nats."""
        r = np.maximum(np.linalg.norm(x, axis=1), 1e-6)  # the centre itself has no density
        log_normal = -0.5 * ((r - self.radius) / self.std) ** 2 - np.log(
            self.std * np.sqrt(2 * np.pi)
        )
        return log_normal - np.log(2 * np.pi * r)

    def entropy(self) -> float:
        """Return the entropy in nats: 1/2 log(2 pi e std^2) + E log(2 pi r), integrated over r."""
        r = self.radius + self.std * np.arange(-STDS_AROUND, STDS_AROUND, 1e-3)
        share = np.exp(-0.5 * ((r - self.radius) / self.std) ** 2)
        inside = r > 0
        mean_log = np.sum(share[inside] * np.log(r[inside])) / share.sum()
        of_distance = 0.5 * np.log(2 * np.pi * np.e * self.std**2)
        return float(of_distance + np.log(2 * np.pi) + mean_log)


def _spiral(turns: float, n_centres: int) -> np.ndarray:
    """Return points at equal distances along a spiral that ends at a radius of 2: (n, 2)."""
    t = np.linspace(0.15, 1, 20 * n_centres)
    line = (
        2
        * t[:, None]
        * np.stack([np.cos(2 * np.pi * turns * t), np.sin(2 * np.pi * turns * t)], axis=1)
    )
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    wanted = np.linspace(0, length[-1], n_centres)
    return np.stack([np.interp(wanted, length, line[:, axis]) for axis in (0, 1)], axis=1)


_SIDE = np.linspace(-1.5, 1.5, 3)

GRID = Gaussians(np.stack(np.meshgrid(_SIDE, _SIDE), axis=-1).reshape(-1, 2), std=0.2)
RING = Ring(radius=1.5, std=0.15)
SPIRAL = Gaussians(_spiral(turns=1.75, n_centres=200), std=0.1)
DENSITIES: dict[str, Gaussians | Ring] = {
    "mixture of Gaussians": GRID,
    "ring": RING,
    "spiral": SPIRAL,
}
