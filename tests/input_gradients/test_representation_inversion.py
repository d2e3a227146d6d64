"""Tests of the inversion of representations that keep everything, or only a mean."""

from ankeras.evaluation import psnr
from ankeras.input_gradients import invert_representation
from ankeras.input_gradients.representation_inversion import relative_distance

import numpy as np
import pytest

X = np.random.default_rng(0).uniform(0.2, 0.8, (2, 6, 6, 3)).astype("float32")


@pytest.mark.parametrize("image", ["pixels", "fourier"])
def test_a_layer_that_loses_nothing_is_inverted(colors, image):
    found = invert_representation(colors, "maps", X, lam=0.0, image=image, steps=300)
    assert psnr(X, found.x) > 30
    assert found.history["loss"][-1] < 0.03 * found.history["loss"][0]


def test_images_with_one_representation_differ_in_what_the_layer_lost(colors):
    """The layer "pool" keeps the mean of each map only."""
    same = np.repeat(X[:1], 2, axis=0)
    found = invert_representation(colors, "pool", same, lam=0.0, image="pixels", steps=200).x
    np.testing.assert_allclose(found.mean(axis=(1, 2)), same.mean(axis=(1, 2)), atol=5e-3)
    assert psnr(found[:1], found[1:]) < 45
    assert psnr(same, found) < 20


def test_lambda_smooths(colors):
    rough, smooth = (
        invert_representation(colors, "maps", X, lam=lam, image="pixels", steps=60).x
        for lam in (0.0, 1.0)
    )
    assert np.abs(np.diff(smooth, axis=1)).mean() < 0.3 * np.abs(np.diff(rough, axis=1)).mean()


def test_the_distance_by_hand():
    theta = np.array([[1.0, 2.0], [0.0, 0.0]], "float32")
    theta_0 = np.array([[1.0, 1.0], [3.0, 4.0]], "float32")
    np.testing.assert_allclose(relative_distance(theta, theta_0), [1 / 2, 1])
    np.testing.assert_allclose(relative_distance(theta_0, theta_0), 0)


def test_invalid_input(colors):
    with pytest.raises(ValueError, match="no layer 'stem'"):
        invert_representation(colors, "stem", X)
    with pytest.raises(ValueError, match="reads images in colour"):
        invert_representation(colors, "maps", X[..., :1])
