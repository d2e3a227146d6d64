"""Figures: that they can be drawn, that they show what they are given, and that they refuse."""

import io

from ankeras import plots

import numpy as np
import pytest
from matplotlib.figure import Figure

RNG = np.random.default_rng(0)


def _pictures(figure: Figure) -> list[np.ndarray]:
    """Return the images of a figure, after drawing it once."""
    figure.savefig(io.BytesIO(), format="png")
    return [image.get_array() for axes in figure.axes for image in axes.get_images()]


def test_reconstructions_lie_below_their_inputs():
    images = RNG.random((5, 4, 4, 1))
    figure = plots.reconstructions(images, {"d = 2": 1 - images, "d = 32": images}, n=3)
    (picture,) = _pictures(figure)
    assert picture.shape == (3 * 5 - 1, 3 * 5 - 1)
    np.testing.assert_allclose(picture[:4, :4], images[0, ..., 0], rtol=1e-6)
    np.testing.assert_allclose(picture[5:9, 5:9], 1 - images[1, ..., 0], rtol=1e-5)
    assert [text.get_text() for text in figure.axes[0].texts] == ["input", "d = 2", "d = 32"]


def test_image_grid_fills_up_with_white():
    images = RNG.random((5, 4, 4, 3))
    (picture,) = _pictures(plots.image_grid(images, columns=3))
    assert picture.shape == (9, 14, 3)
    np.testing.assert_allclose(picture[5:9, 0:4], images[3], rtol=1e-6)
    assert (picture[5:9, 10:14] == 1).all()


def test_latent_grid_has_the_axes_of_the_plane():
    images = RNG.random((3, 3, 4, 4, 1))
    figure = plots.latent_grid(images, np.array([0.0, 0.0]), np.array([2.0, 4.0]))
    (picture,) = _pictures(figure)
    assert picture.shape == (12, 12)
    left, right, bottom, top = figure.axes[0].get_images()[0].get_extent()
    assert (left, right, bottom, top) == (-0.5, 2.5, -1.0, 5.0)


def test_latent_plane_has_a_colour_a_class():
    z, labels = RNG.normal(size=(50, 2)), RNG.integers(0, 3, 50)
    figure = plots.latent_plane(z, labels, ("a", "b", "c"), locations=z[:4])
    _pictures(figure)
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["a", "b", "c"]
    points = figure.axes[0].collections[0]
    assert len(points.get_offsets()) == 50
    assert len(np.unique(points.get_facecolors(), axis=0)) == 3
    _pictures(plots.latent_plane(z))


def test_curves_show_mean_and_spread():
    figure = plots.curves(
        [50, 100],
        {"one": [[0.1, 0.3], [0.5, 0.5]], "two": [0.2, 0.4]},
        x_label="labels",
        y_label="accuracy",
    )
    _pictures(figure)
    line = figure.axes[0].get_lines()[0]
    np.testing.assert_allclose(line.get_ydata(), [0.2, 0.5])


def test_history_draws_validation_where_there_is_one():
    figure = plots.history({"loss": [3, 2], "val_loss": [3, 2.5], "mse": [1, 0.5]}, ("loss", "mse"))
    _pictures(figure)
    assert [len(axes.get_lines()) for axes in figure.axes] == [2, 1]


def test_a_picture_never_guesses_the_range():
    with pytest.raises(ValueError, match=r"values in \[0, 1\], not \[-1, 1\]"):
        plots.image_grid(np.array([-1.0, 1.0]).reshape(2, 1, 1, 1))
    with pytest.raises(ValueError, match=r"shape \(n, 2\), not \(4, 3\)"):
        plots.latent_plane(np.zeros((4, 3)))
