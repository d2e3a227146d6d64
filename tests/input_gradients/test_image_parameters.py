"""Tests of the two ways to write an image, of the regularizers and of the jitter."""

from ankeras.input_gradients.image_parameters import (
    cosine_basis,
    high_frequency_share,
    image_parameters,
)
from ankeras.input_gradients.regularizers import REGULARIZERS, rolled, weighted

import keras
import numpy as np
import pytest
from keras import ops

X = np.random.default_rng(0).uniform(0.05, 0.95, (2, 6, 9, 3)).astype("float32")


@pytest.mark.parametrize("name", ["pixels", "fourier"])
@pytest.mark.parametrize("channels", [1, 3])
def test_decoding_inverts_encoding(name, channels):
    x = X[..., :channels]
    parameters = image_parameters(name, x.shape[1:])
    found = ops.convert_to_numpy(parameters.decode(parameters.encode(x)))
    np.testing.assert_allclose(found, x, atol=1e-4)


def test_a_wave_by_hand():
    """Wave (2, 0) of a grey image has the scale s = 1/2 over the root mean square of all s."""
    parameters = image_parameters("fourier", (4, 1, 1))
    z = np.zeros((1, 4, 1, 1), "float32")
    z[0, 2] = 1
    scale = 0.5 / np.sqrt((1 + 1 + 1 / 4 + 1 / 9) / 4)
    y = scale * np.array([1, -1, -1, 1]) / 2
    found = ops.convert_to_numpy(parameters.decode(z))[0, :, 0, 0]
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-4 * y)), rtol=1e-5)
    np.testing.assert_allclose(cosine_basis(5) @ cosine_basis(5).T, np.eye(5), atol=1e-6)
    with pytest.raises(ValueError, match="written as pixels or fourier, not as 'wavelets'"):
        image_parameters("wavelets", (4, 4, 1))


def test_the_share_of_high_frequencies():
    noise = np.random.default_rng(0).normal(size=(4, 64, 64, 3))
    np.testing.assert_allclose(high_frequency_share(noise), 1 - np.pi / 16, atol=0.02)
    rows = np.arange(64)[:, None, None] + np.zeros((1, 64, 1))
    fast, slow = np.cos(np.pi * rows), np.cos(np.pi * rows / 8)
    found = high_frequency_share(np.stack([fast, slow, 0 * slow + 1]))
    np.testing.assert_allclose(found, [1, 0, 0], atol=1e-9)


def test_regularizers_by_hand():
    x = np.zeros((1, 2, 2, 1), "float32")
    x[0, 0, 0], x[0, 1, 1] = 1, 0.5
    both = weighted({"norm": 2.0, "total_variation": 10.0})(x)
    # squares of distances from 1/2: .25, .25, .25, 0; down: 1, .5; right: 1, .5
    np.testing.assert_allclose(both, [2 * 0.75 / 4 + 10 * (0.75 + 0.75)], rtol=1e-6)
    assert set(REGULARIZERS) == {"norm", "total_variation"}
    assert weighted({}) is None
    with pytest.raises(ValueError, match="no regularizer 'blur'; there are norm, total_variation"):
        weighted({"blur": 1.0})


def test_the_jitter_shifts_in_a_circle():
    x = np.arange(25.0).reshape(1, 5, 5, 1)
    seed = keras.random.SeedGenerator(0)
    shifted = [ops.convert_to_numpy(rolled(2)(x, seed)) for _ in range(12)]
    allowed = [np.roll(x, (i, j), (1, 2)) for i in range(-2, 3) for j in range(-2, 3)]
    for image in shifted:
        assert any(np.array_equal(image, other) for other in allowed)
    assert len({image.tobytes() for image in shifted}) > 4
    assert rolled(0) is None
