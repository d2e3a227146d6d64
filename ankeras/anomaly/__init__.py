"""Anomaly detection: scores of images, maps of pixels, and how good they are."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.anomaly.detection import average_precision, per_region_overlap, roc_auc
from ankeras.anomaly.maps import AnomalyMaps, anomaly_maps, image_scores, threshold
from ankeras.anomaly.scores import (
    bigan_score,
    posterior_score,
    prior_score,
    reconstruction_error,
)

__all__ = [
    "AnomalyMaps",
    "anomaly_maps",
    "average_precision",
    "bigan_score",
    "image_scores",
    "per_region_overlap",
    "posterior_score",
    "prior_score",
    "reconstruction_error",
    "roc_auc",
    "threshold",
]
