"""Autoencoders for classifier initialization: many images without labels, few with.

Source: AN2DL, "Autoencoders for Classifier Initialization". S: the large set of images without
labels; L: the small labelled set {(s_i, y_i)}.

    1. train D(E(.)) on S, without labels        3. plug in a fully connected layer on z = E(s)
    2. get rid of D, keep the weights of E       4. fine-tune on L (E frozen, or fine-tuned too)
"""

import keras
import numpy as np

from ankeras.autoencoders import train
from ankeras.builders import get_autoencoder, get_classifier
from ankeras.data import Dataset


def initialize_classifier(
    unlabelled: np.ndarray,
    labelled: Dataset,
    *,
    latent_dim: int = 64,
    epochs: int = 10,
    freeze: bool = False,
    seed: int = 42,
    verbose: int | str = "auto",
) -> keras.Model:
    """Take the four steps of the slides, from images to a classifier.

    Args:
        unlabelled: S, images (n, *image).
        labelled: L, a data set with labels.
        latent_dim: the size d of the code.
        epochs: passes over S in step 1.
        freeze: whether step 4 leaves the encoder as it is.
        seed: seed of the weights and of the order of the images.
        verbose: as in `fit`.

    Returns:
        A model named "classifier": (batch, *image) -> (batch, n_classes) logits.

    Raises:
        ValueError: if L has no labels, or its images are of another shape than those of S.
    """
    autoencoder = get_autoencoder(unlabelled.shape[1:], latent_dim=latent_dim, seed=seed)
    train(autoencoder, unlabelled, labelled.images, epochs=epochs, verbose=verbose)  # step 1
    encoder = autoencoder.get_layer("encoder")  # step 2
    classifier = get_classifier(encoder, len(labelled.class_names), seed=seed)  # step 3
    fine_tune(classifier, labelled, freeze=freeze, seed=seed, verbose=verbose)  # step 4
    return classifier
