"""Views of the same portrait: each pixel's part, lines, grey, night, fewer pixels, two domains."""

from ankeras.data import face_layers, faces, views
from ankeras.data.faces import draw_factors, render
from ankeras.data.views import PART_NAMES, PARTS, domains, label_map, outlines, pairs, shrink

import numpy as np
import pytest


def test_every_layer_belongs_to_one_part():
    named = [layer for layers in PARTS.values() for layer in layers]
    assert sorted(named) == sorted(layer.__name__ for layer in face_layers.LAYERS)
    assert len(views.PART_COLORS) == len(PART_NAMES)


@pytest.mark.parametrize(("factor", "part"), [("hat", "hat"), ("glasses", "glasses")])
def test_a_part_is_there_if_its_factor_is(factor, part):
    index = PART_NAMES.index(part)
    without, with_it = (label_map(draw_factors(6, 1, **{factor: value})) for value in (0, 1))
    assert not (without == index).any()
    assert ((with_it == index).mean(axis=(1, 2)) > 0.01).all()


def test_the_parts_are_where_the_picture_shows_them():
    factors = draw_factors(8, 0, hat=1, shirt="navy", brightness=1.0)
    labels, images = label_map(factors), render(factors)
    hat, wall = PART_NAMES.index("hat"), PART_NAMES.index("background")
    red = images[labels == hat].mean(axis=0)  # the hat that goes with a navy shirt is red
    assert red[0] > 1.8 * max(red[1:])
    assert (labels[:, 0, 0] == wall).all()
    # a part has about the same size at every number of pixels
    shares = [np.bincount(label_map(factors, size).ravel(), minlength=11) for size in (32, 128)]
    small, large = (counts / counts.sum() for counts in shares)
    np.testing.assert_allclose(small, large, atol=0.02)


def test_a_label_map_depends_on_its_own_row():
    factors = draw_factors(5, 2)
    np.testing.assert_array_equal(label_map(factors)[3:4], label_map(factors[3:4]))


def test_outlines_are_dark_lines_between_the_parts():
    factors = draw_factors(4, 0)
    lines = outlines(factors)
    assert lines.shape == (4, 64, 64, 1)
    assert lines.min() >= 0
    assert lines.max() == 1
    labels = label_map(factors, 128)
    inside = np.array(
        [
            [[len(np.unique(square)) == 1 for square in np.split(row, 32, 1)] for row in rows]
            for rows in (np.split(image, 32, 0) for image in labels)
        ]
    )
    blocks = shrink(lines, 2)[..., 0]
    assert blocks[~inside].mean() < 0.8
    assert (blocks[inside] == 1).mean() > 0.8


def test_the_other_views_by_hand():
    portraits = faces(3, seed=5, size=64)
    shown = {view: pairs(view, 3, seed=5) for view in views.VIEWS}
    for data in shown.values():
        np.testing.assert_array_equal(data.targets["paired"], portraits.images)
        np.testing.assert_array_equal(data.labels, portraits.labels)
    r, g, b = np.moveaxis(portraits.images, -1, 0)
    by_hand = 0.299 * r + 0.587 * g + 0.114 * b
    np.testing.assert_allclose(shown["grey"].images[..., 0], by_hand, atol=1e-6)
    assert (shown["night"].images <= portraits.images).all()
    assert shown["small"].images.shape == (3, 16, 16, 3)
    np.testing.assert_allclose(
        shown["small"].images[0, 0, 0], portraits.images[0, :4, :4].mean(axis=(0, 1)), atol=1e-6
    )
    assert shown["labels"].images.shape == portraits.images.shape


def test_two_domains_differ_in_one_factor_and_show_different_people():
    without, with_it = domains("glasses", (0, 1), 20, seed=1)
    assert set(without.factors["glasses"]) == {0}
    assert set(with_it.factors["glasses"]) == {1}
    assert not np.isin(without.factors["skin"], with_it.factors["skin"]).any()
    changed = np.abs(without.images - without.targets["paired"]).max(axis=-1) > 0.05
    assert 0.01 < changed.mean() < 0.2
    assert not changed[:, 24:].any(axis=(1, 2)).all()  # the lower part stays


def test_wrong_arguments_are_answered_by_a_sentence():
    with pytest.raises(ValueError, match="no view 'sepia': choose one of labels"):
        pairs("sepia", 2)
    with pytest.raises(ValueError, match="two different values of glasses"):
        domains("glasses", (1, 1), 2)
    with pytest.raises(ValueError, match="Images of 6x8 can't be divided into blocks of 4"):
        shrink(np.zeros((1, 6, 8, 3)), 4)
    with pytest.raises(ValueError, match="size must be one of 32, 64, 128, not 50"):
        label_map(draw_factors(1), 50)
