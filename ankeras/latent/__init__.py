"""The latent space of any decoder or generator: codes, paths, directions, inversion and maps."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.latent.codes import (
    PREDICT_BATCH,
    check_codes,
    decode,
    encode,
    grid,
    populated_box,
    quantile_grid,
    sample_codes,
    sample_prior,
)
from ankeras.latent.directions import (
    Hyperplane,
    arithmetic,
    concept,
    flip,
    hyperplane,
    mean_direction,
    move,
    move_to,
    orthogonalize,
    pixel_arithmetic,
)
from ankeras.latent.inversion import Inversion, invert
from ankeras.latent.maps import LinearMap, linear_map, relative_error
from ankeras.latent.paths import interpolate, neighbours, path

__all__ = [
    "PREDICT_BATCH",
    "Hyperplane",
    "Inversion",
    "LinearMap",
    "arithmetic",
    "check_codes",
    "concept",
    "decode",
    "encode",
    "flip",
    "grid",
    "hyperplane",
    "interpolate",
    "invert",
    "linear_map",
    "mean_direction",
    "move",
    "move_to",
    "neighbours",
    "orthogonalize",
    "path",
    "pixel_arithmetic",
    "populated_box",
    "quantile_grid",
    "relative_error",
    "sample_codes",
    "sample_prior",
]
