"""The digit classifier and the face reader, which read generated images.

Both are trained once on images drawn by `ankeras.data`, with seeds that `load` does not use. They
are kept in ~/.keras/ankeras (or below KERAS_HOME). The name of a file contains a hash of the code
that made it, so a different version of that code never loads it.

    print(evaluation.evaluate_samples(evaluation.digit_classifier(), real, fake))
    hats = evaluation.read_attributes(evaluation.face_reader(), images)["hat"]
"""

import hashlib
import inspect
import math
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ankeras.data import Dataset, digits, face_layers, faces
from ankeras.data.faces import BINARY, CATEGORIES, draw_factors, render
from ankeras.evaluation.classifiers import (
    CLASSIFIER_BATCH,
    CLASSIFIER_RATE,
    conditional_accuracy,
    feature_layers,
    probabilities,
    train_classifier,
)
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from keras import layers
from skimage.filters import gaussian

FACE_SIZE = 32  # pixels; of larger faces, blocks of pixels are averaged
SKIN_TONES = ("fair", "medium", "dark")  # thirds of the factor skin
# The colour of the eyes is left out: in 32 pixels, an iris is smaller than one pixel.
ATTRIBUTES: dict[str, int] = {  # name of the factor -> number of classes
    **dict.fromkeys(BINARY, 2),
    **{name: len(CATEGORIES[name]) for name in CATEGORIES if name != "eye_color"},
    "skin": len(SKIN_TONES),
}
DTYPE = np.dtype([(name, np.int64) for name in ATTRIBUTES])
N_HELD_OUT = 5_000


@dataclass(frozen=True)
class Recipe:
    """The number of images, the number of epochs and the seed that a model is trained with.

    Attributes:
        n_images: number of training images.
        epochs: number of passes over them.
        seed: seed of the training images; the seed of the held-out images is the next number.
    """

    n_images: int
    epochs: int
    seed: int


DIGITS = Recipe(60_000, epochs=3, seed=1000)
FACES = Recipe(20_000, epochs=8, seed=2000)


def digit_classifier() -> keras.Model:
    """Return the classifier of digits, (batch, 28, 28, 1) -> (batch, 10) probabilities.

    The first call trains it, which takes about half a minute and sets the random seeds.
    """
    return _kept("digit_classifier", DIGITS, _train_digit_classifier, digits)


def face_reader() -> keras.Model:
    """Return the face reader, (batch, 32, 32, 3) -> {attribute: (batch, classes)}.

    Its outputs are probabilities, and its layer "features" is a model with 128 outputs. So
    `evaluate_samples` accepts it as a classifier. The first call trains it, which takes one or two
    minutes and sets the random seeds.
    """
    return _kept("face_reader", FACES, _train_face_reader, faces, face_layers.draw)


def read_attributes(reader: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the attributes that a face reader reads from portraits.

    Args:
        reader: as `face_reader` returns it.
        images: (n, 32, 32, 3), or with sides of 64 or 128 pixels; values in [0, 1].

    Returns:
        A structured array (n,) with one int64 field for each of `ATTRIBUTES`. Compare it with
        `true_attributes(data.factors)`. All fields but skin have the values of `Dataset.factors`;
        skin is an index into `SKIN_TONES`.

    Raises:
        ValueError: if the images have another shape, or a value is not in [0, 1].
    """
    answers = probabilities(reader, images)
    table = np.empty(len(images), DTYPE)
    for name in ATTRIBUTES:
        table[name] = answers[name].argmax(axis=1)
    return table


def true_attributes(factors: np.ndarray) -> np.ndarray:
    """Return what a perfect face reader reads: factors (n,) -> a table as of `read_attributes`."""
    table = np.empty(len(factors), DTYPE)
    for name in ATTRIBUTES:
        table[name] = factors[name]
    tones = len(SKIN_TONES)
    table["skin"] = np.minimum(factors["skin"] * tones, tones - 1)  # 1.0 belongs to the last tone
    return table


def attribute_accuracy(reader: keras.Model, data: Dataset) -> dict[str, float]:
    """Return the share of portraits whose attribute is read correctly: name -> share in [0, 1].

    Raises:
        ValueError: if the data has no factors, or as in `read_attributes`.
    """
    if data.factors is None:
        raise ValueError("The true attributes of these images are not known: they have no factors.")
    found, wanted = read_attributes(reader, data.images), true_attributes(data.factors)
    return {name: float(np.mean(found[name] == wanted[name])) for name in ATTRIBUTES}


def reader_report() -> str:
    """Return the accuracy of both models on drawn images that they were not trained on, as text."""
    held_out = digits(N_HELD_OUT, seed=DIGITS.seed + 1)
    share = conditional_accuracy(digit_classifier(), held_out.images, held_out.labels)
    lines = [
        f"digit classifier, accuracy on {N_HELD_OUT} digits that it was not trained on",
        f"  label       {share:6.1%}",
    ]
    lines.append(f"face reader, accuracy on {N_HELD_OUT} faces that it was not trained on")
    unseen = faces(N_HELD_OUT, seed=FACES.seed + 1, size=FACE_SIZE)
    for name, share in attribute_accuracy(face_reader(), unseen).items():
        lines.append(f"  {name:12}{share:6.1%}")
    return "\n".join([*lines, f"kept in {_folder()}"])


def _train_digit_classifier(recipe: Recipe) -> keras.Model:
    return train_classifier(digits(recipe.n_images, seed=recipe.seed), epochs=recipe.epochs)


def _train_face_reader(recipe: Recipe) -> keras.Model:
    """Return a trained network with one output per attribute."""
    factors = draw_factors(recipe.n_images, seed=recipe.seed)
    images = _worn(render(factors, FACE_SIZE))
    keras.utils.set_random_seed(0)
    image_shape = FACE_SIZE, FACE_SIZE, 3
    image = layers.Input(image_shape)
    z = feature_layers(image_shape, (24, 48, 96), 128)(image)
    answers = {
        name: layers.Dense(n_classes, activation="softmax", dtype="float32", name=name)(z)
        for name, n_classes in ATTRIBUTES.items()
    }
    reader = keras.Model(image, answers, name="face_reader")
    steps = recipe.epochs * math.ceil(recipe.n_images / CLASSIFIER_BATCH)
    loss = dict.fromkeys(ATTRIBUTES, "sparse_categorical_crossentropy")
    reader.compile(cosine_adam(steps, CLASSIFIER_RATE), loss=loss)
    wanted = true_attributes(factors)
    labels = {name: wanted[name] for name in ATTRIBUTES}
    reader.fit(images, labels, batch_size=CLASSIFIER_BATCH, epochs=recipe.epochs, verbose=0)
    return reader


def _worn(images: np.ndarray) -> np.ndarray:
    """Return the images, half of them blurred and half noisy, as generated images are."""
    images = images.copy()
    n = len(images)
    for sigma, rows in ((0.4, slice(0, n // 4)), (0.7, slice(n // 4, n // 2))):  # sigma in pixels
        images[rows] = gaussian(images[rows], sigma=(0, sigma, sigma, 0))
    noisy = images[::2]
    noisy += np.random.default_rng(0).normal(0, 0.03, noisy.shape)
    return np.clip(images, 0, 1)


def _kept(
    name: str, recipe: Recipe, train: Callable[[Recipe], keras.Model], *draw: Callable
) -> keras.Model:
    """Return a model that was kept in a file; if there is no file, train the model and keep it.

    Args:
        name: name of the model.
        recipe: the argument of `train`.
        train: returns the trained model.
        draw: functions from the modules that draw the images.
    """
    path = _folder() / f"{name}-{_version(recipe, *draw)}.keras"
    if path.exists():
        try:
            return keras.models.load_model(path, compile=False)
        except Exception as error:  # a broken file can raise any error
            warnings.warn(
                f"{path} can't be read ({type(error).__name__}): it is replaced.", stacklevel=3
            )
    print(f"Training the {name.replace('_', ' ')} once: then it is kept in {path.parent}.")
    model = train(recipe)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # It is moved there when it is complete: other processes may read or write the same file.
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            model.save(Path(folder) / path.name)
            os.replace(Path(folder) / path.name, path)
    except OSError as error:
        warnings.warn(f"The {name} can't be kept in {path.parent} ({error}).", stacklevel=3)
    return model


def _version(recipe: Recipe, *draw: Callable) -> str:
    """Return a hash of all that decides what a model learns: the recipe and the code."""
    code = [inspect.getsource(sys.modules[each.__module__]) for each in (_version, *draw)]
    code += [inspect.getsource(each) for each in (train_classifier, feature_layers)]
    text = "\n".join([repr((recipe, CLASSIFIER_BATCH, CLASSIFIER_RATE)), *code])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _folder() -> Path:
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "ankeras"
