"""Figures: they can be drawn, they show their data, and wrong arguments raise errors."""

import io

from ankeras import pictures

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
    figure = pictures.reconstructions(images, {"d = 2": 1 - images, "d = 32": images}, n=3)
    (picture,) = _pictures(figure)
    assert picture.shape == (3 * 5 - 1, 3 * 5 - 1)
    np.testing.assert_allclose(picture[:4, :4], images[0, ..., 0], rtol=1e-6)
    np.testing.assert_allclose(picture[5:9, 5:9], 1 - images[1, ..., 0], rtol=1e-5)
    assert [text.get_text() for text in figure.axes[0].texts] == ["input", "d = 2", "d = 32"]


def test_image_grid_fills_up_with_white():
    images = RNG.random((5, 4, 4, 3))
    (picture,) = _pictures(pictures.image_grid(images, columns=3))
    assert picture.shape == (9, 14, 3)
    np.testing.assert_allclose(picture[5:9, 0:4], images[3], rtol=1e-6)
    assert (picture[5:9, 10:14] == 1).all()


def test_latent_grid_has_the_axes_of_the_plane():
    images = RNG.random((3, 3, 4, 4, 1))
    figure = pictures.latent_grid(images, np.array([0.0, 0.0]), np.array([2.0, 4.0]))
    (picture,) = _pictures(figure)
    assert picture.shape == (12, 12)
    left, right, bottom, top = figure.axes[0].get_images()[0].get_extent()
    assert (left, right, bottom, top) == (-0.5, 2.5, -1.0, 5.0)


def test_latent_plane_has_one_colour_per_class():
    z, labels = RNG.normal(size=(50, 2)), RNG.integers(0, 3, 50)
    figure = pictures.latent_plane(z, labels, ("a", "b", "c"), locations=z[:4])
    _pictures(figure)
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["a", "b", "c"]
    points = figure.axes[0].collections[0]
    assert len(points.get_offsets()) == 50
    assert len(np.unique(points.get_facecolors(), axis=0)) == 3
    _pictures(pictures.latent_plane(z))


def test_curves_show_mean_and_spread():
    figure = pictures.curves(
        [50, 100],
        {"one": [[0.1, 0.3], [0.5, 0.5]], "two": [0.2, 0.4]},
        x_label="labels",
        y_label="accuracy",
    )
    _pictures(figure)
    line = figure.axes[0].get_lines()[0]
    np.testing.assert_allclose(line.get_ydata(), [0.2, 0.5])


def test_history_draws_validation_where_there_is_one():
    figure = pictures.history(
        {"loss": [3, 2], "val_loss": [3, 2.5], "mse": [1, 0.5]}, ("loss", "mse")
    )
    _pictures(figure)
    assert [len(axes.get_lines()) for axes in figure.axes] == [2, 1]


def test_a_picture_never_guesses_the_range():
    with pytest.raises(ValueError, match=r"values in \[0, 1\], not \[-1, 1\]"):
        pictures.image_grid(np.array([-1.0, 1.0]).reshape(2, 1, 1, 1))
    with pytest.raises(ValueError, match=r"shape \(n, 2\), not \(4, 3\)"):
        pictures.latent_plane(np.zeros((4, 3)))


def test_edit_sweep_labels_its_columns():
    images = RNG.random((2, 3, 4, 4, 1))
    figure = pictures.edit_sweep(images, [-1, 0, 2.5], "smile")
    (picture,) = _pictures(figure)
    np.testing.assert_allclose(picture[5:9, 10:14], images[1, 2, ..., 0], rtol=1e-6)
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["-1", "0", "+2.5"]
    with pytest.raises(ValueError, match="3 columns of images"):
        pictures.edit_sweep(images, [0, 1])


def test_nearest_training_images_lie_below_with_their_distance():
    images, neighbours = RNG.random((2, 3, 4, 4, 1))
    figure = pictures.nearest(images, neighbours, [1, 0.25, 12.3456])
    (picture,) = _pictures(figure)
    np.testing.assert_allclose(picture[5:9, 5:9], neighbours[1, ..., 0], rtol=1e-6)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["generated", "nearest in training", "1", "0.25", "12.3"]
    with pytest.raises(ValueError, match="one neighbour and one distance per image"):
        pictures.nearest(images, neighbours[:2], [1, 2, 3])


def test_arithmetic_shows_codes_and_pixels():
    one, two, three = RNG.random((3, 2, 4, 4, 3))
    averages, result = RNG.random((3, 4, 4, 3)), RNG.random((9, 4, 4, 3))
    examples = {"man with glasses": one, "man": two, "woman": three}
    figure = pictures.arithmetic(examples, averages, result, one[0])
    drawn = _pictures(figure)
    assert [picture.shape[:2] for picture in drawn] == [(9, 4), (4, 4)] * 3 + [(14, 14), (4, 4)]
    np.testing.assert_allclose(drawn[6][5:9, 5:9], result[4], rtol=1e-6)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[:6] == ["man\nwith glasses", "−", "man", "+", "woman", "="]
    with pytest.raises(ValueError, match="not 3, 3 and 8"):
        pictures.arithmetic(examples, averages, result[:8], one[0])


def test_the_circles_of_the_prior_hold_its_shares():
    z = RNG.normal(size=(20_000, 2))
    figure = pictures.latent_plane(z, prior=True)
    _pictures(figure)
    radii = [circle.get_radius() for circle in figure.axes[0].patches]
    inside = [np.mean(np.linalg.norm(z, axis=1) < radius) for radius in radii]
    np.testing.assert_allclose(inside, [0.5, 0.9, 0.99], atol=0.02)


def test_kl_terms_are_lowest_at_the_prior():
    figure = pictures.kl_terms()
    _pictures(figure)
    for axes, lowest in zip(figure.axes, (1, 0), strict=True):
        curve, point = axes.get_lines()
        assert curve.get_ydata().min() == pytest.approx(0, abs=1e-3)
        assert curve.get_xdata()[curve.get_ydata().argmin()] == pytest.approx(lowest, abs=0.02)
        assert (point.get_xdata(), point.get_ydata()) == ([lowest], [0])


def test_kl_heatmaps_sort_the_dimensions_and_share_their_colours():
    kl = np.array([[1.0, 2.0, 3.0], [0.1, 3.0, 0.2]])
    figure = pictures.kl_heatmaps({"a": kl, "b": 2 * kl})
    first, second = _pictures(figure)
    np.testing.assert_array_equal(first, [[2, 3, 1], [3, 0.2, 0.1]])
    np.testing.assert_array_equal(second, 2 * first)
    assert [axes.get_images()[0].get_clim() for axes in figure.axes[:2]] == [(0, 6)] * 2
    assert [axes.get_title() for axes in figure.axes[:2]] == ["a", "b"]
    with pytest.raises(ValueError, match=r"\(epochs, d\), not \(3,\)"):
        pictures.kl_heatmaps({"a": np.zeros(3)})


def test_code_histograms_show_each_dimension_beside_the_prior():
    z = RNG.normal(size=(5000, 10)) * np.linspace(0.5, 1.5, 10) + 1
    figure = pictures.code_histograms(z)
    _pictures(figure)
    drawn = figure.axes[:10]
    assert float(drawn[0].get_title()[-4:]) == pytest.approx(0.5, abs=0.03)
    area = sum(bar.get_height() * bar.get_width() for bar in drawn[0].patches)
    assert area == pytest.approx(1)
    prior = drawn[0].get_lines()[0]
    assert max(prior.get_ydata()) == pytest.approx(0.399, abs=1e-3)
    with pytest.raises(ValueError, match=r"shape \(n, d\), not \(4,\)"):
        pictures.code_histograms(np.zeros(4))
