"""Recipes of the models of digits that have a likelihood: a PixelCNN by class, and a flow."""

import functools
from typing import Any

from ankeras import evaluation
from ankeras.data import digits
from ankeras.likelihood import (
    Flow,
    PixelCNN,
    binarise,
    bits_per_dimension,
    get_flow,
    get_pixelcnn,
    quantise,
)
from ankeras.recipes.digits import (
    N_CLASSES,
    N_SAMPLES,
    N_TRAIN,
    SHAPE,
    by_class,
    samples_of,
    test_digits,
)
from ankeras.recipes.figures import of_samples
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import numpy as np
from scipy.special import logsumexp

LEVELS = 256
N_READ = 400  # of the test digits
N_FIRST = 300  # digits that a flow is initialized with


def _binary_digits() -> tuple:
    data = digits(N_TRAIN, seed=0)
    return binarise(data.images, seed=0), data.labels


def _pixelcnn(steps: int) -> PixelCNN:
    model = PixelCNN(get_pixelcnn(SHAPE, condition_dim=N_CLASSES))
    model.compile(cosine_adam(steps, 3e-3, warmup=0.02))
    return model


def _pixelcnn_figures(model: PixelCNN) -> Figures:
    test = test_digits()
    x, labels = binarise(test.images[:N_READ], seed=1), np.asarray(test.labels)[:N_READ]
    joint = model.log_joint(x)
    frequency = binarise(test.images, seed=2).mean(axis=0).clip(0.001, 0.999)
    independent = -np.sum(x * np.log(frequency) + (1 - x) * np.log(1 - frequency), axis=(1, 2, 3))
    return {
        "-log p(x), nats per image": {
            "value": float(-logsumexp(joint, axis=1).mean()),
            "given the class": float(
                -joint[np.arange(len(x)), labels].mean() - np.log(model.n_classes)
            ),
            "pixels independent of each other": float(independent.mean()),
        },
        "share of digits whose own class is the likeliest": {
            "value": float(np.mean(joint.argmax(axis=1) == labels)),
            "by chance": 1 / model.n_classes,
        },
    }


@functools.cache  # the training and the initialization of the flow read the same digits
def _levels() -> tuple:
    return (quantise(digits(N_TRAIN, seed=0).images, LEVELS),)


def _flow(steps: int) -> Flow:
    model = Flow(get_flow(SHAPE, mixing=True), levels=LEVELS)
    model.initialize(_levels()[0][:N_FIRST])
    model.compile(cosine_adam(steps, 8e-3, warmup=0.02, clip=500.0))
    return model


def _flow_figures(model: Flow) -> Figures:
    test = test_digits()
    x = quantise(test.images[:N_READ], LEVELS)
    bits = bits_per_dimension(float(-model.log_likelihood(x).mean()), SHAPE)
    samples = model.generate(N_SAMPLES)
    return {
        "bits per dimension": {"value": float(bits), "levels equally likely": np.log2(LEVELS)},
        **of_samples(evaluation.digit_classifier(), test.images, samples),
    }


def _recipe(name: str, title: str, **others: Any) -> Recipe:
    return Recipe(name, title, f"{N_TRAIN:,} drawn digits, {others.pop('values')}", **others)


RECIPES = (
    _recipe(
        "digits-pixelcnn",
        "a PixelCNN of digits by class",
        values="each pixel drawn once as 0 or 1",
        draw=_binary_digits,
        build=_pixelcnn,
        epochs=4,
        batch=16,
        figures=_pixelcnn_figures,
        picture=by_class,
    ),
    _recipe(
        "digits-flow",
        "a normalizing flow of digits",
        values="256 levels",
        draw=_levels,
        build=_flow,
        epochs=9,
        batch=16,
        figures=_flow_figures,
        picture=samples_of,
    ),
)
