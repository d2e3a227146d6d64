"""How well anomalies are found: figures over all thresholds, for images and for pixels.

The curves and the areas under them are scikit-learn's. Per-region overlap is defined here.
"""

from collections.abc import Sequence

import numpy as np
from skimage.measure import label
from sklearn.metrics import average_precision_score, roc_auc_score

MAX_FALSE_POSITIVE_RATE = 0.3


def roc_auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the area under the ROC curve: how often an anomaly scores above a normal one.

    Args:
        scores: any shape; the higher, the less normal.
        truth: bool, of the same shape.

    Returns:
        In [0, 1]; 0.5 is chance.

    Raises:
        ValueError: if the shapes differ, a score is not finite, or one of both kinds is missing.
    """
    _check(scores, truth)
    return float(roc_auc_score(truth.ravel(), scores.ravel()))


def average_precision(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the area under the precision-recall curve; chance is the share of anomalies.

    Args, errors: as in `roc_auc`.
    """
    _check(scores, truth)
    return float(average_precision_score(truth.ravel(), scores.ravel()))


def per_region_overlap(
    scores: Sequence[np.ndarray] | np.ndarray, masks: Sequence[np.ndarray] | np.ndarray
) -> float:
    """Return the area under the curve of mean overlap with each anomalous region.

    Source: Bergmann et al., "Uninformed students: student-teacher anomaly detection with
    discriminative latent embeddings" (CVPR 2020), section 4. Every connected region counts the
    same, be it large or small, and the area goes up to a share of 0.3 of the normal pixels that
    are above the threshold.

    Args:
        scores: n maps (height, width).
        masks: n of the same shapes, bool.

    Returns:
        In [0, 1]; chance is 0.15.

    Raises:
        ValueError: as in `roc_auc`.
    """
    flat_scores = np.concatenate([np.ravel(each) for each in scores])
    flat_masks = np.concatenate([np.ravel(each) for each in masks])
    _check(flat_scores, flat_masks)
    # One weight a pixel: a region's add up to 1 / regions, the normal pixels' to 1.
    regions = [label(mask, connectivity=2) for mask in masks]
    n_regions = sum(int(each.max()) for each in regions)
    weights = []
    for each in regions:
        size = np.bincount(each.ravel())
        weights.append(1.0 / (n_regions * size[each.ravel()]))
    order = np.argsort(-flat_scores, kind="stable")
    anomalous = flat_masks[order]
    overlap = np.cumsum(np.where(anomalous, np.concatenate(weights)[order], 0.0))
    false_positives = np.cumsum(~anomalous) / np.count_nonzero(~flat_masks)
    # Pixels of equal scores are found together.
    ends = np.append(np.diff(flat_scores[order]) != 0, True)
    x = np.concatenate([[0.0], false_positives[ends]])
    y = np.concatenate([[0.0], overlap[ends]])
    at_most = np.interp(MAX_FALSE_POSITIVE_RATE, x, y)
    inside = x < MAX_FALSE_POSITIVE_RATE
    x = np.append(x[inside], MAX_FALSE_POSITIVE_RATE)
    y = np.append(y[inside], at_most)
    return float(np.trapezoid(y, x) / MAX_FALSE_POSITIVE_RATE)


def _check(scores: np.ndarray, truth: np.ndarray) -> None:
    if scores.shape != truth.shape:
        raise ValueError(f"Scores {scores.shape} need as many truths, not {truth.shape}.")
    if not np.isfinite(scores).all():
        raise ValueError("A score is NaN or infinite.")
    if truth.all() or not truth.any():
        raise ValueError("Both anomalies and normal ones are needed.")
