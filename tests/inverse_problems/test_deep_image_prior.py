"""Tests of the deep image prior: when it stops, and what it restores."""

from ankeras.data import faces
from ankeras.inverse_problems import (
    add_noise,
    deep_image_prior,
    get_deep_prior_network,
    masked_error,
    missing_pixels,
    squared_error,
)
from ankeras.inverse_problems.deep_image_prior import first_minimum, moving_variance

import keras
import numpy as np
import pytest
from keras import layers

ON_JAX = keras.backend.backend() == "jax"
not_on_jax = pytest.mark.skipif(ON_JAX, reason="what a model learns is tested once")
IMAGE = faces(1, seed=3, size=32).images[0]


def _network(seed=0, **options):
    return get_deep_prior_network(
        IMAGE.shape, code_channels=8, widths=(16, 16), seed=seed, **options
    )


def _mse(image):
    return float(np.mean((np.clip(image, 0, 1) - IMAGE) ** 2))


def test_the_moving_variance_by_hand():
    outputs = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0], [4.0, 1.0]])
    found = moving_variance(outputs, 2)
    np.testing.assert_allclose(found[:3], [0.5, 0.5, 0.0])
    assert np.isnan(found[3])


def test_the_first_minimum_by_hand():
    variances = np.array([5.0, 4.0, 2.0, 3.0, 3.0, 2.5, 1.0, np.nan, np.nan])
    assert first_minimum(variances, 3) == 2
    assert first_minimum(variances, 4) == 6
    assert first_minimum(np.array([3.0, 2.0, 1.0, np.nan, np.nan]), 2) == 2


def test_noise_is_removed_and_the_fit_stops_before_it_comes_back():
    noisy = add_noise(IMAGE, 0.2, seed=1)
    found = deep_image_prior(squared_error(noisy), _network(), steps=600, every=20, window=6)
    best = min(map(_mse, found.images))
    assert _mse(found.image) < 0.5 * _mse(noisy)
    assert _mse(found.image) < 1.5 * best
    assert found.step == (first_minimum(found.variances, 6) + 3 + 1) * found.every
    # the average of the outputs is better than an output
    assert best < min(map(_mse, found.outputs))
    assert found.energies[-1] < found.energies[0]
    assert len(found.energies) == len(found.images) == 30
    of_outputs = [np.mean((output - noisy) ** 2) for output in found.outputs]
    np.testing.assert_allclose(found.energies, of_outputs, rtol=1e-4)


@not_on_jax
def test_missing_pixels_are_filled_in():
    missing = missing_pixels(32, 32, 0.5, seed=2)
    seen = np.where(missing[..., None], np.nan, IMAGE).astype("float32")
    found = deep_image_prior(masked_error(seen, missing), _network(), steps=400, window=5)
    error = np.mean((found.image - IMAGE)[missing] ** 2)
    mean_color = np.mean((IMAGE[~missing].mean(axis=0) - IMAGE)[missing] ** 2)
    assert error < 0.2 * mean_color


def test_the_same_seed_gives_the_same_image():
    runs = [
        deep_image_prior(squared_error(IMAGE), _network(), steps=40, every=5, window=4).image
        for _ in range(2)
    ]
    np.testing.assert_allclose(runs[0], runs[1], atol=1e-5)


def test_skip_connections_of_the_network():
    joined = [
        sum(isinstance(layer, layers.Concatenate) for layer in network.layers)
        for network in (_network(), _network(skips=(False, False)), _network(skips=(True, False)))
    ]
    assert joined == [2, 0, 1]
    assert isinstance(_network(), keras.Model)


def test_wrong_arguments_are_answered_by_a_sentence():
    with pytest.raises(ValueError, match="can't be halved 2 times without a rest"):
        get_deep_prior_network((30, 32, 3), widths=(8, 8))
    with pytest.raises(ValueError, match="needs at least 20"):
        deep_image_prior(squared_error(IMAGE), _network(), steps=100)
    with pytest.raises(ValueError, match="averaging lies in"):
        deep_image_prior(squared_error(IMAGE), _network(), averaging=1.0)


def test_more_wrong_arguments():
    with pytest.raises(ValueError, match="not uint8"):
        squared_error((255 * IMAGE).astype("uint8"))
    with pytest.raises(ValueError, match="every is at least 1 and window at least 2"):
        deep_image_prior(squared_error(IMAGE), _network(), every=0)
    found = deep_image_prior(
        squared_error(IMAGE), _network(), steps=8, every=2, window=2, learning_rate=1
    )  # a whole number is a learning rate too
    assert np.isfinite(found.energies[0])
