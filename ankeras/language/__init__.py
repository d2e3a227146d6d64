"""Systems of images and text, one file per system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.language.clip import CLIP, retrieve
from ankeras.language.image_tags import ImageTags, get_tag_discriminator, get_tag_generator
from ankeras.language.prior import Prior, get_prior_network
from ankeras.language.text_to_image import TextToImage, get_text_to_image_network
from ankeras.language.text_to_image_gan import TextToImageGAN, get_caption_discriminator
from ankeras.language.unclip import UnCLIP, turn

__all__ = [
    "CLIP",
    "ImageTags",
    "Prior",
    "TextToImage",
    "TextToImageGAN",
    "UnCLIP",
    "get_caption_discriminator",
    "get_prior_network",
    "get_tag_discriminator",
    "get_tag_generator",
    "get_text_to_image_network",
    "retrieve",
    "turn",
]
