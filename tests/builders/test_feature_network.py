"""The feature network of a classifier, and the feature loss."""

from ankeras.builders.feature_network import feature_loss, get_feature_network
from ankeras.evaluation import get_classifier

import keras
import numpy as np
import pytest
from keras import ops

SHAPE = (12, 12, 1)
RNG = np.random.default_rng(0)


def _phi():
    """Return a feature network with two layers, whose features are easy to compute by hand."""
    image = keras.Input(SHAPE)
    doubled = keras.layers.Rescaling(2.0)(image)
    pooled = keras.layers.AveragePooling2D(12)(image)
    return keras.Model(image, [doubled, pooled])


def test_the_feature_loss_by_hand():
    x, x_hat = RNG.random((2, 3, *SHAPE)).astype("float32")
    found = feature_loss(_phi()(x), _phi()(x_hat))
    each = np.square(x - x_hat).reshape(3, -1)
    of_means = np.square((x - x_hat).reshape(3, -1).mean(axis=1))
    np.testing.assert_allclose(found, 0.5 * 4 * each.mean(axis=1) + 0.5 * of_means, rtol=1e-5)


def test_the_feature_network_of_a_classifier():
    classifier = get_classifier((28, 28, 1), 10)
    images = RNG.random((20, 28, 28, 1)).astype("float32")
    phi = get_feature_network(classifier)
    assert [h.shape[1:] for h in phi.outputs] == [(14, 14, 16), (7, 7, 32), (4, 4, 64)]
    trunk = classifier.get_layer("features")
    first = keras.Model(trunk.inputs[0], trunk.layers[2].output)
    found, expected = (ops.convert_to_numpy(h) for h in (phi(images)[0], first(images)))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert not phi.trainable_variables
    assert classifier.trainable_variables
    for h in get_feature_network(classifier, images)(images):
        assert float(ops.mean(ops.square(h))) == pytest.approx(1, rel=1e-3)


def test_a_network_without_features_is_answered_by_a_sentence():
    with pytest.raises(ValueError, match='no layer "features"'):
        get_feature_network(_phi())
