"""Inverse problems: the image behind a damaged one."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.inverse_problems.classical_energy import minimize_energy
from ankeras.inverse_problems.deep_image_prior import (
    Restoration,
    deep_image_prior,
    get_deep_prior_network,
)
from ankeras.inverse_problems.degradations import (
    add_noise,
    blur,
    jpeg,
    missing_pixels,
    text_mask,
)
from ankeras.inverse_problems.energies import (
    masked_error,
    shrunk_error,
    squared_error,
    squared_norm,
    total_variation,
)
from ankeras.inverse_problems.semantic_inpainting import (
    Inpainting,
    poisson_blend,
    semantic_inpainting,
)
from ankeras.inverse_problems.single_image_super_resolution import (
    back_project,
    single_image_super_resolution,
)

__all__ = [
    "Inpainting",
    "Restoration",
    "add_noise",
    "back_project",
    "blur",
    "deep_image_prior",
    "get_deep_prior_network",
    "jpeg",
    "masked_error",
    "minimize_energy",
    "missing_pixels",
    "poisson_blend",
    "semantic_inpainting",
    "shrunk_error",
    "single_image_super_resolution",
    "squared_error",
    "squared_norm",
    "text_mask",
    "total_variation",
]
