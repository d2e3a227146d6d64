"""How well anomalies are found: areas under curves over all thresholds, for images and pixels.

ROC and precision-recall are computed by scikit-learn, the per-region overlap here.
"""

from collections.abc import Sequence

import numpy as np
from skimage.measure import label
from sklearn.metrics import average_precision_score, roc_auc_score

MAX_FALSE_POSITIVE_RATE = 0.3


def roc_auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the area under the ROC curve: how often an anomaly's score is above a normal one's.

    Args:
        scores: any shape; a higher score means less normal.
        truth: bool, of the same shape.

    Returns:
        In [0, 1]; 0.5 is chance.

    Raises:
        ValueError: if the shapes differ, a score is not finite, or there are no anomalies or no
            normal ones.
    """
    _check(scores, truth)
    return float(roc_auc_score(truth.ravel(), scores.ravel()))


def average_precision(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the area under the precision-recall curve; by chance, it is the share of anomalies.

    Arguments and errors are those of `roc_auc`.
    """
    _check(scores, truth)
    return float(average_precision_score(truth.ravel(), scores.ravel()))


def per_region_overlap(
    scores: Sequence[np.ndarray] | np.ndarray, masks: Sequence[np.ndarray] | np.ndarray
) -> float:
    """Return the area under the curve of the mean overlap with the anomalous regions.

    The overlap of a connected region is the share of its pixels that are above the threshold.
    All regions have the same weight, whatever their size. The area ends where 0.3 of the normal
    pixels are above the threshold.

    Source: Bergmann et al., "Uninformed students: student-teacher anomaly detection with
    discriminative latent embeddings" (CVPR 2020), section 4.

    Args:
        scores: n maps (height, width).
        masks: n of the same shapes, bool.

    Returns:
        In [0, 1]; 0.15 is chance.

    Raises:
        ValueError: as in `roc_auc`.
    """
    flat_scores = np.concatenate([np.ravel(each) for each in scores])
    flat_masks = np.concatenate([np.ravel(each) for each in masks])
    _check(flat_scores, flat_masks)
    # One weight per pixel: the weights of a region sum to 1 / (number of regions).
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
    # Pixels with equal scores are above the same thresholds.
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
        raise ValueError(
            f"Scores and truth must have the same shape, not {scores.shape} and {truth.shape}."
        )
    if not np.isfinite(scores).all():
        raise ValueError("A score is NaN or infinite.")
    if truth.all() or not truth.any():
        raise ValueError("The truth must contain both anomalies and normal ones.")
