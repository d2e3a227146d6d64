"""Recipes of the models of faces, trained on faces of 64 pixels that the package draws."""

import functools
from typing import Any

from ankeras import evaluation, latent, pictures
from ankeras.autoencoders import DFCVAE, VAE, encode_posterior
from ankeras.builders import (
    get_autoencoder,
    get_discriminator,
    get_encoder,
    get_generator,
)
from ankeras.builders.feature_network import get_feature_network
from ankeras.data import Dataset, faces
from ankeras.gans import GAN
from ankeras.recipes.figures import of_reconstructions, of_samples
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np

SHAPE, LATENT_DIM = (64, 64, 3), 64
N_TRAIN, N_TEST, N_SAMPLES = 20_000, 3_000, 1_500
WIDTHS = (16, 32, 64, 128)


def _faces() -> tuple:
    return (faces(N_TRAIN, seed=0),)


def _faces_twice() -> tuple:
    images = faces(N_TRAIN, seed=0).images
    return images, images


@functools.cache
def _test() -> Dataset:
    return faces(N_TEST, seed=1)


def _vae(steps: int) -> DFCVAE:
    phi = get_feature_network(evaluation.face_reader(64), faces(200, seed=5).images)
    # The generator of a DCGAN as decoder: its kernels of 4 leave no checkerboard.
    model = DFCVAE(
        get_encoder(SHAPE, 2 * LATENT_DIM, widths=WIDTHS),
        get_generator(LATENT_DIM, SHAPE, widths=WIDTHS),
        phi,
        alpha=1000.0,
        pixels=1.0,
        beta=0.2,
    )
    model.compile(cosine_adam(steps, 3e-3, warmup=0.02))
    return model


def _without_features(model: DFCVAE) -> VAE:
    """Return the VAE alone: only the training needs the feature network."""
    return VAE(model.encoder, model.decoder, beta=model.beta)


def _autoencoder(steps: int) -> keras.Model:
    model = get_autoencoder(SHAPE, latent_dim=LATENT_DIM, widths=WIDTHS, upsampling="transposed")
    model.compile(cosine_adam(steps, 3e-3, warmup=0.02), loss="mse")
    return model


def _dcgan(steps: int) -> GAN:
    model = GAN(
        get_generator(LATENT_DIM, SHAPE, widths=WIDTHS),
        get_discriminator(SHAPE, widths=WIDTHS, batch_norm=False, minibatch_std=True),
        r1=2.0,
    )
    model.compile(*(cosine_adam(steps, 1e-3, beta_1=0.5, end=0.02) for _ in range(2)))
    return model


def _read(x_hat: np.ndarray) -> Figures:
    """Return how often the attributes of the test images are found in their reconstructions."""
    drawn = Dataset(x_hat, {"factors": _test().targets["factors"]})
    found, of_test = (
        evaluation.attribute_accuracy(evaluation.face_reader(64), data) for data in (drawn, _test())
    )
    return {
        f"{name} is read from reconstructions": {
            "value": found[name],
            "from the images": of_test[name],
        }
        for name in evaluation.ATTRIBUTES
    }


def _vae_figures(model: VAE) -> Figures:
    z, _ = encode_posterior(model, _test().images)
    x_hat = latent.decode(model.generator, z)
    samples = model.generate(N_SAMPLES)
    return {
        **of_reconstructions(faces(2_000, seed=2).images, _test().images, x_hat, LATENT_DIM),
        **_read(x_hat),
        **of_samples(evaluation.face_reader(64), _test().images, samples),
    }


def _autoencoder_figures(model: keras.Model) -> Figures:
    x_hat = model.predict(_test().images, verbose=0)
    found = of_reconstructions(faces(2_000, seed=2).images, _test().images, x_hat, LATENT_DIM)
    return {**found, **_read(x_hat)}


def _dcgan_figures(model: GAN) -> Figures:
    return of_samples(evaluation.face_reader(64), _test().images, model.generate(N_SAMPLES))


def _samples(model: Any) -> pictures.Figure:
    return pictures.image_grid(model.generate(40, seed=1), columns=10)


def _reconstructions(model: keras.Model) -> pictures.Figure:
    images = _test().images[:10]
    return pictures.reconstructions(images, {"autoencoder": model.predict(images, verbose=0)}, n=10)


def _recipe(name: str, title: str, draw: Any, build: Any, epochs: int, **others: Any) -> Recipe:
    data = f"{N_TRAIN:,} drawn faces of 64 pixels"
    return Recipe(name, title, data, draw, build, epochs, batch=100, **others)


RECIPES = (
    _recipe(
        "faces-vae",
        "a VAE of faces, d = 64, trained with the features of the face reader",
        _faces,
        _vae,
        60,
        figures=_vae_figures,
        picture=_samples,
        keep=_without_features,
    ),
    _recipe(
        "faces-autoencoder",
        "an autoencoder of faces, d = 64",
        _faces_twice,
        _autoencoder,
        30,
        figures=_autoencoder_figures,
        picture=_reconstructions,
    ),
    _recipe(
        "faces-dcgan",
        "a DCGAN of faces, d = 64",
        _faces,
        _dcgan,
        60,
        figures=_dcgan_figures,
        picture=_samples,
        average="generator",
    ),
)
