"""The generative adversarial networks of the lectures, one file per system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.gans.acgan import ACGAN
from ankeras.gans.bigan import BiGAN
from ankeras.gans.cgan import CGAN
from ankeras.gans.dcgan import get_dcgan
from ankeras.gans.ebgan import EBGAN
from ankeras.gans.fc_bigan import FCBiGAN
from ankeras.gans.gan import (
    GAN,
    AdversarialGame,
    discriminator_loss,
    minimax_loss,
    non_saturating_loss,
)
from ankeras.gans.hinge import HingeGAN
from ankeras.gans.infogan import InfoGAN
from ankeras.gans.lsgan import LSGAN
from ankeras.gans.two_players import TwoPlayers
from ankeras.gans.wgan import WGAN
from ankeras.gans.wgan_gp import WGANGP

__all__ = [
    "ACGAN",
    "CGAN",
    "EBGAN",
    "GAN",
    "LSGAN",
    "WGAN",
    "WGANGP",
    "AdversarialGame",
    "BiGAN",
    "FCBiGAN",
    "HingeGAN",
    "InfoGAN",
    "TwoPlayers",
    "discriminator_loss",
    "get_dcgan",
    "minimax_loss",
    "non_saturating_loss",
]
