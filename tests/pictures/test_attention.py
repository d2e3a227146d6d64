"""Attention as pictures: tables of weights, and maps over images."""

from ankeras import pictures

import numpy as np
import pytest

RNG = np.random.default_rng(0)


def test_tables_show_the_weights():
    weights = RNG.dirichlet(np.ones(4), size=(2, 3))
    figure = pictures.attention_tables(weights, ["a", "b", "c"], list("wxyz"))
    *tables, _ = figure.axes
    assert [axes.get_title() for axes in tables] == ["head 1", "head 2"]
    for axes, table in zip(tables, weights, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), table)
    assert [label.get_text() for label in tables[0].get_yticklabels()] == ["a", "b", "c"]
    assert [label.get_text() for label in tables[1].get_xticklabels()] == list("wxyz")
    one = pictures.attention_tables(weights[0], ["a", "b", "c"], list("wxyz"))
    assert one.axes[0].get_title() == ""


def test_heat_is_brightest_where_the_map_is_largest():
    images = np.zeros((2, 4, 4, 1))
    images[:, 3] = 1
    maps = np.zeros((2, 4, 4))
    maps[0, 0, 0], maps[1, 1, 1] = 0.3, 7
    found = pictures.heat_over_images(images, maps)
    assert found.shape == (2, 4, 4, 3)
    assert found.min() >= 0
    assert found.max() <= 1
    sums = found.sum(axis=-1)
    assert np.unravel_index(sums[0].argmax(), (4, 4)) == (0, 0)
    assert np.unravel_index(sums[1].argmax(), (4, 4)) == (1, 1)
    assert sums[0, 3, 0] > sums[0, 1, 0]  # the image is still seen


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: pictures.attention_tables(np.ones((2, 3)), "ab", "ab"), "not 2 and 2"),
        (
            lambda: pictures.attention_tables(np.ones((2, 2, 2)), "ab", "ab", ["one"]),
            "2 tables need 2 titles, not 1",
        ),
        (
            lambda: pictures.heat_over_images(np.ones((1, 4, 4, 1)), np.ones((1, 4, 5))),
            "do not fit images",
        ),
    ],
)
def test_what_does_not_fit_is_answered_by_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
