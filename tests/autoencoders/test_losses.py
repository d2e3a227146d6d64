"""Tests of losses and penalties: they agree with numbers computed by hand in NumPy."""

from ankeras.autoencoders import binary_cross_entropy, squared_error
from ankeras.autoencoders.contractive import contraction
from ankeras.autoencoders.regularized import (
    edge_difference,
    gaussian_divergence,
    total_variation,
)
from ankeras.autoencoders.sparse import sparsity
from ankeras.builders import get_encoder

import keras
import numpy as np
import pytest
from keras import ops


def _numpy(value):
    return keras.ops.convert_to_numpy(value)


def test_squared_error():
    x = np.array([[0.0, 1.0, 1.0], [0.5, 0.5, 0.0]], "float32")
    x_hat = np.array([[0.0, 0.0, 0.5], [0.5, 0.0, 1.0]], "float32")
    # 1/2 (0 + 1 + 0.25), 1/2 (0 + 0.25 + 1): the sum over pixels, not their mean
    np.testing.assert_allclose(_numpy(squared_error(x, x_hat)), [0.625, 0.625], rtol=1e-6)


def test_binary_cross_entropy():
    x = np.array([[1.0, 0.0], [0.5, 1.0]], "float32")
    x_hat = np.array([[0.8, 0.1], [0.5, 0.9]], "float32")
    expected = [-np.log(0.8) - np.log(0.9), -np.log(0.5) - np.log(0.9)]
    np.testing.assert_allclose(_numpy(binary_cross_entropy(x, x_hat)), expected, rtol=1e-5)


@pytest.mark.parametrize("loss", [squared_error, binary_cross_entropy])
def test_keras_averages_the_losses_over_the_batch(loss):
    rng = np.random.default_rng(0)
    x, x_hat = rng.random((2, 8, 4, 4, 1), "float32")
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Activation("linear")])
    model.compile(loss=loss)
    # evaluate weighs the minibatches of 5 and 3 images by their sizes
    expected = _numpy(loss(x, x_hat)).mean()
    assert model.evaluate(x_hat, x, batch_size=5, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_sparsity():
    z = np.array([[1.0, -2.0, 0.0], [0.0, 0.5, 0.5]], "float32")
    assert float(sparsity(z)) == pytest.approx((3.0 + 1.0) / 2)


def test_gaussian_divergence():
    z = np.array([[1.0, 0.0], [3.0, 2.0]], "float32")
    m, v = np.array([2.0, 1.0]), np.array([1.0, 1.0])
    expected = 0.5 * np.sum(m**2 + v - np.log(v) - 1)
    assert float(gaussian_divergence(z)) == pytest.approx(expected, rel=1e-5)
    standard = np.array([[1.0], [-1.0]], "float32")
    assert float(gaussian_divergence(standard)) == pytest.approx(0.0, abs=1e-5)


def test_total_variation():
    x_hat = np.array([[0.0, 1.0], [0.0, 0.5]], "float32")[None, :, :, None]
    # rows: |0 - 0| + |0.5 - 1|; columns: |1 - 0| + |0.5 - 0|
    assert float(total_variation(x_hat)) == pytest.approx(0.5 + 1.5)


def test_edge_difference():
    x = np.array([[0.0, 1.0], [0.0, 1.0]], "float32")[None, :, :, None]
    blurred = np.array([[0.3, 0.7], [0.3, 0.7]], "float32")[None, :, :, None]
    assert float(edge_difference(x, blurred)) == pytest.approx(2 * 0.6, rel=1e-6)
    assert float(edge_difference(x, 1 - x)) == pytest.approx(0.0)  # edges have no sign


def test_contraction_of_a_sigmoid_layer_in_closed_form():
    # Rifai et al. (2011), section 3: sum_i (h_i (1 - h_i))^2 sum_j W_ij^2
    dense = keras.layers.Dense(3, activation="sigmoid", bias_initializer="normal")
    encoder = keras.Sequential([keras.Input((5,)), dense])
    x = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    h = encoder.predict(x, verbose=0)
    closed = np.sum((h * (1 - h)) ** 2 * np.sum(dense.get_weights()[0] ** 2, axis=0), axis=1).mean()
    assert _numpy(contraction(encoder, ops.convert_to_tensor(x))) == pytest.approx(closed, rel=1e-4)


def test_contraction_by_finite_differences():
    encoder = get_encoder((6, 6, 1), 2, widths=(3,), activation="tanh")
    x = np.random.default_rng(0).random((2, 6, 6, 1)).astype("float32")
    step, total = 1e-2, 0.0
    for pixel in np.ndindex(6, 6, 1):
        shift = np.zeros_like(x)
        shift[:, *pixel] = step
        up, down = (encoder.predict(x + s * shift, verbose=0) for s in (1, -1))
        total += np.sum(((up - down) / (2 * step)) ** 2) / len(x)
    assert _numpy(contraction(encoder, ops.convert_to_tensor(x))) == pytest.approx(total, rel=1e-2)
