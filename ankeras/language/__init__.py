"""Attention, texts, and images from text."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.language.text_to_image import TextToImage, get_text_to_image_network

__all__ = [
    "TextToImage",
    "get_text_to_image_network",
]
