"""How good reconstructions and samples are, and the classifiers that read samples."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.evaluation.captions import (
    Retrieval,
    StatedFound,
    evaluate_retrieval,
    stated_found,
    zero_shot_accuracy,
)
from ankeras.evaluation.classifiers import (
    CLASSIFIER_BATCH,
    CLASSIFIER_RATE,
    conditional_accuracy,
    confident_share,
    feature_layers,
    features,
    get_classifier,
    probabilities,
    train_classifier,
)
from ankeras.evaluation.readers import (
    ATTRIBUTES,
    SKIN_TONES,
    attribute_accuracy,
    digit_classifier,
    face_reader,
    read_attributes,
    true_attributes,
)
from ankeras.evaluation.reconstruction import (
    pca_error,
    psnr,
    reconstruction_error,
    sharpness,
    ssim,
)
from ankeras.evaluation.sample_quality import (
    SampleEvaluation,
    evaluate_samples,
    frechet_distance,
    frequencies,
    histogram_distance,
    lie_among,
    nearest_training_images,
    precision_recall,
)

__all__ = [
    "ATTRIBUTES",
    "CLASSIFIER_BATCH",
    "CLASSIFIER_RATE",
    "SKIN_TONES",
    "Retrieval",
    "SampleEvaluation",
    "StatedFound",
    "attribute_accuracy",
    "conditional_accuracy",
    "confident_share",
    "digit_classifier",
    "evaluate_retrieval",
    "evaluate_samples",
    "face_reader",
    "feature_layers",
    "features",
    "frechet_distance",
    "frequencies",
    "get_classifier",
    "histogram_distance",
    "lie_among",
    "nearest_training_images",
    "pca_error",
    "precision_recall",
    "probabilities",
    "psnr",
    "read_attributes",
    "reconstruction_error",
    "sharpness",
    "ssim",
    "stated_found",
    "train_classifier",
    "true_attributes",
    "zero_shot_accuracy",
]
