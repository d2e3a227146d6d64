"""Editing images in the latent space: vector arithmetic and directions of attributes.

The codes z are those of any decoder or generator. If they move along a direction, an attribute of
the images changes. Source: AN2DL, "Vector Arithmetic"; ATIV, "Latent space arithmetic" and
"pixel space arithmetic"; NOTES, "Latent Space Exploration".

    arithmetic     z_4 = mean(z_1) - mean(z_2) + mean(z_3)
    frontier       normal^T z + offset = 0, ||normal|| = 1: "the perpendicular to the hyperplane
                   tells us the direction in which to move"

There are two directions of an attribute. The difference of the class means points to the codes
with the attribute. The normal is the shortest way across the frontier. Both agree if the spread of
the codes is the same in all directions, as for N(0, I). The codes of an autoencoder are correlated,
and there the difference of the means changes the image more. `orthogonalize` and `move_to` accept
both.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ankeras.latent.codes import check_codes

import numpy as np
from sklearn.linear_model import LogisticRegression


def concept(examples: np.ndarray) -> np.ndarray:
    """Return the mean of some examples: codes (k, d) -> (d,), or images (k, *image) -> image.

    One code alone is unstable, three are enough (Radford et al. 2016).

    Raises:
        ValueError: if there is no example, or one holds NaN.
    """
    if len(examples) == 0:
        raise ValueError("A concept needs at least one example.")
    if not np.isfinite(examples).all():
        raise ValueError("The examples hold NaN or infinity.")
    return examples.mean(axis=0, dtype="float64").astype("float32")


def arithmetic(z_1: np.ndarray, z_2: np.ndarray, z_3: np.ndarray) -> np.ndarray:
    """Return concept 1 - concept 2 + concept 3, such as "man with glasses - man + woman".

    Source: AN2DL, "Perform some arithmetic"; Radford et al. 2016, figure 7.

    Args:
        z_1, z_2, z_3: (k, d), the codes of a few examples of each concept.

    Returns:
        (d,) float32, which can be decoded or given to `latent.neighbours`.

    Raises:
        ValueError: as `concept`.
    """
    return concept(z_1) - concept(z_2) + concept(z_3)


def pixel_arithmetic(x_1: np.ndarray, x_2: np.ndarray, x_3: np.ndarray) -> np.ndarray:
    """Return the result of the same arithmetic on images: it fails, as averages are blurred.

    It does not fail for images that are aligned: their average is sharp.
    Source: ATIV, "Comparison: pixel space arithmetic"; Radford et al. 2016, figure 7.

    Args:
        x_1, x_2, x_3: (k, *image) in [0, 1], a few examples of each concept.

    Returns:
        An image, clipped to [0, 1].

    Raises:
        ValueError: as `concept`.
    """
    return np.clip(concept(x_1) - concept(x_2) + concept(x_3), 0, 1)


def mean_direction(z: np.ndarray, attribute: np.ndarray) -> np.ndarray:
    """Return the mean code with an attribute minus the mean code without it: (d,) float32.

    If it is added to the mean code without the attribute, the result is the mean code with it.

    Args:
        z: (n, d).
        attribute: (n,), 0 or 1 (or a boolean): whether each code has the attribute.

    Raises:
        ValueError: if z and attribute differ in length, z holds NaN, or all or no codes have the
            attribute.
    """
    has_it = _two_classes(z, attribute)
    return concept(z[has_it]) - concept(z[~has_it])


class Hyperplane(NamedTuple):
    """The frontier between codes without an attribute and codes with it.

    Attributes:
        normal: (d,) of length 1, which points to the codes with the attribute.
        offset: minus the distance of the hyperplane from 0 along the normal.
    """

    normal: np.ndarray
    offset: float

    def distance(self, z: np.ndarray) -> np.ndarray:
        """Return signed distances, positive on the side with the attribute: (..., d) -> (...)."""
        return z @ self.normal + self.offset


def hyperplane(z: np.ndarray, attribute: np.ndarray) -> Hyperplane:
    """Return the hyperplane that separates the codes with an attribute from those without.

    Source: NOTES, "Latent Space Exploration"; Shen et al. 2020 (InterFaceGAN). It comes from a
    logistic regression on codes that are scaled to unit variance per dimension. An L2 penalty keeps
    the normal stable if dimensions are correlated or hardly used.

    Args:
        z: (n, d).
        attribute: (n,), 0 or 1 (or a boolean): whether each code has the attribute.

    Raises:
        ValueError: if z and attribute differ in length, z holds NaN, or all or no codes have the
            attribute.
    """
    has_it = _two_classes(z, attribute)
    z = z.astype("float64")
    mean, std = z.mean(axis=0), z.std(axis=0)
    std = np.where(std > 1e-6 * std.max(), std, np.inf)  # an unused dimension says nothing
    fitted = LogisticRegression(C=0.1, max_iter=1000).fit((z - mean) / std, has_it)
    weights = fitted.coef_[0] / std
    length = np.linalg.norm(weights)
    offset = (fitted.intercept_[0] - weights @ mean) / length
    return Hyperplane((weights / length).astype("float32"), float(offset))


def orthogonalize(direction: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray:
    """Return the part of a direction that is orthogonal to others, whose attributes do not change.

    Source: NOTES: "projections to force the different directions of variation to be orthogonal to
    each other"; Shen et al. 2020, "Conditional manipulation".

    Args:
        direction: (d,).
        others: directions (d,), such as the normals of the hyperplanes of other attributes. They
            do not have to be orthogonal to each other.

    Returns:
        (d,) float32 of length 1, orthogonal to all others.

    Raises:
        ValueError: if nothing of the direction is left.
    """
    basis = np.linalg.qr(np.stack(others, axis=1).astype("float64"))[0]
    rest = direction - basis @ (basis.T @ direction)
    length = np.linalg.norm(rest)
    if length < 1e-4 * np.linalg.norm(direction):
        raise ValueError("The direction is a combination of the others: nothing of it is left.")
    return (rest / length).astype("float32")


def move(z: np.ndarray, direction: np.ndarray, strengths: Sequence[float]) -> np.ndarray:
    """Return every code moved along a direction by several strengths: a sweep of edits.

    Args:
        z: (n, d).
        direction: (d,).
        strengths: k factors of the direction; 0 leaves the code as it is.

    Returns:
        (n, k, d) float32: one row per image, one column per strength.
    """
    steps = np.asarray(strengths)[:, None] * direction
    return (z[:, None] + steps).astype("float32")


def move_to(
    z: np.ndarray,
    plane: Hyperplane,
    distance: float | np.ndarray,
    along: np.ndarray | None = None,
) -> np.ndarray:
    """Return every code moved to a given signed distance from a hyperplane.

    Args:
        z: (n, d).
        plane: as `hyperplane` returns it.
        distance: positive on the side with the attribute; one value for all codes, or (n,).
        along: (d,), the direction to move in. Default: the normal, which is the shortest way. With
            a direction from `orthogonalize`, other attributes do not change.

    Returns:
        (n, d) float32.

    Raises:
        ValueError: if the direction is parallel to the hyperplane.
    """
    along = plane.normal if along is None else along
    speed = float(plane.normal @ along)  # how fast the distance grows
    if abs(speed) < 1e-4 * np.linalg.norm(along):
        raise ValueError("The direction is parallel to the hyperplane, so it never crosses it.")
    steps = (distance - plane.distance(z)) / speed
    return (z + steps[:, None] * along).astype("float32")


def flip(
    z: np.ndarray, plane: Hyperplane, distance: float, along: np.ndarray | None = None
) -> np.ndarray:
    """Return every code moved across a hyperplane, to a distance > 0 on its other side.

    A code with the attribute loses it, a code without it gets it. Arguments, result and errors are
    those of `move_to`.
    """
    return move_to(z, plane, np.where(plane.distance(z) > 0, -distance, distance), along)


def _two_classes(z: np.ndarray, attribute: np.ndarray) -> np.ndarray:
    """Return whether each code has the attribute, bool (n,), if there are codes of both kinds."""
    check_codes(z)
    attribute = np.asarray(attribute)
    if attribute.shape != (len(z),) or not np.isin(attribute, (0, 1)).all():
        raise ValueError(
            f"An attribute is 0 or 1 for each of the {len(z)} codes, "
            f"not an array {attribute.shape} of {np.unique(attribute)[:5]}."
        )
    has_it = attribute.astype(bool)
    if has_it.all() or not has_it.any():
        raise ValueError("All codes or none have the attribute: there is nothing to separate.")
    return has_it
