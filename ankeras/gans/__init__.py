"""The generative adversarial networks of the lectures, one file a system."""

from ankeras.gans.adversarial import AdversarialModel, TwoOptimizers, decaying_adam
from ankeras.gans.cgan import CGAN
from ankeras.gans.dcgan import get_dcgan
from ankeras.gans.gan import GAN, discriminator_loss, minimax_loss, non_saturating_loss

__all__ = [
    "CGAN",
    "GAN",
    "AdversarialModel",
    "TwoOptimizers",
    "decaying_adam",
    "discriminator_loss",
    "get_dcgan",
    "minimax_loss",
    "non_saturating_loss",
]
