"""Recipes of the models of digits, trained on digits that the package draws."""

import functools
from typing import Any

from ankeras import evaluation, latent, pictures
from ankeras.autoencoders import VAE, log_likelihood
from ankeras.builders import (
    get_autoencoder,
    get_decoder,
    get_discriminator,
    get_encoder,
    get_generator,
)
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.data import Dataset, digits
from ankeras.diffusion import GuidedDDPM
from ankeras.gans import CGAN
from ankeras.recipes.figures import of_reconstructions, of_samples
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np

SHAPE, N_CLASSES = (28, 28, 1), 10
N_TRAIN, N_TEST, N_SAMPLES = 60_000, 4_000, 2_000
WIDTHS = (32, 64, 128)


def drawn_digits() -> tuple:
    """Return the training images, as the only argument of `fit`."""
    return (digits(N_TRAIN, seed=0),)


@functools.cache
def test_digits() -> Dataset:
    """Return the test images."""
    return digits(N_TEST, seed=1)


def _vae(d: int, steps: int) -> VAE:
    model = VAE(
        get_encoder(SHAPE, 2 * d, widths=WIDTHS),
        get_decoder(d, SHAPE, widths=WIDTHS, upsampling="transposed"),
    )
    model.compile(cosine_adam(steps, 4e-3, warmup=0.02))
    return model


def _images_twice() -> tuple:
    images = digits(N_TRAIN, seed=0).images
    return images, images


def _autoencoder(steps: int) -> keras.Model:
    model = get_autoencoder(SHAPE, latent_dim=2, widths=WIDTHS, upsampling="transposed")
    model.compile(cosine_adam(steps, 3e-3, warmup=0.02), loss="mse")
    return model


def _cgan(steps: int) -> CGAN:
    model = CGAN(
        get_generator(16, SHAPE, condition_dim=N_CLASSES),
        get_discriminator(SHAPE, batch_norm=False, condition_dim=N_CLASSES),
        r1=0.1,
    )
    model.compile(*(cosine_adam(steps, beta_1=0.5, end=0.02) for _ in range(2)))
    return model


def _diffusion(steps: int) -> GuidedDDPM:
    model = GuidedDDPM(get_diffusion_unet(SHAPE, n_blocks=2, condition_dim=N_CLASSES))
    model.compile(cosine_adam(steps, 2e-3, warmup=0.02))
    return model


def _vae_figures(model: VAE) -> Figures:
    model.compile()  # loaded without an optimizer, but `evaluate` asks for one
    found = model.evaluate(test_digits().images, batch_size=500, verbose=0, return_dict=True)
    likelihood = log_likelihood(model, test_digits().images[:500], k=100)
    samples = model.generate(N_SAMPLES)
    return {
        "-ELBO, nats per image": {
            "value": found["loss"],
            "-log p(x) by 100 samples": -likelihood,
        },
        "KL divergence, nats per image": {"value": found["kl"]},
        **of_samples(evaluation.digit_classifier(), test_digits().images, samples),
    }


def _autoencoder_figures(model: keras.Model) -> Figures:
    test = test_digits().images
    x_hat = model.predict(test, verbose=0)
    return of_reconstructions(digits(5_000, seed=2).images, test, x_hat, 2)


def _cgan_figures(model: CGAN) -> Figures:
    wanted = np.arange(N_SAMPLES) % N_CLASSES
    return _of_classes(model.generate_for(wanted), wanted)


def _diffusion_figures(model: GuidedDDPM) -> Figures:
    wanted = np.arange(N_SAMPLES // 2) % N_CLASSES  # its samples take longer than those of others
    return _of_classes(model.generate_for(wanted, guidance=1.5), wanted)


def _of_classes(samples: np.ndarray, wanted: np.ndarray) -> Figures:
    classifier, test = evaluation.digit_classifier(), test_digits()
    accuracy = evaluation.conditional_accuracy(classifier, samples, wanted)
    of_real = evaluation.conditional_accuracy(classifier, test.images, test.labels)
    return {
        "share of the class asked for": {"value": accuracy, "real images": of_real},
        **of_samples(classifier, test.images, samples),
    }


def _populated_plane(model: keras.Model) -> pictures.Figure:
    box = latent.populated_box(latent.encode(model.get_layer("encoder"), test_digits().images))
    return pictures.image_grid(latent.grid(model.get_layer("decoder"), *box, n=14))


def _plane(model: VAE) -> pictures.Figure:
    return pictures.image_grid(latent.quantile_grid(model.generator, 14))


def samples_of(model: Any) -> pictures.Figure:
    """Return a picture of 100 samples of a model."""
    return pictures.image_grid(model.generate(100, seed=1))


def by_class(model: Any) -> pictures.Figure:
    """Return a picture of twelve samples of each class."""
    images = model.generate_for(np.repeat(np.arange(N_CLASSES), 12), seed=1)
    return pictures.image_grid(images.reshape(N_CLASSES, 12, *SHAPE))


def _recipe(name: str, title: str, build: Any, epochs: int, batch: int, **others: Any) -> Recipe:
    fixed = {"draw": drawn_digits, "data": f"{N_TRAIN:,} drawn digits", **others}
    return Recipe(name, title, build=build, epochs=epochs, batch=batch, **fixed)


RECIPES = (
    _recipe(
        "digits-autoencoder-2",
        "an autoencoder of digits with a latent plane, d = 2",
        _autoencoder,
        12,
        200,
        draw=_images_twice,
        figures=_autoencoder_figures,
        picture=_populated_plane,
    ),
    _recipe(
        "digits-vae-2",
        "a VAE of digits with a latent plane, d = 2",
        functools.partial(_vae, 2),
        30,
        200,
        figures=_vae_figures,
        picture=_plane,
    ),
    _recipe(
        "digits-vae",
        "a VAE of digits, d = 20",
        functools.partial(_vae, 20),
        30,
        200,
        figures=_vae_figures,
        picture=samples_of,
    ),
    _recipe(
        "digits-cgan",
        "a conditional GAN of digits",
        _cgan,
        10,
        64,
        figures=_cgan_figures,
        picture=by_class,
        average="generator",
    ),
    _recipe(
        "digits-diffusion",
        "a diffusion model of digits by class",
        _diffusion,
        16,
        64,
        figures=_diffusion_figures,
        picture=by_class,
        average="network",
    ),
)
