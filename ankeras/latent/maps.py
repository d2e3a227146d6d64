"""Linear maps from the codes of one model to the codes of another.

Source: NOTES, "Relation between the latent space of different generative techniques".
"""

from typing import NamedTuple

from ankeras.latent.codes import check_codes

import numpy as np
from sklearn.linear_model import RidgeCV


class LinearMap(NamedTuple):
    """The map z -> z W + b from the codes of one model to those of another.

    Attributes:
        W: (d_a, d_b).
        b: (d_b,).
    """

    W: np.ndarray
    b: np.ndarray

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return the mapped codes: (..., d_a) -> (..., d_b) float32."""
        return (z @ self.W + self.b).astype("float32")


def linear_map(z_a: np.ndarray, z_b: np.ndarray) -> LinearMap:
    """Return the linear map between two latent spaces, fitted to a support set.

    Source: NOTES, "Relation between the latent space of different generative techniques": the
    map "can be defined by a small set of points common to the two spaces (support set)".
    It minimizes the squared error plus a ridge penalty. The weight of the penalty is the one with
    the smallest leave-one-out error: almost 0 for a large support set, larger for n < d.

    Args:
        z_a: (n, d_a), codes of the support set in the first space; n >= 2.
        z_b: (n, d_b), codes of the same images in the second space.

    Raises:
        ValueError: if the two arrays differ in length, n < 2, or one holds NaN.
    """
    check_codes(z_a, "z_a")
    check_codes(z_b, "z_b")
    if len(z_a) != len(z_b) or len(z_a) < 2:
        raise ValueError(
            f"A support set holds the same images in both spaces, at least 2, "
            f"not {len(z_a)} and {len(z_b)}."
        )
    # The weight of the penalty has the units of z_a squared.
    ridges = np.logspace(-6, 2, 17) * max(float(z_a.var(axis=0).mean()), 1e-12)
    fitted = RidgeCV(ridges).fit(z_a.astype("float64"), z_b.astype("float64"))
    return LinearMap(fitted.coef_.T, fitted.intercept_)


def relative_error(z: np.ndarray, z_hat: np.ndarray) -> float:
    """Return the squared error of z_hat divided by that of the mean of z, both summed over d.

    0 means that z_hat equals z, 1 that it is as good as the mean of z.

    Args:
        z: (n, d), the true codes, of other images than those that a map was fitted to.
        z_hat: (n, d), the predicted codes, for instance of a `LinearMap`.
    """
    return float(np.sum((z_hat - z) ** 2) / np.sum((z - z.mean(axis=0)) ** 2))
