"""Levels of pixels, and the units of a likelihood."""

from ankeras.likelihood import binarise, bits_per_dimension, quantise
from ankeras.likelihood.levels import check_levels

import numpy as np
import pytest

RNG = np.random.default_rng(0)


def test_an_image_of_256_equally_likely_levels_has_8_bits_per_dimension():
    shape = (5, 7, 3)
    nats = 5 * 7 * 3 * np.log(256)
    assert bits_per_dimension(nats, shape) == pytest.approx(8)
    found = bits_per_dimension(np.array([nats, nats / 8]), shape)
    np.testing.assert_allclose(found, [8, 1])


def test_a_pixel_is_1_with_the_probability_of_its_value_and_is_drawn_once():
    images = np.full((4000, 2, 2, 1), 0.3, "float32")
    images[:, 1] = [[0.0], [1.0]]
    drawn = binarise(images, seed=1)
    assert drawn.dtype == np.float32
    assert set(np.unique(drawn)) == {0.0, 1.0}
    # the standard error of the mean of 4000 draws is 0.007
    np.testing.assert_allclose(drawn[:, 0].mean(axis=0), 0.3, atol=0.03)
    assert (drawn[:, 1, 0] == 0).all()
    assert (drawn[:, 1, 1] == 1).all()
    np.testing.assert_array_equal(drawn, binarise(images, seed=1))
    assert (drawn != binarise(images, seed=2)).any()


def test_values_are_rounded_to_the_nearest_level():
    found = quantise(np.array([0.0, 0.1, 0.2, 0.49, 0.51, 1.0]), 4)
    np.testing.assert_allclose(found, np.array([0, 0, 1, 1, 2, 3]) / 3, atol=1e-6)
    images = RNG.random((3, 4, 4, 1))
    for levels in (2, 5, 256):
        check_levels(quantise(images, levels), levels)


@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        (lambda x: check_levels(x, 2), r"between its 2 levels .* such as 0\.\d+: give binarise"),
        (lambda x: check_levels(x, 16), r"between its 16 levels .*: give quantise\(images, 16\)"),
        (lambda x: quantise(x, 1), "at least 2 levels, not 1"),
        (lambda x: quantise(255 * x, 4), r"values in \[.*, 2\d\d\.?\d*\], not in \[0, 1\]"),
        (lambda x: binarise(x * np.nan), "not in"),
    ],
)
def test_values_that_are_on_no_level_are_refused(use, sentence):
    with pytest.raises(ValueError, match=sentence):
        use(RNG.random((3, 4, 4, 1)))
