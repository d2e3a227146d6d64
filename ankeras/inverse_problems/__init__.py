"""Inverse problems: the image behind a damaged one."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.inverse_problems.deep_image_prior import (
    Restoration,
    deep_image_prior,
    get_deep_prior_network,
    masked_error,
    shrunk_error,
    squared_error,
)
from ankeras.inverse_problems.degradations import (
    add_noise,
    blur,
    jpeg,
    missing_pixels,
    text_mask,
)
from ankeras.inverse_problems.semantic_inpainting import (
    Inpainting,
    poisson_blend,
    semantic_inpainting,
)

__all__ = [
    "Inpainting",
    "Restoration",
    "add_noise",
    "blur",
    "deep_image_prior",
    "get_deep_prior_network",
    "jpeg",
    "masked_error",
    "missing_pixels",
    "poisson_blend",
    "semantic_inpainting",
    "shrunk_error",
    "squared_error",
    "text_mask",
]
