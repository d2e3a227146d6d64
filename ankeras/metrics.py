"""Figures that judge reconstructions and samples, so that no picture has to be believed."""

from ankeras.data import Dataset
from ankeras.latent import PREDICT_BATCH

import keras
import numpy as np
from keras import layers
from sklearn.decomposition import PCA


def reconstruction_error(autoencoder: keras.Model, images: np.ndarray) -> float:
    """Return the mean squared error of D(E(s)) a pixel, over all images."""
    x_hat = autoencoder.predict(images, batch_size=PREDICT_BATCH, verbose=0)
    return float(np.mean((x_hat - images) ** 2))


def pca_error(train: np.ndarray, test: np.ndarray, latent_dim: int) -> float:
    """Return the mean squared error a pixel of the best linear autoencoder: PCA with d components.

    Args:
        train: (n, *image), what the components are fitted to.
        test: (m, *image), what is reconstructed.
        latent_dim: the number d of components.
    """
    flat_train, flat_test = train.reshape(len(train), -1), test.reshape(len(test), -1)
    pca = PCA(latent_dim, random_state=0).fit(flat_train)
    x_hat = pca.inverse_transform(pca.transform(flat_test))
    return float(np.mean((x_hat - flat_test) ** 2))


def train_critic(data: Dataset, *, epochs: int = 3, seed: int = 0) -> keras.Model:
    """Train a small convolutional classifier that judges generated images.

    Args:
        data: labelled images of the kind that will be judged.
        epochs: passes over them.
        seed: seed of the weights and of the order of the images.

    Returns:
        A model (batch, *image) -> (batch, n_classes) of probabilities.

    Raises:
        ValueError: if the data has no labels.
    """
    if data.labels is None:
        raise ValueError("A critic learns from labelled images, and these have no labels.")
    keras.utils.set_random_seed(seed)
    critic = keras.Sequential([layers.Input(data.images.shape[1:])])
    for width in (16, 32, 64):
        critic.add(layers.Conv2D(width, 3, strides=2, padding="same", activation="relu"))
    critic.add(layers.Flatten())
    critic.add(layers.Dropout(0.3))
    critic.add(layers.Dense(len(data.class_names), activation="softmax", dtype="float32"))
    critic.compile("adam", loss="sparse_categorical_crossentropy")
    critic.fit(data.images, data.labels, batch_size=64, epochs=epochs, verbose=0)
    return critic


def confident_share(critic: keras.Model, images: np.ndarray, threshold: float = 0.95) -> float:
    """Return the share of images to which the critic gives some class a probability >= threshold.

    Compare it with the same figure for real images: a critic is not sure of all of those either.
    """
    probabilities = critic.predict(images, batch_size=PREDICT_BATCH, verbose=0)
    return float(np.mean(probabilities.max(axis=1) >= threshold))
