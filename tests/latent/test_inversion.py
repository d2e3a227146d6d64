"""Inversion of decoders whose codes are known."""

from ankeras import latent
from ankeras.builders import get_decoder
from ankeras.latent import invert

import keras
import numpy as np
import pytest


@pytest.fixture
def linear_decoder():
    """D(z) = z W + 0.5 of 4 x 4 pixels, d = 5."""
    decoder = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(16), keras.layers.Reshape((4, 4, 1))]
    )
    W = np.random.default_rng(0).normal(size=(5, 16))
    decoder.set_weights([W, np.full(16, 0.5)])
    return decoder


def test_a_linear_decoder_is_inverted(linear_decoder):
    z = latent.sample_prior(6, 5, seed=1)
    images = latent.decode(linear_decoder, z)
    weights = linear_decoder.get_weights()
    found = invert(linear_decoder, images, lam=0.0)
    np.testing.assert_allclose(found.z, z, atol=1e-2)
    assert found.errors.shape == (6,)
    assert found.errors.max() < 1e-4
    for before, after in zip(weights, linear_decoder.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_prior_shrinks_the_code_as_ridge_regression_does(linear_decoder):
    W = linear_decoder.get_weights()[0]
    z = latent.sample_prior(3, 5, seed=1)
    images = latent.decode(linear_decoder, z)
    found = invert(linear_decoder, images, lam=5.0, restarts=1)
    ridge = np.linalg.solve(W @ W.T + 5 * np.eye(5), W @ (W.T @ z.T)).T
    np.testing.assert_allclose(found.z, ridge, atol=1e-2)
    errors = ((latent.decode(linear_decoder, ridge) - images) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(found.errors, errors, rtol=0.05)


def test_the_descent_begins_where_it_is_told_and_leaves_batch_norm_alone():
    decoder = get_decoder(3, (8, 8, 1), widths=(4,))
    z = latent.sample_prior(4, 3)
    images = latent.decode(decoder, z)
    weights = decoder.get_weights()
    found = invert(decoder, images, start=z, steps=2, learning_rate=1e-6, lam=0.0)
    np.testing.assert_allclose(found.z, z, atol=1e-5)
    for before, after in zip(weights, decoder.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert all(layer.trainable for layer in decoder.layers)


def test_the_best_start_is_kept():
    """D(z) = max(z, 0): a start below 0 has no gradient and stays."""
    decoder = keras.Sequential(
        [keras.Input((1,)), keras.layers.Activation("relu"), keras.layers.Reshape((1, 1, 1))]
    )
    images = np.ones((12, 1, 1, 1), "float32")
    one = invert(decoder, images, restarts=1, lam=0.0)
    many = invert(decoder, images, restarts=12, lam=0.0)
    assert one.errors.max() > 0.9
    assert many.errors.max() < 1e-3


def test_refusals(linear_decoder):
    images = np.zeros((2, 4, 4, 1))
    with pytest.raises(ValueError, match=r"shape \(4, 4, 1\), not \(5, 4, 1\)"):
        invert(linear_decoder, np.zeros((2, 5, 4, 1)))
    with pytest.raises(ValueError, match="NaN"):
        invert(linear_decoder, images * np.nan)
    with pytest.raises(ValueError, match=r"start must be of shape \(2, 5\), not \(2, 3\)"):
        invert(linear_decoder, images, start=np.zeros((2, 3)))
