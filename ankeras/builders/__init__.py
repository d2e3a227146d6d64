"""What builds networks: the lecture's builders, one file for each family of networks."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.builders.blocks import synchronize_batch_norm
from ankeras.builders.classifier import get_classifier
from ankeras.builders.encoder_decoder import get_autoencoder, get_decoder, get_encoder
from ankeras.builders.generator_discriminator import (
    gan_widths,
    get_discriminator,
    get_generator,
)

__all__ = [
    "gan_widths",
    "get_autoencoder",
    "get_classifier",
    "get_decoder",
    "get_discriminator",
    "get_encoder",
    "get_generator",
    "synchronize_batch_norm",
]
