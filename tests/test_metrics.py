"""Figures of merit on cases with a known answer."""

from ankeras.data import Dataset
from ankeras.metrics import confident_share, pca_error, reconstruction_error, train_critic

import keras
import numpy as np
import pytest


def test_reconstruction_error_is_a_mean_over_pixels():
    images = np.full((700, 2, 3, 1), 0.5, "float32")
    images[:350] = 0.0
    constant = keras.Sequential([keras.Input((2, 3, 1)), keras.layers.Rescaling(0.0, 0.5)])
    assert reconstruction_error(constant, images) == pytest.approx(0.25 / 2)


def test_pca_error_is_zero_on_a_subspace_and_known_beside_it():
    rng = np.random.default_rng(0)
    train = rng.normal(size=(2000, 2)) @ np.array([[3.0, 0, 0, 0], [0, 2.0, 0, 0]])
    test = train[:100].copy()
    assert pca_error(train.reshape(-1, 2, 2, 1), test.reshape(-1, 2, 2, 1), 2) < 1e-12
    test[:, 3] = 1.0  # outside of the two components: an error of 1 in one of four pixels
    assert pca_error(train.reshape(-1, 2, 2, 1), test.reshape(-1, 2, 2, 1), 2) == pytest.approx(
        0.25
    )


def test_the_critic_reads_digits_and_knows_noise(digits_2000):
    critic = train_critic(digits_2000.take(slice(1500)), epochs=15)
    held_out = digits_2000.take(slice(1500, None))
    predicted = critic.predict(held_out.images, verbose=0).argmax(axis=1)
    assert np.mean(predicted == held_out.labels) > 0.85
    smeared = held_out.images.mean(axis=0, keepdims=True).repeat(50, axis=0)
    assert confident_share(critic, held_out.images) > 0.5 > confident_share(critic, smeared)


def test_a_critic_needs_labels(digits_2000):
    with pytest.raises(ValueError, match="have no labels"):
        train_critic(Dataset(digits_2000.images))


def test_confident_share_by_hand():
    identity = keras.Sequential([keras.Input((3,)), keras.layers.Activation("linear")])
    probabilities = np.array([[0.98, 0.01, 0.01], [0.5, 0.3, 0.2], [0.0, 0.95, 0.05], [0, 0, 1.0]])
    assert confident_share(identity, probabilities.astype("float32"), 0.949) == 0.75
