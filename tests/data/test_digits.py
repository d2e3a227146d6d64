from ankeras.data.dataset import Dataset
from ankeras.data.digits import FACTORS, SKELETONS, digits, draw_factors, render

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

NEUTRAL = {"slant": 0.0, "rotation": 0.0, "aspect": 1.0, "scale": 1.0, "x": 0.0, "y": 0.0}
OVERRIDES = {
    "label": 3,
    "slant": 0.3,
    "rotation": -0.2,
    "aspect": 1.5,
    "scale": 0.8,
    "thickness": 0.07,
    "x": 0.05,
    "y": -0.05,
    "sloppiness": 0.5,
    "wobble": 7,
}


def every_style() -> dict[str, np.ndarray]:
    pairs = [(label, style) for label, ways in enumerate(SKELETONS) for style in range(len(ways))]
    labels, styles = np.array(pairs).T
    return {"label": labels, "style": styles}


def moments(images: np.ndarray) -> tuple[np.ndarray, ...]:
    """Centre of mass relative to the middle, and covariance of the ink, as shares of the side."""
    ink = images[..., 0] / images.sum((1, 2, 3))[:, None, None]
    place = (np.arange(images.shape[1]) + 0.5) / images.shape[1] - 0.5
    x, y = (ink * place).sum((1, 2)), (ink * place[:, None]).sum((1, 2))
    xy = (ink * place * place[:, None]).sum((1, 2)) - x * y
    yy = (ink * place[:, None] ** 2).sum((1, 2)) - y**2
    return x, y, xy, yy


def border(images: np.ndarray) -> float:
    edges = images[:, [0, -1]].max(), images[:, :, [0, -1]].max()
    return float(max(edges))


@pytest.mark.parametrize("size", [8, 28, 33, 64])
def test_shapes_types_and_ranges(size):
    data = digits(40, seed=1, size=size)
    assert isinstance(data, Dataset)
    assert data.images.shape == (40, size, size, 1)
    assert data.images.dtype == np.float32
    assert data.images.min() == 0
    assert 0.9 < data.images.max() <= 1
    assert data.labels.shape == (40,)
    assert data.labels.dtype == np.int64
    assert data.class_names == tuple("0123456789")
    assert data.factors.dtype == FACTORS
    np.testing.assert_array_equal(data.factors["label"], data.labels)


def test_every_label_and_style_is_drawn_as_often_as_stated():
    factors = draw_factors(50_000)
    assert np.bincount(factors["label"]) == pytest.approx(np.full(10, 5000), rel=0.1)
    for label, ways in enumerate(SKELETONS):
        weights = np.array([weight for weight, _ in ways])
        seen = np.bincount(factors["style"][factors["label"] == label], minlength=len(ways))
        assert seen / seen.sum() == pytest.approx(weights / weights.sum(), abs=0.03)


def test_same_seed_same_digits_and_other_seed_others():
    first, again, other = digits(30, seed=4), digits(30, seed=4), digits(30, seed=5)
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.factors, again.factors)
    assert (first.images != other.images).any((1, 2, 3)).all()


def test_the_table_alone_determines_the_images():
    data = digits(600, seed=2)
    np.testing.assert_array_equal(render(data.factors), data.images)
    rows = [599, 3, 256]  # they do not depend on the other rows
    np.testing.assert_array_equal(render(data.factors[rows]), data.images[rows])


@pytest.mark.parametrize(("name", "value"), OVERRIDES.items())
def test_fixing_a_factor_leaves_the_others_alone(name, value):
    free, fixed = draw_factors(200, seed=3), draw_factors(200, seed=3, **{name: value})
    np.testing.assert_allclose(fixed[name], value, rtol=1e-6)
    follows = {"label": {"label", "style"}}.get(name, {name})
    for other in set(FACTORS.names) - follows:
        np.testing.assert_array_equal(fixed[other], free[other])


def test_a_fixed_label_has_the_style_it_would_have_been_drawn_with():
    free = draw_factors(500, seed=3)
    fixed = draw_factors(500, seed=3, label=8)
    eights = free["label"] == 8
    np.testing.assert_array_equal(fixed["style"][eights], free["style"][eights])


def test_factors_can_be_fixed_row_by_row():
    labels = np.arange(10)
    data = digits(10, label=labels, style=0, thickness=np.linspace(0.05, 0.14, 10))
    np.testing.assert_array_equal(data.labels, labels)
    assert (data.factors["style"] == 0).all()
    assert np.diff(data.factors["thickness"]) == pytest.approx(0.01, abs=1e-6)


@pytest.mark.parametrize("size", [8, 28, 33, 64])
def test_every_style_of_every_digit_is_ink_inside_the_image(size):
    ways = every_style()
    for seed in range(5):
        images = digits(len(ways["label"]), seed=seed, size=size, **ways).images
        share = images.mean((1, 2, 3))
        assert share.min() > 0.02
        assert share.max() < 0.5
        if size > 8:  # at 8 pixels the soft edge of a stroke is wider than the margin
            assert border(images) < 0.2


def test_styles_of_a_digit_differ():
    ways = every_style()
    images = digits(len(ways["label"]), **ways, **NEUTRAL, sloppiness=0, thickness=0.09).images
    for label in range(10):
        own = images[ways["label"] == label].reshape(-1, 28 * 28)
        apart = np.abs(own[:, None] - own).sum(-1) + 1e9 * np.eye(len(own))
        assert apart.min() > 10


def test_thickness_is_the_width_of_the_stroke():
    width = np.array([0.05, 0.1, 0.15, 0.2])
    bars = digits(4, size=64, label=1, style=0, sloppiness=0, thickness=width, **NEUTRAL).images
    assert bars[:, 32].sum((1, 2)) / 64 == pytest.approx(width, abs=0.01)
    thin, thick = (digits(300, thickness=width).images.sum((1, 2, 3)) for width in (0.07, 0.1))
    assert (thick > thin).all()


def test_slant_tilts():
    tilts = []
    for slant in (-0.3, 0.0, 0.3):
        neutral = NEUTRAL | {"slant": slant}
        *_, xy, yy = moments(digits(200, seed=1, **neutral).images)
        tilts.append(-xy / yy)
    assert (tilts[0] < tilts[1]).all()
    assert (tilts[1] < tilts[2]).all()
    assert (tilts[2] - tilts[0]).mean() == pytest.approx(0.6, abs=0.1)


def test_rotation_is_clockwise_in_radians():
    bar = {"label": 1, "style": 0, "sloppiness": 0, "slant": 0.0}
    *_, xy, yy = moments(digits(2, size=64, **bar, rotation=[0.0, 0.3], scale=1).images)
    lean = np.arctan(-xy / yy)
    assert lean[1] - lean[0] == pytest.approx(0.3, abs=0.05)


def test_aspect_widens_and_scale_enlarges():
    def box(**fixed):
        ink = digits(100, seed=6, label=4, thickness=0.08, **fixed).images[..., 0] > 0.5
        return ink.any(1).sum(1), ink.any(2).sum(1)

    (narrow, _), (wide, _) = box(aspect=0.6), box(aspect=1.0)
    assert (narrow <= wide).all()
    assert narrow.mean() < 0.8 * wide.mean()
    small, large = np.maximum(*box(scale=0.7)), np.maximum(*box(scale=1.0))
    assert small.mean() == pytest.approx(0.7 * large.mean(), rel=0.07)
    assert large.mean() == pytest.approx(20, abs=1)


def test_centre_of_mass_lies_at_x_and_y():
    x, y, *_ = moments(digits(500, seed=7, x=0.0, y=0.0).images)
    assert max(np.abs(x).mean(), np.abs(y).mean()) < 0.4 / 28
    assert max(np.abs(x).max(), np.abs(y).max()) < 2.5 / 28
    shifted_x, shifted_y, *_ = moments(digits(500, seed=7, x=0.05, y=-0.05, scale=0.7).images)
    assert shifted_x.mean() - x.mean() == pytest.approx(0.05, abs=0.005)
    assert shifted_y.mean() - y.mean() == pytest.approx(-0.05, abs=0.005)


def test_ink_stays_inside_however_far_it_is_pushed():
    for push in (-1.0, 1.0):
        assert border(digits(200, x=push, y=push).images) < 0.4


def test_sloppiness_zero_draws_the_skeleton_whatever_the_wobble():
    rest = NEUTRAL | {"label": 5, "style": 0, "thickness": 0.1}
    neat = digits(2, sloppiness=0, wobble=[1, 2], **rest).images
    loose = digits(2, sloppiness=1, wobble=[1, 2], **rest).images
    np.testing.assert_array_equal(neat[0], neat[1])
    assert np.abs(loose[0] - loose[1]).sum() > 10


def test_a_digit_looks_the_same_at_all_sizes():
    factors = draw_factors(100, seed=8)
    small, large = render(factors, 28), render(factors, 84)
    pooled = large.reshape(100, 28, 3, 28, 3, 1).mean((2, 4))
    assert np.abs(pooled - small).max() < 0.3
    assert np.abs(pooled - small).mean() < 0.01


def test_a_classifier_reads_the_digits_of_another_seed():
    train, test = digits(3000, seed=0), digits(1000, seed=1)
    reader = KNeighborsClassifier(3).fit(train.images.reshape(3000, -1), train.labels)
    assert reader.score(test.images.reshape(1000, -1), test.labels) >= 0.85


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be at least 1, not 0"),
        ({"n": 5, "size": 7}, "size must be at least 8 pixels, not 7"),
        (
            {"n": 5, "colour": 1},
            "'colour' is not a factor: choose from label, style, slant, rotation",
        ),
        ({"n": 5, "label": 10}, "label must be one of 0 to 9, not 10"),
        ({"n": 2, "label": [3, -1]}, "label must be one of 0 to 9, not -1"),
        ({"n": 5, "label": 1, "style": 4}, "style of the digit 1 must be one of 0 to 3, not 4"),
        ({"n": 5, "thickness": 0.9}, "thickness must lie between 0 and 0.71 times the scale"),
        ({"n": 5, "thickness": np.nan}, "thickness must lie between 0 and 0.71 times the scale"),
        ({"n": 5, "slant": [1.0, 2.0]}, "could not broadcast"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        digits(**arguments)


def test_a_broken_table_is_not_drawn():
    factors = draw_factors(3)
    factors["style"] = 99
    with pytest.raises(ValueError, match="style of the digit"):
        render(factors)
    with pytest.raises(TypeError, match="Cannot cast"):
        draw_factors(3, label=2.5)
