"""Recipes of the GAN variants on digits: the same steps for all of them, and similar networks.

Notebook 10 compares them. Three differ: the cost of the energy-based GAN is an autoencoder, the
discriminator of the BiGAN reads pairs, and that of InfoGAN has half the learning rate.
"""

import functools
from collections.abc import Callable
from typing import Any

from ankeras import evaluation, pictures
from ankeras.builders import get_autoencoder, get_discriminator, get_encoder, get_generator
from ankeras.gans import (
    ACGAN,
    EBGAN,
    GAN,
    LSGAN,
    WGAN,
    WGANGP,
    AdversarialGame,
    BiGAN,
    HingeGAN,
    InfoGAN,
)
from ankeras.gans.bigan import get_pair_discriminator
from ankeras.recipes.digits import N_SAMPLES, N_TRAIN, drawn_digits, test_digits
from ankeras.recipes.figures import of_samples
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np

SHAPE, LATENT_DIM, N_CLASSES = (28, 28, 1), 16, 10
EPOCHS, BATCH = 4, 64
N_CODES = N_CLASSES + 2  # of InfoGAN: a category and two numbers


def _players(code: int | None = None, **options: Any) -> tuple[keras.Model, keras.Model]:
    return (
        get_generator(LATENT_DIM, SHAPE, condition_dim=code),
        get_discriminator(SHAPE, **options),
    )


SYSTEMS: dict[str, tuple[str, Callable[[], AdversarialGame]]] = {
    "gan": ("a GAN, non-saturating", lambda: GAN(*_players(), r1=0.1)),
    "lsgan": ("a least-squares GAN", lambda: LSGAN(*_players(), r1=0.1)),
    "wgan": (
        "a Wasserstein GAN with clipped weights",
        lambda: WGAN(*_players(batch_norm=False), k=1, c=0.05),
    ),
    "wgan-gp": (
        "a Wasserstein GAN with gradient penalty",
        lambda: WGANGP(*_players(batch_norm=False), k=1),
    ),
    "hinge-gan": ("a hinge GAN", lambda: HingeGAN(*_players(batch_norm=False), r1=0.1)),
    "hinge-gan-spectral": (
        "a hinge GAN with spectral normalization",
        lambda: HingeGAN(*_players(batch_norm=False, spectral_norm=True)),
    ),
    "ebgan": (
        "an energy-based GAN",
        lambda: EBGAN(
            get_generator(LATENT_DIM, SHAPE),
            get_autoencoder(SHAPE, latent_dim=LATENT_DIM, kind="mlp", widths=(256,)),
            m=10.0,
        ),
    ),
    "bigan": (
        "a BiGAN, with an encoder",
        lambda: BiGAN(
            get_generator(LATENT_DIM, SHAPE),
            get_pair_discriminator(SHAPE, LATENT_DIM),
            get_encoder(SHAPE, LATENT_DIM),
        ),
    ),
    "acgan": (
        "an AC-GAN, whose discriminator also reads the class",
        lambda: ACGAN(*_players(N_CLASSES, auxiliary=N_CLASSES), r1=0.1),
    ),
    "infogan": (
        "an InfoGAN, whose codes can be read from the images",
        lambda: InfoGAN(*_players(N_CODES, auxiliary=N_CODES), r1=0.1),
    ),
}


def _build(name: str, steps: int) -> AdversarialGame:
    model = SYSTEMS[name][1]()
    rate = 5e-4 if name == "infogan" else 1e-3
    model.compile(*(cosine_adam(steps, each, beta_1=0.5, end=0.02) for each in (rate, 1e-3)))
    return model


def _draw(name: str) -> tuple:
    (data,) = drawn_digits()
    return (data.images, data.labels) if name == "acgan" else (data.images,)


def _figures(model: AdversarialGame) -> Figures:
    samples = model.generate(N_SAMPLES)
    classifier = evaluation.digit_classifier()
    classes = evaluation.probabilities(classifier, samples)["class"].argmax(axis=1)
    rarest = float(evaluation.frequencies(classes, N_CLASSES).min())
    labels = test_digits().labels
    of_data = float(evaluation.frequencies(np.asarray(labels), N_CLASSES).min())
    return {
        **of_samples(classifier, test_digits().images, samples),
        "share of the rarest class": {"value": rarest, "real images": of_data},
    }


def _samples(model: AdversarialGame) -> pictures.Figure:
    return pictures.image_grid(model.generate(100, seed=1))


RECIPES = tuple(
    Recipe(
        name=f"digits-{name}",
        title=f"{title}, of digits",
        data=f"{N_TRAIN:,} drawn digits",
        draw=functools.partial(_draw, name),
        build=functools.partial(_build, name),
        epochs=EPOCHS,
        batch=BATCH,
        figures=_figures,
        picture=_samples,
        average="generator",
    )
    for name, (title, _) in SYSTEMS.items()
)
