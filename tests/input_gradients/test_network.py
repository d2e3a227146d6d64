"""Tests of what is read inside a network: nested models, scores, and invalid input."""

from ankeras import evaluation
from ankeras.builders import get_classifier, get_encoder
from ankeras.input_gradients.network import (
    after_layer,
    check_classes,
    check_photos,
    layer_names,
    layer_shapes,
    read_layer,
    read_layers,
    read_scores,
)

import keras
import numpy as np
import pytest
from keras import layers, ops


def softmax(scores):
    return ops.convert_to_numpy(ops.softmax(scores))


def test_the_digit_classifier_is_read_layer_by_layer():
    network = evaluation.digit_classifier()
    x = np.random.default_rng(0).random((2, 28, 28, 1)).astype("float32")
    scores = read_scores(network).predict(x, verbose=0)
    np.testing.assert_allclose(softmax(scores), network.predict(x, verbose=0), atol=1e-5)
    trunk = network.get_layer("features").predict(x, verbose=0)
    dense = layer_names(network)[-2]
    np.testing.assert_allclose(read_layer(network, dense).predict(x, verbose=0), trunk, atol=1e-5)
    assert next(iter(layer_shapes(network).values())) == (None, 14, 14, 16)


def test_scores_follow_the_weights_of_the_network(linear):
    network = linear(np.zeros((64, 2)))
    read = read_scores(network)
    x = np.ones((1, 8, 8, 1), "float32")
    np.testing.assert_allclose(read.predict(x, verbose=0), 0)
    network.set_weights([np.full((64, 2), 0.5), np.array([0, 1.0])])
    np.testing.assert_allclose(read.predict(x, verbose=0), [[32, 33]])


def test_models_inside_a_model_and_scores_without_softmax():
    network = get_classifier(get_encoder((12, 12, 1), 3, widths=(4,)), 2)
    x = np.random.default_rng(0).random((2, 12, 12, 1)).astype("float32")
    scores = read_scores(network).predict(x, verbose=0)
    np.testing.assert_allclose(scores, network.predict(x, verbose=0), atol=1e-5)
    names = layer_names(network)
    assert len(names) > 3
    assert names[-1] == "output_layer_2"  # the encoder has an "output_layer" too


def test_the_way_after_a_layer(colors):
    x = np.random.default_rng(0).random((2, 4, 5, 3)).astype("float32")
    maps, pool = read_layers(colors, ["maps", "pool"]).predict(x, verbose=0)
    after = after_layer(colors, "maps").predict(maps, verbose=0)
    np.testing.assert_allclose(after, pool, atol=1e-6)
    image = keras.Input((4, 4, 1))
    one = layers.Conv2D(1, 1, name="one")(image)
    both = layers.Add(name="both")([image, one])
    skipped = keras.Model(image, layers.Flatten()(both))
    assert after_layer(skipped, "both").output_shape == (None, 16)
    with pytest.raises(ValueError, match="not depend on the layer 'one' alone"):
        after_layer(skipped, "one")


def test_invalid_input(colors, linear):
    with pytest.raises(ValueError, match="no layer 'block'; there are maps, pool, softmax"):
        read_layer(colors, "block")
    image = keras.Input((4,))
    two = keras.Model(image, {n: layers.Dense(2, name=n)(image) for n in ("hat", "smile")})
    with pytest.raises(ValueError, match=r'several outputs: hat, smile\. .*"scores of hat"'):
        read_scores(two)
    assert read_layer(two, "scores of smile").output_shape == (None, 2)
    grey, good = np.zeros((1, 4, 4, 1)), np.zeros((1, 4, 4, 3))
    for images, why in (
        (good[0], r"\(n, height, width, c\), not one of \(4, 4, 3\)"),
        (grey, "reads images in colour: repeat the grey channel"),
        (good + 2, r"values in \[0, 1\], not \[2, 2\]"),
        (good * np.nan, r"values in \[0, 1\], not \[nan"),
        (np.zeros((1, 2000, 4, 3)), "2000x4 is too large: its sides may have up to 1024"),
    ):
        with pytest.raises(ValueError, match=why):
            check_photos(colors, images)
    small = linear(np.zeros((64, 2)))
    with pytest.raises(ValueError, match=r"reads images of 8x8x1, not \(4, 4, 1\)"):
        check_photos(small, grey)
    assert check_classes(small, 1, 3).tolist() == [1, 1, 1]
    for classes, why in (
        (2, "classes are 0 to 1, not 2"),
        ([0, 1], "one for each of 3"),
        (0.5, "as integers"),
    ):
        with pytest.raises(ValueError, match=why):
            check_classes(small, classes, 3)
