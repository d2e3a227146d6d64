"""Every system of this package: one row each. The tests and the README read this table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ankeras import autoencoders as ae
from ankeras import gans
from ankeras.builders import (
    get_autoencoder,
    get_decoder,
    get_discriminator,
    get_encoder,
    get_generator,
)
from ankeras.gans.bigan import get_pair_discriminator
from ankeras.gans.fc_bigan import get_fc_discriminator, get_fc_encoder, get_fc_generator

import keras

TINY_SHAPE, TINY_LATENT_DIM, TINY_CLASSES = (12, 12, 1), 3, 2


@dataclass(frozen=True)
class System:
    """One system of the lectures.

    Attributes:
        name: what the lectures call it.
        api: the class or function, as it is imported from the package.
        file: where it is defined, from the root of the repository.
        lecture: short name of the lecture, and its section.
        paper: first author and year, where the lecture follows a paper; else "".
        tiny: builds it for TINY_SHAPE images with a code of TINY_LATENT_DIM, uncompiled.
        notebook: number of the notebook that shows it.
        learns_from: what `fit` is given: "x, x" (images are their own targets), "x" (images) or
            "x, y" (images with labels of TINY_CLASSES classes).
    """

    name: str
    api: str
    file: str
    lecture: str
    paper: str
    tiny: Callable[[], keras.Model]
    notebook: str
    learns_from: str = "x, x"


def _players(code: int = TINY_LATENT_DIM, n_classes: int = 0) -> dict[str, keras.Model]:
    return {
        "encoder": get_encoder(_with_channels(n_classes), code, widths=(4, 8)),
        "decoder": get_decoder(TINY_LATENT_DIM + n_classes, TINY_SHAPE, widths=(4, 8)),
    }


def _gan(n_classes: int = 0, **options: Any) -> dict[str, keras.Model]:
    return {
        "generator": get_generator(TINY_LATENT_DIM + n_classes, TINY_SHAPE, **options),
        "discriminator": get_discriminator(_with_channels(n_classes), **options),
    }


def _with_channels(n: int) -> tuple[int, ...]:
    *sides, channels = TINY_SHAPE
    return (*sides, channels + n)


SYSTEMS = (
    System(
        "autoencoder",
        "get_autoencoder",
        "ankeras/builders/encoder_decoder.py",
        "AN2DL, Autoencoders",
        "",
        lambda: get_autoencoder(TINY_SHAPE, latent_dim=TINY_LATENT_DIM, widths=(4, 8)),
        "01",
    ),
    System(
        "linear autoencoder (PCA)",
        "get_linear_autoencoder",
        "ankeras/autoencoders/linear.py",
        "AE, under-complete autoencoders",
        "Baldi 1989",
        lambda: ae.get_linear_autoencoder(TINY_SHAPE, latent_dim=TINY_LATENT_DIM),
        "01",
    ),
    System(
        "tied weights",
        "TiedAutoencoder",
        "ankeras/autoencoders/tied.py",
        "DLSP, Autoencoder",
        "",
        lambda: ae.TiedAutoencoder(TINY_SHAPE, TINY_LATENT_DIM, widths=(16,)),
        "01",
    ),
    System(
        "over-complete autoencoder",
        "get_overcomplete_autoencoder",
        "ankeras/autoencoders/overcomplete.py",
        "AE; DLSP, Under-/over-complete hidden layer",
        "",
        lambda: ae.get_overcomplete_autoencoder(TINY_SHAPE),
        "01",
    ),
    System(
        "sparse autoencoder",
        "SparseAutoencoder",
        "ankeras/autoencoders/sparse.py",
        "AE, Sparse Autoencoders",
        "",
        lambda: ae.SparseAutoencoder(**_players(), lam=0.1),
        "01",
    ),
    System(
        "denoising autoencoder",
        "DenoisingAutoencoder",
        "ankeras/autoencoders/denoising.py",
        "AE; DLSP, Denoising autoencoder",
        "Vincent 2008",
        lambda: ae.DenoisingAutoencoder(**_players()),
        "01",
    ),
    System(
        "contractive autoencoder",
        "ContractiveAutoencoder",
        "ankeras/autoencoders/contractive.py",
        "AE; DLSP, Contractive autoencoder",
        "Rifai 2011",
        lambda: ae.ContractiveAutoencoder(**_players(), lam=0.1),
        "01",
    ),
    System(
        "Gaussian code",
        "GaussianCodeAutoencoder",
        "ankeras/autoencoders/regularized.py",
        "AN2DL, Autoencoders (regularization)",
        "",
        lambda: ae.GaussianCodeAutoencoder(**_players(), lam=0.1),
        "02",
    ),
    System(
        "smooth reconstruction",
        "SmoothAutoencoder",
        "ankeras/autoencoders/regularized.py",
        "AN2DL, Autoencoders (regularization)",
        "",
        lambda: ae.SmoothAutoencoder(**_players(), lam=0.1),
        "01",
    ),
    System(
        "sharp edges",
        "SharpAutoencoder",
        "ankeras/autoencoders/regularized.py",
        "AN2DL, Autoencoders (regularization)",
        "Mathieu 2016",
        lambda: ae.SharpAutoencoder(**_players(), lam=0.1),
        "01",
    ),
    System(
        "variational autoencoder",
        "VAE",
        "ankeras/autoencoders/vae.py",
        "NOTES 14; DLSP, Variational auto-encoder; ATIV; AE",
        "Kingma 2014",
        lambda: ae.VAE(**_players(2 * TINY_LATENT_DIM)),
        "04",
        "x",
    ),
    System(
        "conditional VAE",
        "CVAE",
        "ankeras/autoencoders/cvae.py",
        "NOTES 16, Conditional VAE",
        "Sohn 2015",
        lambda: ae.CVAE(**_players(2 * TINY_LATENT_DIM, TINY_CLASSES)),
        "09",
        "x, y",
    ),
    System(
        "GAN",
        "GAN",
        "ankeras/gans/gan.py",
        "AN2DL, The GAN solution; NOTES 15; ATIV; AE",
        "Goodfellow 2014",
        lambda: gans.GAN(**_gan(kind="mlp", widths=(16,))),
        "05",
        "x",
    ),
    System(
        "DCGAN",
        "get_dcgan",
        "ankeras/gans/dcgan.py",
        "ATIV, Architecture guidelines; AE; AN2DL, DC-GAN",
        "Radford 2016",
        lambda: gans.GAN(**_gan(widths=(4, 8)), r1=1.0),
        "06",
        "x",
    ),
    System(
        "conditional GAN",
        "CGAN",
        "ankeras/gans/cgan.py",
        "AN2DL, Intuition behind Conditional GANs; NOTES 16; ATIV",
        "Mirza 2014",
        lambda: gans.CGAN(**_gan(TINY_CLASSES, widths=(4, 8))),
        "09",
        "x, y",
    ),
    System(
        "least squares GAN",
        "LSGAN",
        "ankeras/gans/lsgan.py",
        "AN2DL, GAN has been a very active research field",
        "Mao 2017",
        lambda: gans.LSGAN(**_gan(widths=(4, 8))),
        "10",
        "x",
    ),
    System(
        "Wasserstein GAN",
        "WGAN",
        "ankeras/gans/wgan.py",
        "AN2DL, GAN has been a very active research field",
        "Arjovsky 2017",
        lambda: gans.WGAN(**_gan(widths=(4, 8)), k=1),
        "10",
        "x",
    ),
    System(
        "Wasserstein GAN with gradient penalty",
        "WGANGP",
        "ankeras/gans/wgan_gp.py",
        "AN2DL, GAN has been a very active research field",
        "Gulrajani 2017",
        lambda: gans.WGANGP(**_gan(kind="mlp", widths=(16,)), k=1),
        "10",
        "x",
    ),
    System(
        "hinge GAN",
        "HingeGAN",
        "ankeras/gans/hinge.py",
        "AN2DL, The GAN ZOO",
        "Lim 2017",
        lambda: gans.HingeGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
            get_discriminator(TINY_SHAPE, widths=(4, 8), batch_norm=False, spectral_norm=True),
        ),
        "10",
        "x",
    ),
    System(
        "energy-based GAN",
        "EBGAN",
        "ankeras/gans/ebgan.py",
        "DLSP, Generative adversarial network",
        "Zhao 2017",
        lambda: gans.EBGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
            get_autoencoder(TINY_SHAPE, latent_dim=TINY_LATENT_DIM, widths=(4, 8)),
        ),
        "10",
        "x",
    ),
    System(
        "auxiliary classifier GAN",
        "ACGAN",
        "ankeras/gans/acgan.py",
        "NOTES 16, AC-GAN Loss Function",
        "Odena 2017",
        lambda: gans.ACGAN(
            get_generator(TINY_LATENT_DIM + TINY_CLASSES, TINY_SHAPE, widths=(4, 8)),
            get_discriminator(TINY_SHAPE, widths=(4, 8), auxiliary=TINY_CLASSES),
        ),
        "10",
        "x, y",
    ),
    System(
        "InfoGAN",
        "InfoGAN",
        "ankeras/gans/infogan.py",
        "NOTES 16, AC-GAN Loss Function",
        "Chen 2016",
        lambda: gans.InfoGAN(
            get_generator(TINY_LATENT_DIM + TINY_CLASSES + 1, TINY_SHAPE, widths=(4, 8)),
            get_discriminator(TINY_SHAPE, widths=(4, 8), auxiliary=TINY_CLASSES + 1),
            n_classes=TINY_CLASSES,
        ),
        "10",
        "x",
    ),
    System(
        "bidirectional GAN",
        "BiGAN",
        "ankeras/gans/bigan.py",
        "AN2DL, Bidirectional GANs (BiGANs)",
        "Donahue 2017",
        lambda: gans.BiGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
            get_pair_discriminator(TINY_SHAPE, TINY_LATENT_DIM, widths=(4, 8), hidden=(8,)),
            get_encoder(TINY_SHAPE, TINY_LATENT_DIM, widths=(4, 8)),
        ),
        "11",
        "x",
    ),
    System(
        "fully convolutional BiGAN",
        "FCBiGAN",
        "ankeras/gans/fc_bigan.py",
        "AN2DL, Fully Convolutional Anomaly Detection by GANs",
        "",
        lambda: gans.FCBiGAN(
            get_fc_generator(TINY_LATENT_DIM, TINY_SHAPE[-1], widths=(4, 8)),
            get_fc_discriminator(TINY_SHAPE[-1], TINY_LATENT_DIM, widths=(4, 8)),
            get_fc_encoder(TINY_SHAPE[-1], TINY_LATENT_DIM, widths=(4, 8)),
        ),
        "11",
        "x",
    ),
)


def markdown_table() -> str:
    """Return the table of systems as it stands in the README."""
    rows = [
        f"| {s.name} | [`{s.api}`]({s.file}) | {s.lecture} | {s.paper or '-'} | {s.notebook} |"
        for s in SYSTEMS
    ]
    return "\n".join(
        ["| system | in the package | lecture | paper | notebook |", "|---|---|---|---|---|", *rows]
    )
