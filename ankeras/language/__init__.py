"""Systems of images and text, one file per system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.language.clip import CLIP, retrieve
from ankeras.language.image_tags import ImageTags, get_tag_discriminator, get_tag_generator
from ankeras.language.text_to_image_gan import TextToImageGAN, get_caption_discriminator

__all__ = [
    "CLIP",
    "ImageTags",
    "TextToImageGAN",
    "get_caption_discriminator",
    "get_tag_discriminator",
    "get_tag_generator",
    "retrieve",
]
