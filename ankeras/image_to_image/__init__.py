"""Systems that translate images into images, one file per system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.image_to_image.cyclegan import CycleGAN, UnpairedBatches
from ankeras.image_to_image.pix2pix import Pix2Pix
from ankeras.image_to_image.super_resolution import (
    SuperResolution,
    get_super_resolution_network,
)

__all__ = [
    "CycleGAN",
    "Pix2Pix",
    "SuperResolution",
    "UnpairedBatches",
    "get_super_resolution_network",
]
