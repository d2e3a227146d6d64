"""Tests of spectral normalization: output and gradient agree with NumPy's singular values."""

from ankeras.builders.spectral_norm import SpectralNorm
from ankeras.training.autodiff import value_and_gradient

import keras
import numpy as np
import pytest
from keras import layers, ops


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def _layer(rng, **options):
    """Return a normalized layer 3 -> 2 after 50 steps, in which u converges, and its W and b."""
    layer = SpectralNorm(layers.Dense(2, **options))
    layer.build((None, 3))
    w, b = rng.normal(size=(3, 2)).astype("float32"), np.array([1.0, -2.0], "float32")
    layer.layer.kernel.assign(w)
    if layer.layer.use_bias:
        layer.layer.bias.assign(b)
    for _ in range(50):
        layer(ops.ones((1, 3)), training=True)
    return layer, w, b if layer.layer.use_bias else 0.0


@pytest.mark.parametrize("use_bias", [True, False])
def test_the_weights_are_divided_by_their_norm_and_kept(use_bias, rng):
    layer, w, b = _layer(rng, use_bias=use_bias)
    x = rng.normal(size=(5, 3)).astype("float32")
    expected = x @ (w / np.linalg.norm(w, 2)) + b
    for training in (True, False):
        found = ops.convert_to_numpy(layer(ops.convert_to_tensor(x), training=training))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.layer.kernel), w)


def test_the_gradient_goes_through_sigma(rng):
    layer, w, _ = _layer(rng, use_bias=False)
    x, a = rng.normal(size=(4, 3)).astype("float32"), rng.normal(size=(4, 2)).astype("float32")
    _, (found,) = value_and_gradient(
        lambda: ops.sum(layer(ops.convert_to_tensor(x)) * ops.convert_to_tensor(a)),
        layer.trainable_variables,
    )
    # L = <x^T a, W> / sigma, and d sigma / dW = v u^T
    left, values, right = np.linalg.svd(w)
    sigma, slope = values[0], x.T @ a
    by_hand = slope / sigma - np.sum(slope * w) / sigma**2 * np.outer(left[:, 0], right[0])
    np.testing.assert_allclose(ops.convert_to_numpy(found), by_hand, rtol=1e-3, atol=1e-4)


def test_u_changes_in_training_only(rng):
    layer, _, _ = _layer(rng)
    u = rng.normal(size=(2, 1)).astype("float32")
    layer.u.assign(u)
    layer(ops.ones((1, 3)), training=False)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.u), u)
    layer(ops.ones((1, 3)), training=True)
    assert np.abs(ops.convert_to_numpy(layer.u) - u).max() > 0


def test_a_convolution_under_a_mixed_policy():
    layer = SpectralNorm(layers.Conv2D(4, 3, padding="same", dtype="mixed_float16"))
    y = layer(ops.ones((2, 6, 6, 3), dtype="float16"))
    assert keras.backend.standardize_dtype(y.dtype) == "float16"
    assert tuple(y.shape) == (2, 6, 6, 4)
    assert layer.compute_output_shape((None, 6, 6, 3)) == (None, 6, 6, 4)
