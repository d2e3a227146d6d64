"""The systems whose speed is measured, on a processor and on a GPU."""

from collections.abc import Callable

from ankeras.autoencoders import VAE
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.gans import CGAN, WGANGP, BiGAN, get_dcgan
from ankeras.gans.bigan import get_pair_discriminator

import keras

DIGIT, FACE = (28, 28, 1), (64, 64, 3)

# Not compiled; those with "faces" in their name draw FACE, the others DIGIT.
SYSTEMS: dict[str, Callable[[], keras.Model]] = {
    "VAE": lambda: VAE(get_encoder(DIGIT, 40), get_decoder(20, DIGIT, upsampling="transposed")),
    "DCGAN": lambda: get_dcgan(DIGIT),
    "CGAN": lambda: CGAN(
        get_generator(16, DIGIT, condition_dim=10), get_discriminator(DIGIT, condition_dim=10)
    ),
    "WGAN-GP": lambda: WGANGP(
        get_generator(64, DIGIT), get_discriminator(DIGIT, batch_norm=False), k=1
    ),
    "BiGAN": lambda: BiGAN(
        get_generator(16, DIGIT), get_pair_discriminator(DIGIT, 16), get_encoder(DIGIT, 16)
    ),
    "DCGAN, faces of 64 pixels": lambda: get_dcgan(FACE),
}
