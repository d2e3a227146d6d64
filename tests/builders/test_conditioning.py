"""Where the label stands once it has entered."""

from ankeras.builders.conditioning import FiLM, append_as_channels, append_to_vector

import numpy as np
from keras import ops

ONE_HOT = np.array([[0, 1, 0], [1, 0, 0]], "float32")


def test_behind_a_vector():
    z = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
    joined = ops.convert_to_numpy(append_to_vector(ops.convert_to_tensor(z), ONE_HOT))
    np.testing.assert_array_equal(joined, [[1, 2, 0, 1, 0], [3, 4, 1, 0, 0]])


def test_as_channels():
    images = np.random.default_rng(0).random((2, 4, 5, 1)).astype("float32")
    joined = ops.convert_to_numpy(append_as_channels(ops.convert_to_tensor(images), ONE_HOT))
    assert joined.shape == (2, 4, 5, 4)
    np.testing.assert_array_equal(joined[..., :1], images)
    for row, one_hot in zip(joined, ONE_HOT, strict=True):
        np.testing.assert_array_equal(row[..., 1:], np.broadcast_to(one_hot, (4, 5, 3)))


def test_film_weighs_and_shifts_each_channel():
    film = FiLM()
    features = np.random.default_rng(0).random((2, 4, 5, 2)).astype("float32")
    same = ops.convert_to_numpy(film([features, ONE_HOT]))
    np.testing.assert_allclose(same, features, rtol=1e-6)  # it starts as the identity
    film.gamma.assign([[1, 1], [2, 3], [1, 1]])
    film.beta.assign([[0, 0], [10, 20], [0, 0]])
    changed = ops.convert_to_numpy(film([features, ONE_HOT]))
    np.testing.assert_allclose(changed[0], features[0] * [2, 3] + [10, 20], rtol=1e-6)
    np.testing.assert_allclose(changed[1], features[1], rtol=1e-6)
