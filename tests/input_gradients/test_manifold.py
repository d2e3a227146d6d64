"""Tests of the steps along a manifold and off it, with both lengths computed by hand."""

from ankeras.input_gradients import change_class

import keras
import numpy as np
import pytest
from keras import layers


def _decoder():
    """Return D(z): all 64 pixels are 1/2 + z/4."""
    z = keras.Input((1,))
    flat = layers.Dense(64)(z)
    decoder = keras.Model(z, layers.Reshape((8, 8, 1))(flat))
    decoder.set_weights([np.full((1, 64), 0.25), np.full(64, 0.5)])
    return decoder


def test_the_way_off_the_manifold_is_shorter(linear):
    """Only 4 of 64 pixels count: class 1 is their sum above 2.4, and z = 0 has the sum 2.

    Off the manifold, 4 pixels move by 0.1 each: 0.2. On it, all 64 must: 0.8.
    """
    w = np.zeros((8, 8, 2))
    w[0, :4, 1] = 20
    network = linear(w, np.array([48.0, 0]))
    z = np.zeros((3, 1), "float32")
    found = change_class(network, _decoder(), z, np.ones(3, int), lam=0.001)
    assert found.turned.all()
    np.testing.assert_allclose(found.start, 0.5)
    np.testing.assert_allclose(found.lengths[:, 0], 0.8, rtol=0.01)
    np.testing.assert_allclose(found.lengths[:, 1], 0.2, rtol=0.02)
    assert np.ptp(found.along, axis=(1, 2)).max() < 1e-5
    assert np.ptp(found.off, axis=(1, 2)).min() > 0.05
    assert (network.predict(found.along, verbose=0).argmax(axis=1) == 1).all()


def test_a_class_that_no_way_leads_to_is_reported(linear):
    network = linear(np.zeros((8, 8, 2)), np.array([1.0, 0]))
    found = change_class(network, _decoder(), np.zeros((2, 1)), np.ones(2, int), steps=3)
    assert not found.turned.any()
    with pytest.raises(ValueError, match="classes are 0 to 1, not 7"):
        change_class(network, _decoder(), np.zeros((2, 1)), np.array([7, 7]))
