"""Recipes of the classifiers that read images: of digits, two networks, and of faces.

Their training images are drawn with seeds that `data.load` does not use.
"""

import functools

from ankeras import evaluation, pictures
from ankeras.builders.vision_transformer import get_vit
from ankeras.data import digits, faces
from ankeras.data.faces import draw_factors, render
from ankeras.evaluation import ATTRIBUTES, CLASSIFIER_BATCH, CLASSIFIER_RATE, feature_layers
from ankeras.evaluation.classifiers import get_classifier
from ankeras.language.vit import KINDS, class_attention, density_on_strokes
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from keras import layers
from skimage.filters import gaussian

DIGITS_SEED, FACES_SEED = 1000, 2000  # of the training images; the next seed is that of the test
N_TEST = 5_000
N_LOOKED_AT = 1_000  # digits whose attention is compared with their strokes


def get_face_reader(size: int) -> keras.Model:
    """Build the face reader for images of a size in pixels, with one output per attribute."""
    keras.utils.set_random_seed(0)
    image_shape = size, size, 3
    widths = (24, 48, 96) if size == 32 else (16, 32, 64, 128)
    image = layers.Input(image_shape)
    z = feature_layers(image_shape, widths, 128)(image)
    answers = {
        name: layers.Dense(n_classes, activation="softmax", dtype="float32", name=name)(z)
        for name, n_classes in ATTRIBUTES.items()
    }
    return keras.Model(image, answers, name="face_reader")


def _digit_classifier(steps: int) -> keras.Model:
    classifier = get_classifier((28, 28, 1), 10)
    classifier.compile(cosine_adam(steps, CLASSIFIER_RATE), loss="sparse_categorical_crossentropy")
    return classifier


def _vit(steps: int) -> keras.Model:
    model = get_vit((28, 28, 1), 10)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(cosine_adam(steps, 2e-3, warmup=0.05), loss)
    return model


def _face_reader(size: int, steps: int) -> keras.Model:
    reader = get_face_reader(size)
    loss = dict.fromkeys(ATTRIBUTES, "sparse_categorical_crossentropy")
    reader.compile(cosine_adam(steps, CLASSIFIER_RATE), loss=loss)
    return reader


def _digits() -> tuple:
    data = digits(60_000, seed=DIGITS_SEED)
    return data.images, data.labels


def _faces(size: int, n: int) -> tuple:
    factors = draw_factors(n, seed=FACES_SEED)
    wanted = evaluation.true_attributes(factors)
    return worn(render(factors, size)), {name: wanted[name] for name in ATTRIBUTES}


def worn(images: np.ndarray) -> np.ndarray:
    """Return the images, half of them blurred and half noisy, as generated images are.

    Args:
        images: (n, size, size, c). The blur has a standard deviation of 1/80 or 1/46 of the side.
    """
    images = images.copy()
    n, size = images.shape[:2]
    for share, rows in ((1 / 80, slice(0, n // 4)), (1 / 46, slice(n // 4, n // 2))):
        sigma = share * size
        images[rows] = gaussian(images[rows], sigma=(0, sigma, sigma, 0))
    noisy = images[::2]
    noisy += np.random.default_rng(0).normal(0, 0.03, noisy.shape)
    return np.clip(images, 0, 1)


def _digit_figures(classifier: keras.Model) -> Figures:
    test = digits(N_TEST, seed=DIGITS_SEED + 1)
    accuracy = evaluation.conditional_accuracy(classifier, test.images, test.labels)
    return {"accuracy": {"value": accuracy, "by chance": 0.1}}


def _vit_figures(model: keras.Model) -> Figures:
    images = digits(N_LOOKED_AT, seed=DIGITS_SEED + 1).images
    untrained = get_vit((28, 28, 1), 10)
    return _digit_figures(model) | {
        f"density of attention on strokes, {kind}": {
            "value": density_on_strokes(class_attention(model, images, kind), images),
            "untrained": density_on_strokes(class_attention(untrained, images, kind), images),
        }
        for kind in KINDS
    }


def _face_figures(size: int, reader: keras.Model) -> Figures:
    test = faces(N_TEST, seed=FACES_SEED + 1, size=size)
    wanted = evaluation.true_attributes(test.factors)
    found = evaluation.attribute_accuracy(reader, test)
    commonest = {
        name: float(evaluation.frequencies(wanted[name], n).max()) for name, n in ATTRIBUTES.items()
    }
    return {
        f"accuracy, {name}": {"value": share, "always the commonest": commonest[name]}
        for name, share in found.items()
    }


def _digits_read(classifier: keras.Model) -> pictures.Figure:
    images = digits(36, seed=DIGITS_SEED + 1).images
    return pictures.image_grid(images, title="digits that it reads")


def _attention(model: keras.Model) -> pictures.Figure:
    images = digits(10, seed=DIGITS_SEED + 1).images
    maps = {
        kind: pictures.heat_over_images(images, class_attention(model, images, kind))
        for kind in KINDS
    }
    return pictures.reconstructions(images.repeat(3, axis=-1), maps, first="digit")


def _faces_read(size: int, reader: keras.Model) -> pictures.Figure:
    images = faces(24, seed=FACES_SEED + 1, size=size).images
    return pictures.image_grid(images, title="faces that it reads")


def _faces_recipe(name: str, size: int, n: int, epochs: int) -> Recipe:
    return Recipe(
        name=name,
        title=f"reads ten attributes of faces of {size} pixels",
        data=f"{n:,} drawn faces, half of them blurred, half of them noisy",
        draw=functools.partial(_faces, size, n),
        build=functools.partial(_face_reader, size),
        epochs=epochs,
        batch=CLASSIFIER_BATCH,
        figures=functools.partial(_face_figures, size),
        picture=functools.partial(_faces_read, size),
    )


RECIPES = (
    Recipe(
        name="digits-classifier",
        title="reads digits",
        data="60,000 drawn digits",
        draw=_digits,
        build=_digit_classifier,
        epochs=5,
        batch=CLASSIFIER_BATCH,
        figures=_digit_figures,
        picture=_digits_read,
    ),
    Recipe(
        name="digits-vit",
        title="a vision transformer that reads digits",
        data="60,000 drawn digits",
        draw=_digits,
        build=_vit,
        epochs=12,
        batch=64,
        figures=_vit_figures,
        picture=_attention,
    ),
    _faces_recipe("faces-reader-32", 32, 20_000, 12),
    _faces_recipe("faces-reader", 64, 20_000, 12),
)
