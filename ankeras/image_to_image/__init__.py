"""Systems that translate images into images, one file per system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.image_to_image.colorization import (
    Colorization,
    chroma,
    find_palette,
    mean_chroma,
    with_chroma,
)
from ankeras.image_to_image.cyclegan import CycleGAN, UnpairedBatches
from ankeras.image_to_image.face_swap import FaceSwap, split_decoder
from ankeras.image_to_image.next_frame import NextFrame, frame_pairs
from ankeras.image_to_image.pix2pix import Pix2Pix
from ankeras.image_to_image.super_resolution import (
    SuperResolution,
    get_super_resolution_network,
)

__all__ = [
    "Colorization",
    "CycleGAN",
    "FaceSwap",
    "NextFrame",
    "Pix2Pix",
    "SuperResolution",
    "UnpairedBatches",
    "chroma",
    "find_palette",
    "frame_pairs",
    "get_super_resolution_network",
    "mean_chroma",
    "split_decoder",
    "with_chroma",
]
