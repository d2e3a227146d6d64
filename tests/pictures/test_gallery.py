"""Tests of the gallery: one picture per image, titles, and invalid input."""

import io

from ankeras.pictures import gallery

import numpy as np
import pytest


def test_each_image_has_its_place_and_title():
    spiky = np.full((20, 10), 5.0)
    spiky[0, 0] = 1000  # one value that would leave the others black
    images = [np.zeros((8, 8, 3)), np.ones((70, 40, 1)), spiky]
    axes = gallery(images, ["a", "b", "c"], columns=2).axes
    assert [a.get_title() for a in axes] == ["a", "b", "c", ""]
    drawn = [a.images[0].get_array().shape for a in axes[:3]]
    assert drawn == [(8, 8, 3), (70, 40), (20, 10)]
    assert axes[2].images[0].get_clim() == (0, 5)
    assert not axes[3].images


def test_texts_below_lie_between_their_image_and_the_end_of_the_figure():
    figure = gallery([np.zeros((8, 8, 3))] * 2, below=["a", "b\n" * 9 + "b"], columns=2)
    figure.savefig(io.BytesIO())  # places the texts
    for axes, text in zip(figure.axes, ("a", "b\n" * 9 + "b"), strict=True):
        assert axes.get_xlabel() == text
        box = axes.xaxis.label.get_window_extent()
        assert 0 <= box.y0 < box.y1 <= axes.get_window_extent().y0
        assert axes.get_window_extent().width > 1.9 * figure.dpi  # of 2.2 inches


def test_invalid_input():
    image = np.zeros((4, 4, 3))
    for images, titles, why in (
        ([], (), "at least one image"),
        ([image], ("a", "b"), "1 images need 1 titles, not 2"),
        ([image + 2], (), r"values in \[0, 1\], not \[2, 2\]"),
    ):
        with pytest.raises(ValueError, match=why):
            gallery(images, titles)
    with pytest.raises(ValueError, match="1 images need 1 texts, not 2"):
        gallery([image], below=("a", "b"))
