"""Autoencoders for classifier initialization: many images without labels and few with labels.

Source: AN2DL, "Autoencoders for Classifier Initialization". S: the large set of images without
labels; L: the small labelled set {(s_i, y_i)}.

    1. train D(E(.)) on S, without labels        3. plug in a fully connected layer on z = E(s)
    2. get rid of D, keep the weights of E       4. fine-tune on L (E frozen, or fine-tuned too)
"""

import math

from ankeras.autoencoders.autoencoder import train
from ankeras.builders import get_autoencoder, get_classifier
from ankeras.data import Dataset
from ankeras.evaluation import conditional_accuracy
from ankeras.latent.codes import encode
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np

BATCH = 50  # labelled images per step
HEAD_RATE = 1e-2  # learning rate of the head alone


def initialize_classifier(
    unlabelled: np.ndarray,
    labelled: Dataset,
    *,
    latent_dim: int = 16,
    epochs: int = 8,
    freeze: bool = False,
    seed: int = 42,
    verbose: int | str = "auto",
) -> keras.Model:
    """Take the four steps of the slides, from images to a classifier.

    Args:
        unlabelled: S, images (n, *image), values in [0, 1].
        labelled: L, with labels.
        latent_dim: the size d of the code.
        epochs: passes over S in step 1.
        freeze: whether step 4 keeps the encoder's weights.
        seed: seed of the weights.
        verbose: as in `fit`.

    Returns:
        A model named "classifier": (batch, *image) -> (batch, n_classes) logits.

    Raises:
        ValueError: if L has no labels, or its images are of another shape than those of S.
    """
    autoencoder = get_autoencoder(unlabelled.shape[1:], latent_dim=latent_dim, seed=seed)
    train(autoencoder, unlabelled, labelled.images, epochs=epochs, verbose=verbose)  # 1
    encoder = autoencoder.get_layer("encoder")  # 2
    classifier = get_classifier(encoder, len(labelled.class_names), seed=seed)  # 3
    fine_tune(classifier, labelled, freeze=freeze, verbose=verbose)  # 4
    return classifier


def fine_tune(
    classifier: keras.Model,
    labelled: Dataset,
    *,
    freeze: bool = False,
    learning_rate: float = 1e-3,
    head_steps: int = 100,
    steps: int = 150,
    verbose: int | str = "auto",
) -> None:
    """Train a classifier on few labelled images: first its head, then all of it.

    The head starts with random weights, and its first gradients would damage a trained encoder. So
    the head learns to read the code before the encoder is trained too.

    Args:
        classifier: as `get_classifier` builds it, with any encoder: the baseline of a random start
            is the same call on an encoder that was never trained.
        labelled: L, with labels.
        freeze: whether the encoder keeps its weights: only the head is trained, in all steps.
        learning_rate: the highest rate of Adam for the whole network; it falls along half a cosine.
        head_steps: minibatches for the head alone.
        steps: minibatches after that.
        verbose: as in `fit`.

    Raises:
        ValueError: if the labels are missing, do not match the head, or the images the encoder.
    """
    labels = _labels(classifier, labelled)
    encoder, head = classifier.get_layer("encoder"), classifier.get_layer("output_layer")
    if freeze:
        head_steps, steps = head_steps + steps, 0
    if head_steps:
        z = encode(encoder, labelled.images)  # once: the encoder does not change
        head_alone = keras.Sequential([keras.Input(z.shape[1:]), head])
        _fit(head_alone, z, labels, HEAD_RATE, head_steps, verbose)
    if steps:
        _fit(classifier, labelled.images, labels, learning_rate, steps, verbose)


def _fit(
    model: keras.Model,
    inputs: np.ndarray,
    labels: np.ndarray,
    learning_rate: float,
    steps: int,
    verbose: int | str,
) -> None:
    """Train for a number of minibatches of the labelled images, in random order."""
    # All passes over the few images are one epoch: one epoch per pass would cost more time than the
    # training.
    rng = np.random.default_rng(0)
    passes = math.ceil(steps * BATCH / len(inputs))
    rows = np.concatenate([rng.permutation(len(inputs)) for _ in range(passes)])[: steps * BATCH]
    model.compile(
        cosine_adam(steps, learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(inputs[rows], labels[rows], batch_size=BATCH, shuffle=False, verbose=verbose)


def accuracy(classifier: keras.Model, data: Dataset) -> float:
    """Return the share of images whose highest score is that of their label, in [0, 1].

    Raises:
        ValueError: if there are no labels.
    """
    return conditional_accuracy(classifier, data.images, data.labels)


def few_labels(data: Dataset, n: int, seed: int) -> Dataset:
    """Return n labelled images, as many of each class (the first classes get the remainder).

    Args:
        data: labelled images.
        n: number of images, at least one per class.
        seed: seed of the choice.

    Raises:
        ValueError: if there are no labels, or a class has too few images.
    """
    if data.labels is None:
        raise ValueError("Labelled images are picked from images that have labels.")
    n_classes = len(data.class_names)
    if n < n_classes:
        raise ValueError(f"{n} labels are fewer than the {n_classes} classes.")
    rng = np.random.default_rng(seed)
    rows = []
    for label in range(n_classes):
        of_class = np.flatnonzero(data.labels == label)
        wanted = n // n_classes + (label < n % n_classes)
        if len(of_class) < wanted:
            raise ValueError(
                f"Class {data.class_names[label]!r} has {len(of_class)} images, not {wanted}."
            )
        rows.append(rng.choice(of_class, wanted, replace=False))
    return data.take(np.concatenate(rows))


def _labels(classifier: keras.Model, labelled: Dataset) -> np.ndarray:
    """Return the labels, if the classifier can be trained on them and their images."""
    if labelled.labels is None:
        raise ValueError("A classifier is fine-tuned on labelled images, and these have none.")
    n_classes = classifier.output_shape[-1]
    if labelled.labels.max() >= n_classes:
        raise ValueError(
            f"Label {labelled.labels.max()} is out of range for a head of {n_classes} classes."
        )
    if labelled.images.shape[1:] != classifier.input_shape[1:]:
        raise ValueError(
            f"The labelled images have shape {labelled.images.shape[1:]}, but the encoder reads "
            f"{classifier.input_shape[1:]}."
        )
    return labelled.labels
