"""The recipe of the fully convolutional BiGAN of a brick wall."""

import functools

from ankeras import pictures
from ankeras.anomaly import anomaly_maps, roc_auc
from ankeras.data import Anomalies, anomalies, crops, texture
from ankeras.gans import FCBiGAN
from ankeras.gans.fc_bigan import get_fc_discriminator, get_fc_encoder, get_fc_generator
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import numpy as np

WIDTHS, LATENT_DIM = (16, 32, 64), 16
N_TRAIN = 6_400


def _patches() -> tuple:
    return (crops(texture("brick", "train"), N_TRAIN, 64),)


@functools.cache
def _damaged() -> Anomalies:
    return anomalies("brick", 10, seed=7)


def _fc_bigan(steps: int) -> FCBiGAN:
    model = FCBiGAN(
        get_fc_generator(LATENT_DIM, widths=WIDTHS),
        get_fc_discriminator(1, LATENT_DIM, widths=WIDTHS),
        get_fc_encoder(1, LATENT_DIM, widths=WIDTHS),
        lam=1.0,
    )
    model.compile(*(cosine_adam(steps, rate, beta_1=0.5, end=0.02) for rate in (1e-3, 1e-3)))
    return model


def _figures(model: FCBiGAN) -> Figures:
    found = anomaly_maps(model, np.asarray(_damaged().images))
    wall = np.asarray(_damaged().images)[np.array(_damaged().kinds) == "good"]
    drawn = model.generate(len(wall), seed=1, size=wall.shape[1:3])
    return {
        "area under the ROC curve of the pixels": {
            "value": roc_auc(found.score, np.asarray(_damaged().masks)),
            "by chance": 0.5,
        },
        "standard deviation of the pixels that G draws": {
            "value": float(drawn.std()),
            "of the wall": float(wall.std()),
        },
    }


def _wall(model: FCBiGAN) -> pictures.Figure:
    return pictures.image_grid(model.generate(4, seed=1, size=(128, 128)), columns=2)


RECIPES = (
    Recipe(
        name="brick-fc-bigan",
        title="a fully convolutional BiGAN of a brick wall",
        data=f"{N_TRAIN:,} patches of 64x64 pixels from a photograph of a brick wall",
        draw=_patches,
        build=_fc_bigan,
        epochs=40,
        batch=32,
        figures=_figures,
        picture=_wall,
    ),
)
