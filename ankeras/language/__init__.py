"""Systems of images and text, one file per system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.language.clip import CLIP, retrieve
from ankeras.language.prior import Prior, get_prior_network
from ankeras.language.text_to_image import TextToImage, get_text_to_image_network
from ankeras.language.unclip import UnCLIP, turn

__all__ = [
    "CLIP",
    "Prior",
    "TextToImage",
    "UnCLIP",
    "get_prior_network",
    "get_text_to_image_network",
    "retrieve",
    "turn",
]
