"""Tests of evolution: it finds images of a class as a black box; the pictures of a CPPN."""

from ankeras.input_gradients import evolve
from ankeras.input_gradients.fooling import CPPN, Pixels

import numpy as np
import pytest

W = np.zeros((8, 8, 2))
W[:4, :, 0] = W[4:, :, 1] = 0.3


@pytest.mark.parametrize("encoding", ["pixels", "cppn"])
def test_both_classes_are_found(linear, encoding):
    """Class 0 is a bright upper half, class 1 a bright lower half."""
    network = linear(W)
    found = evolve(network, [0, 1], encoding=encoding, generations=40, population=20)
    assert found.images.shape == (2, 8, 8, 1)
    assert found.confidence.min() > 0.99
    p = network.predict(found.images, verbose=0)
    np.testing.assert_allclose(p[[0, 1], [0, 1]], found.confidence, atol=1e-5)
    assert (np.diff(found.history, axis=0) >= 0).all()
    again = evolve(network, [0, 1], encoding=encoding, generations=40, population=20)
    np.testing.assert_array_equal(found.images, again.images)


def test_evolution_ends_when_it_is_good_enough(linear):
    found = evolve(linear(W), [0], generations=40, enough=0.6)
    assert len(found.history) < 10
    assert found.confidence[0] >= 0.6


def test_a_picture_of_a_cppn_by_hand():
    """All weights are 0: sin(0) = 0, exp(0) = 1, |0| = 0, and the second layer adds up bells."""
    paint = CPPN((5, 5, 1))
    genes = np.zeros((1, paint.random(np.random.default_rng(0), 1).shape[1]), "float32")
    np.testing.assert_allclose(paint.images(genes), 0.5)
    genes[0, -12 + 4 : -12 + 8] = 0.1  # the four bells of the second layer, each exp(0) = 1
    np.testing.assert_allclose(paint.images(genes), 0.5 + 0.5 * np.tanh(0.4), rtol=1e-5)
    genes[0, 0] = 1  # the first wave is sin(3 u)
    genes[0, 48 + 4] = 2  # the first bell of the second layer is exp(-(2 sin 3u)^2)
    u = np.linspace(-1, 1, 5)
    row = 0.5 + 0.5 * np.tanh(0.3 + 0.1 * np.exp(-((2 * np.sin(3 * u)) ** 2)))
    np.testing.assert_allclose(paint.images(genes)[0, 3, :, 0], row, rtol=1e-4)


def test_a_mutation_changes_what_it_is_told_to():
    rng = np.random.default_rng(0)
    for paint in (Pixels((4, 4, 1)), CPPN((4, 4, 1))):
        genes = paint.random(rng, 3)
        where = rng.random(genes.shape) < 0.3
        changed = paint.mutated(rng, genes, where) != genes
        assert not changed[~where].any()
        assert changed[where].mean() > 0.6  # a pixel at 0 or 1 may stay
    assert Pixels((4, 4, 1)).mutated(rng, np.ones((1, 16)), np.ones((1, 16))).max() <= 1


def test_invalid_input(linear):
    network = linear(W)
    for options, why in (
        ({"encoding": "voxels"}, "encoded as pixels or cppn, not as 'voxels'"),
        ({"classes": [2]}, "numbers from 0 to 1"),
        ({"classes": 1}, "a list of numbers"),
        ({"population": 4}, "needs 8 images for each class"),
        ({"generations": 0}, "one generation"),
    ):
        with pytest.raises(ValueError, match=why):
            evolve(network, **{"classes": [0], **options})
