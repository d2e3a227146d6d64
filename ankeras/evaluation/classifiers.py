"""Classifiers that read generated images: their training and their predictions.

Images are float32 (n, height, width, channels) in [0, 1]. A classifier has a layer "features",
which holds all layers before the last one. `sample_quality.py` compares its outputs.
"""

import math
from collections.abc import Sequence

from ankeras.data import Dataset
from ankeras.evaluation.checks import check_range
from ankeras.latent.codes import PREDICT_BATCH
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from keras import layers

N_FEATURES = 64
CLASSIFIER_BATCH, CLASSIFIER_RATE = 64, 3e-3  # images per step; highest learning rate


def feature_layers(
    image_shape: tuple[int, ...], widths: Sequence[int], n_features: int
) -> keras.Model:
    """Return all layers of a classifier before the last one, a model named "features".

    It always computes in float32, because its figures are compared between machines.

    Args:
        image_shape: (height, width, channels).
        widths: channels of each convolution. Each one halves the sides of the image.
        n_features: the size k of the output.

    Returns:
        (batch, *image_shape) -> (batch, k), values >= 0.
    """
    model = keras.Sequential([layers.Input(image_shape)], name="features")
    exact = {"dtype": "float32"}
    for width in widths:
        model.add(layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False, **exact))
        # With few images, training takes some hundred steps: slower averages would lag behind.
        model.add(layers.BatchNormalization(momentum=0.9, **exact))
        model.add(layers.Activation("relu", **exact))
    model.add(layers.Flatten(**exact))
    model.add(layers.Dropout(0.3, **exact))
    model.add(layers.Dense(n_features, activation="relu", **exact))
    return model


def get_classifier(image_shape: tuple[int, ...], n_classes: int) -> keras.Model:
    """Build a small convolutional classifier.

    Returns:
        (batch, *image_shape) -> (batch, n_classes) probabilities. Its layer "features" is itself a
        model, (batch, *image_shape) -> (batch, 64).
    """
    return keras.Sequential(
        [
            layers.Input(image_shape),
            feature_layers(image_shape, (16, 32, 64), N_FEATURES),
            layers.Dense(n_classes, activation="softmax", dtype="float32"),
        ]
    )


def train_classifier(data: Dataset, *, epochs: int = 3, seed: int = 0) -> keras.Model:
    """Return a small convolutional classifier, trained to read generated images.

    Args:
        data: labelled images of the kind that will be evaluated.
        epochs: number of passes over them.
        seed: seed of the weights and of the order of the images.

    Returns:
        A trained classifier as `get_classifier` builds it.

    Raises:
        ValueError: if the data has no labels.
    """
    if data.labels is None:
        raise ValueError("A classifier learns from labelled images, but these have no labels.")
    keras.utils.set_random_seed(seed)
    classifier = get_classifier(data.images.shape[1:], len(data.class_names))
    steps = epochs * math.ceil(len(data.images) / CLASSIFIER_BATCH)
    optimizer = cosine_adam(steps, CLASSIFIER_RATE)
    classifier.compile(optimizer, loss="sparse_categorical_crossentropy")
    classifier.fit(data.images, data.labels, batch_size=CLASSIFIER_BATCH, epochs=epochs, verbose=0)
    return classifier


def probabilities(classifier: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """Return the probabilities of the classes for each image.

    Args:
        classifier: a classifier with one output, or with a dictionary of outputs.
        images: (n, height, width, c), values in [0, 1]. If their sides are a multiple of those
            that the classifier reads, blocks of pixels are averaged.

    Returns:
        {"class": (n, n_classes)}, or one entry per output: its name -> (n, classes).

    Raises:
        ValueError: if the classifier can't read images of this shape, or a value is not in [0, 1].
    """
    found = classifier.predict(_readable(classifier, images), batch_size=PREDICT_BATCH, verbose=0)
    return found if isinstance(found, dict) else {"class": found}


def features(classifier: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the inputs of a classifier's last layer: (n, *image) -> (n, k).

    Args:
        classifier: a model whose layer "features" is a model, as in `train_classifier`.
        images: as in `probabilities`.

    Raises:
        ValueError: if there is no such layer, or as in `probabilities`.
    """
    trunk = next((layer for layer in classifier.layers if layer.name == "features"), None)
    if trunk is None:
        raise ValueError(
            'This model has no layer "features": use a model from '
            "train_classifier, digit_classifier or face_reader."
        )
    found = trunk.predict(_readable(classifier, images), batch_size=PREDICT_BATCH, verbose=0)
    return np.asarray(found)


def confident_share(classifier: keras.Model, images: np.ndarray, threshold: float = 0.95) -> float:
    """Return the share of images for which one class has a probability >= threshold.

    Compare it with the share for real images, which is below 1 too.
    """
    return float(np.mean(probabilities(classifier, images)["class"].max(axis=1) >= threshold))


def conditional_accuracy(
    classifier: keras.Model, images: np.ndarray, labels: np.ndarray | None
) -> float:
    """Return the share of images that are read as the class they were generated for, in [0, 1].

    Args:
        classifier: a classifier with one output, (batch, n_classes) probabilities or logits.
        images: (n, *image), for instance those of a conditional generator.
        labels: (n,), the classes they were generated for.

    Raises:
        ValueError: if there is not one label per image, or as in `probabilities`.
    """
    if labels is None or labels.shape != (len(images),):
        given = "none" if labels is None else f"labels of shape {labels.shape}"
        raise ValueError(f"Accuracy needs one label for each of {len(images)} images, not {given}.")
    return float(np.mean(probabilities(classifier, images)["class"].argmax(axis=1) == labels))


def _readable(classifier: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the images in the size that a classifier reads; larger ones are averaged."""
    check_range(images)
    wanted, given = tuple(classifier.input_shape[1:]), images.shape[1:]
    if given == wanted:
        return images
    if len(given) == len(wanted) == 3 and given[2] == wanted[2]:
        height, width, channels = wanted
        factor = given[0] // height
        if factor > 1 and given[:2] == (factor * height, factor * width):
            blocks = images.reshape(len(images), height, factor, width, factor, channels)
            return blocks.mean(axis=(2, 4))
    raise ValueError(
        f"The classifier reads images of shape {wanted}, or a multiple of its sides, not {given}."
    )
