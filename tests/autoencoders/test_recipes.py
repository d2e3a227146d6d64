"""Tests of the slides' callbacks, and of the function that trains an autoencoder."""

from ankeras.autoencoders import slide_callbacks, train
from ankeras.builders import get_autoencoder
from ankeras.evaluation import pca_error, reconstruction_error

import keras
import numpy as np
import pytest


def test_the_callbacks_are_those_of_the_slides():
    stopping, reducing = slide_callbacks()
    assert isinstance(stopping, keras.callbacks.EarlyStopping)
    assert (stopping.monitor, stopping.patience) == ("val_loss", 10)
    assert stopping.restore_best_weights
    assert isinstance(reducing, keras.callbacks.ReduceLROnPlateau)
    assert (reducing.monitor, reducing.patience) == ("val_loss", 5)
    assert (reducing.factor, reducing.min_lr) == (0.5, 1e-5)


def test_training_beats_pca(digits_2000):
    x_train, x_test = digits_2000.images[:1600], digits_2000.images[1600:]
    autoencoder = get_autoencoder(latent_dim=16, kind="mlp", widths=(128,))
    history = train(autoencoder, x_train, x_test, epochs=25, learning_rate=3e-3, verbose=0).history
    error = reconstruction_error(autoencoder, x_test)
    assert error < 0.9 * pca_error(x_train, x_test, 16)
    assert history["val_mse"][-1] == pytest.approx(error, rel=1e-3)
    assert len(history["loss"]) == 25


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda x: x[:, :8], r"x_train holds images of shape \(8, 12, 1\), but the network reads"),
        (lambda x: np.where(x > 0.5, np.nan, x), "x_train holds NaN"),
        (lambda x: 2 * x - 1, r"but the network draws values in \[0, 1\]"),
    ],
)
def test_images_that_do_not_fit_raise_an_error(tiny_images, change, sentence):
    autoencoder = get_autoencoder((12, 12, 1), widths=(4,))
    with pytest.raises(ValueError, match=sentence):
        train(autoencoder, change(tiny_images), tiny_images, epochs=1, verbose=0)
