"""Systems of images and text, one file per system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.builders.attention import attention, attention_weights
from ankeras.builders.transformer import (
    get_language_model,
    get_sequence_to_sequence,
    get_text_encoder,
)
from ankeras.builders.vision_transformer import get_vit
from ankeras.language.clip import CLIP, retrieve
from ankeras.language.image_tags import ImageTags, get_tag_discriminator, get_tag_generator
from ankeras.language.language_model import LanguageModel
from ankeras.language.prior import Prior, get_prior_network
from ankeras.language.sequence_to_sequence import SequenceToSequence
from ankeras.language.text_to_image import TextToImage, get_text_to_image_network
from ankeras.language.text_to_image_gan import TextToImageGAN, get_caption_discriminator
from ankeras.language.unclip import UnCLIP, turn
from ankeras.language.vit import class_attention, density_on_strokes, rollout

__all__ = [
    "CLIP",
    "ImageTags",
    "LanguageModel",
    "Prior",
    "SequenceToSequence",
    "TextToImage",
    "TextToImageGAN",
    "UnCLIP",
    "attention",
    "attention_weights",
    "class_attention",
    "density_on_strokes",
    "get_caption_discriminator",
    "get_language_model",
    "get_prior_network",
    "get_sequence_to_sequence",
    "get_tag_discriminator",
    "get_tag_generator",
    "get_text_encoder",
    "get_text_to_image_network",
    "get_vit",
    "retrieve",
    "rollout",
    "turn",
]
