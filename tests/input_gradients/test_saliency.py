"""Tests of maps of what mattered, by hand, and of the deletion test."""

from ankeras.input_gradients import deletion_area, deletion_curve, random_order, saliency_map
from ankeras.input_gradients.network import read_scores

import keras
import numpy as np
import pytest
from skimage.filters import gaussian

RNG = np.random.default_rng(0)
W = RNG.normal(size=(8, 8, 2)).astype("float32")
X = RNG.uniform(0, 1, (3, 8, 8, 1)).astype("float32")


def test_gradients_of_a_linear_classifier(linear):
    network, c = linear(W), np.array([0, 1, 1])
    w = np.moveaxis(W, -1, 0)[c]
    found = saliency_map(network, X, "gradient", classes=c)
    np.testing.assert_allclose(found, np.abs(w), rtol=1e-5)
    found = saliency_map(network, X, "gradient times input", classes=c)
    np.testing.assert_allclose(found, np.abs(w * X[..., 0]), rtol=1e-4, atol=1e-6)


def test_integrated_gradients_sum_to_the_difference_of_the_scores(linear, colors):
    """They do for every network, up to the error of the mean over 16 points."""
    blurred = np.stack([gaussian(x, sigma=8 / 12, channel_axis=-1) for x in X])
    w = np.moveaxis(W, -1, 0)[[0, 1, 1]]
    found = saliency_map(linear(W), X, "integrated gradients", classes=np.array([0, 1, 1]))
    np.testing.assert_allclose(found, w * (X - blurred)[..., 0], rtol=1e-4, atol=1e-5)
    x = RNG.uniform(0, 1, (2, 4, 4, 3)).astype("float32")
    blurred = np.stack([gaussian(image, sigma=4 / 12, channel_axis=-1) for image in x])
    scores = read_scores(colors)
    difference = (scores.predict(x, verbose=0) - scores.predict(blurred, verbose=0))[:, 0]
    found = saliency_map(colors, x, "integrated gradients", classes=0)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), difference, atol=0.02)


def test_grad_cam_by_hand(colors):
    """Score 0 is the mean of map 0, so w = (1/16, 0, 0), and the map is ReLU(red - green) / 16."""
    x = RNG.uniform(0, 1, (2, 4, 4, 3)).astype("float32")
    found = saliency_map(colors, x, "grad-cam", classes=0)
    expected = np.maximum(x[..., 0] - x[..., 1], 0) / 16
    np.testing.assert_allclose(found, expected, atol=1e-6)
    read = colors.predict(x, verbose=0).argmax(axis=1)
    np.testing.assert_array_equal(
        saliency_map(colors, x, layer="maps"), saliency_map(colors, x, classes=read)
    )


def _reads_the_left(side=28):
    """Return a classifier whose class 1 is a bright left half."""
    image = keras.Input((side, side, 1))
    scores = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(image))
    network = keras.Model(image, scores)
    w = np.zeros((side, side, 2))
    w[:, : side // 2, 1] = 20 / (side * side / 2)
    network.set_weights([w.reshape(-1, 2), np.array([10.0, 0])])
    return network


def test_the_deletion_test_finds_the_right_map():
    network = _reads_the_left()
    image = np.zeros((28, 28, 1), "float32")
    image[:, :14] = 1
    right = saliency_map(network, image[None], "gradient", classes=1)[0]
    orders = right, random_order((28, 28)), -right
    curves = [deletion_curve(network, image, order, label=1) for order in orders]
    areas = [deletion_area(curve) for curve in curves]
    assert areas[0] < areas[1] < areas[2]
    for curve in curves:
        assert curve.shape == (29,)
        assert curve[0] == pytest.approx(1 / (1 + np.exp(-10)), abs=1e-4)
        assert curve[-1] == pytest.approx(curves[0][-1], abs=1e-5)
    assert deletion_area(np.array([1.0, 0.5, 0.0])) == pytest.approx(0.5)


def test_a_random_order_has_one_value_per_cell():
    order = random_order((28, 42))
    assert order.shape == (28, 42)
    cells = order.reshape(14, 2, 14, 3)
    assert np.ptp(cells, axis=(1, 3)).max() == 0
    assert len(np.unique(order)) == 14 * 14
    assert not np.array_equal(order, random_order((28, 42), seed=1))


def test_invalid_input(linear, colors):
    with pytest.raises(ValueError, match="no map 'shap'; there are gradient, gradient times"):
        saliency_map(colors, np.zeros((1, 4, 4, 3)), "shap")
    with pytest.raises(ValueError, match="No layer of this network has positions"):
        saliency_map(linear(W), X)
    with pytest.raises(ValueError, match="layer 'pool' has no positions"):
        saliency_map(colors, np.zeros((1, 4, 4, 3)), layer="pool")
    with pytest.raises(ValueError, match="classes are 0 to 2, not 3"):
        saliency_map(colors, np.zeros((1, 4, 4, 3)), classes=3)
    with pytest.raises(ValueError, match=r"map of \(4, 5\) does not fit an image of \(4, 4\)"):
        deletion_curve(colors, np.zeros((4, 4, 3)), np.zeros((4, 5)))
