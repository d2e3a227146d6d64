"""Where the condition is once it has entered a network."""

from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.builders.conditioning import FiLM, append_condition

import keras
import numpy as np
import pytest
from keras import ops

ONE_HOT = np.array([[0, 1, 0], [1, 0, 0]], "float32")
Z = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
BEHIND_Z = [[1, 2, 0, 1, 0], [3, 4, 1, 0, 0]]
IMAGES = np.random.default_rng(0).random((2, 4, 5, 1)).astype("float32")


def _check_channels(joined):
    assert joined.shape == (2, 4, 5, 4)
    np.testing.assert_array_equal(joined[..., :1], IMAGES)
    for row, one_hot in zip(joined, ONE_HOT, strict=True):
        np.testing.assert_array_equal(row[..., 1:], np.broadcast_to(one_hot, (4, 5, 3)))


def test_behind_a_vector():
    joined = ops.convert_to_numpy(append_condition(ops.convert_to_tensor(Z), ONE_HOT))
    np.testing.assert_array_equal(joined, BEHIND_Z)


def test_as_channels():
    _check_channels(ops.convert_to_numpy(append_condition(ops.convert_to_tensor(IMAGES), ONE_HOT)))


def _entered(network, x):
    """Return what the network computes first: its input with the condition appended."""
    joined = network.get_layer("append_condition").output
    return keras.Model(network.inputs, joined).predict([x, ONE_HOT], verbose=0)


@pytest.mark.parametrize("build", [get_generator, get_decoder])
def test_a_generator_or_decoder_reads_noise_with_the_one_hot_label_behind_it(build):
    network = build(2, (4, 5, 1), widths=(4,), condition_dim=3)
    assert [x.shape for x in network.inputs] == [(None, 2), (None, 3)]
    np.testing.assert_array_equal(_entered(network, Z), BEHIND_Z)


@pytest.mark.parametrize("build", [get_discriminator, lambda *s, **o: get_encoder(*s, 2, **o)])
def test_a_discriminator_or_encoder_reads_one_channel_per_class_behind_the_image(build):
    network = build((4, 5, 1), widths=(4,), condition_dim=3)
    assert [x.shape for x in network.inputs] == [(None, 4, 5, 1), (None, 3)]
    _check_channels(_entered(network, IMAGES))


@pytest.mark.parametrize("build", [get_discriminator, lambda *s, **o: get_encoder(*s, 2, **o)])
def test_a_dense_network_reads_the_label_behind_the_pixels(build):
    network = build((4, 5, 1), kind="mlp", widths=(4,), condition_dim=3)
    joined = _entered(network, IMAGES)
    assert joined.shape == (2, 23)
    np.testing.assert_array_equal(joined[:, 20:], ONE_HOT)


@pytest.mark.parametrize("way", ["append", "film"])
def test_each_way_changes_what_is_drawn(way):
    network = get_generator(2, (4, 5, 1), widths=(4,), condition_dim=3, condition_by=way)
    rng = np.random.default_rng(0)
    for weight in network.trainable_variables:  # FiLM changes nothing before it is trained
        weight.assign(weight + rng.normal(0, 0.3, weight.shape).astype("float32"))
    drawn = [network.predict([Z, ONE_HOT[[i, i]]], verbose=0) for i in (0, 1)]
    assert np.abs(drawn[0] - drawn[1]).max() > 0.01
    kinds = [type(layer) for layer in network.layers]
    assert (FiLM in kinds) == (way == "film")
    assert (keras.layers.Concatenate in kinds) == (way == "append")


def test_film_scales_and_shifts_each_channel():
    film = FiLM()
    features = np.random.default_rng(0).random((2, 4, 5, 2)).astype("float32")
    same = ops.convert_to_numpy(film([features, ONE_HOT]))
    np.testing.assert_allclose(same, features, rtol=1e-6)  # it starts as the identity
    film.gamma.assign([[1, 1], [2, 3], [1, 1]])
    film.beta.assign([[0, 0], [10, 20], [0, 0]])
    changed = ops.convert_to_numpy(film([features, ONE_HOT]))
    np.testing.assert_allclose(changed[0], features[0] * [2, 3] + [10, 20], rtol=1e-6)
    np.testing.assert_allclose(changed[1], features[1], rtol=1e-6)
