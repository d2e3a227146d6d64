from ankeras.data.faces import (
    BINARY,
    CATEGORIES,
    FACTORS,
    HAIR_COLORS,
    HAIR_STYLES,
    RANGES,
    caption,
    draw_factors,
    faces,
    render,
)

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

UPRIGHT = {"turn": 0.0, "roll": 0.0, "x": 0.0, "y": 0.0, "zoom": 1.0}


def changed_rows(name: str, n: int = 40) -> tuple[int, int]:
    """First and last of 64 rows of pixels that a binary factor changes in upright faces."""
    off = render(draw_factors(n, 1, **UPRIGHT, **{name: 0}), 64)
    on = render(draw_factors(n, 1, **UPRIGHT, **{name: 1}), 64)
    difference = np.abs(on - off).max(axis=(2, 3))
    assert (difference.max(axis=1) > 0.1).all(), "some face does not change"
    rows = np.flatnonzero(difference.max(axis=0))
    return int(rows[0]), int(rows[-1])


@pytest.mark.parametrize("size", [32, 64, 128])
def test_shapes_dtypes_and_ranges(size):
    data = faces(5, size=size)
    assert data.images.shape == (5, size, size, 3)
    assert data.images.dtype == np.float32
    assert data.images.min() >= 0
    assert data.images.max() <= 1
    assert data.images.std() > 0.1
    assert data.labels.dtype == np.int64
    assert data.class_names == ("man", "woman")
    assert data.factors.shape == (5,)
    assert data.factors.dtype.names == FACTORS
    np.testing.assert_array_equal(data.labels, data.factors["woman"])


def test_drawn_factors_are_within_their_documented_ranges():
    table = draw_factors(2000)
    for name, (low, high) in RANGES.items():
        assert low <= table[name].min() < table[name].max() <= high
    for name, names in CATEGORIES.items():
        assert set(table[name]) == set(range(len(names)))
    for name, probability in BINARY.items():
        assert table[name].mean() == pytest.approx(probability, abs=0.05)


def test_same_seed_same_faces():
    first, second, other = faces(4, seed=3), faces(4, seed=3), faces(4, seed=4)
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.factors, second.factors)
    assert (first.images != other.images).any()


def test_more_rows_leave_the_first_ones_as_they_were():
    np.testing.assert_array_equal(draw_factors(10, 5), draw_factors(30, 5)[:10])


def test_faces_is_the_rendered_table():
    data = faces(6, 2, 32, hat=1)
    table = draw_factors(6, 2, hat=1)
    np.testing.assert_array_equal(data.factors, table)
    np.testing.assert_array_equal(data.images, render(table, 32))


def test_a_face_does_not_depend_on_its_neighbours():
    table = draw_factors(70)
    images = render(table, 32)
    np.testing.assert_array_equal(render(table[41], 32)[0], images[41])
    np.testing.assert_array_equal(render(table[5:], 32), images[5:])


def test_an_empty_table_gives_no_images():
    assert render(draw_factors(3)[:0], 32).shape == (0, 32, 32, 3)


@pytest.mark.parametrize("name", FACTORS)
def test_setting_a_factor_leaves_the_others_and_changes_the_image(name):
    value = RANGES[name][1] if name in RANGES else 1
    free, fixed = draw_factors(20, 7), draw_factors(20, 7, **{name: value})
    assert (fixed[name] == value).all()
    for other in FACTORS:
        if other != name:
            np.testing.assert_array_equal(free[other], fixed[other])
    moved = free[name] != value
    difference = np.abs(render(free, 64) - render(fixed, 64)).max(axis=(1, 2, 3))
    assert (difference[~moved] == 0).all()
    assert np.median(difference[moved]) > 0.05


def test_values_may_be_arrays_and_names():
    turn = np.linspace(-0.5, 0.5, 3)
    table = draw_factors(3, hair_color=["red", "black", "grey"], hair_style="long", turn=turn)
    assert [HAIR_COLORS[index] for index in table["hair_color"]] == ["red", "black", "grey"]
    assert (table["hair_style"] == HAIR_STYLES.index("long")).all()
    np.testing.assert_array_equal(table["turn"], turn)


# Each binary factor may change only these of the 64 rows of an upright face.
REGIONS = {"smile": (37, 48), "glasses": (22, 38), "beard": (27, 56), "hat": (0, 31)}


@pytest.mark.parametrize("name", REGIONS)
def test_an_attribute_changes_its_own_region_only(name):
    first, last = changed_rows(name)
    assert REGIONS[name][0] <= first
    assert last <= REGIONS[name][1]


def test_woman_or_man_leaves_the_wall_alone():
    pose = UPRIGHT | {"hair_style": "buzz", "hat": 0}
    men, women = (render(draw_factors(20, 1, **pose, woman=woman)) for woman in (0, 1))
    difference = np.abs(men - women).max(axis=(0, 3))
    assert difference.max() > 0.5
    assert (difference[:40, :8] == 0).all()
    assert (difference[:40, -8:] == 0).all()
    assert (difference[:8] == 0).all()


def test_brightness_raises_the_mean():
    levels = np.linspace(*RANGES["brightness"], 9)
    row = draw_factors(9, hair_color="grey")[np.zeros(9, int)]
    row["brightness"] = levels
    means = render(row, 32).mean(axis=(1, 2, 3))
    assert (np.diff(means) > 0).all()
    assert means[-1] / means[0] == pytest.approx(levels[-1] / levels[0], rel=0.1)


def test_opposite_poses_are_mirror_images():
    # Only the short haircut is not symmetric: it is parted on one side.
    table = draw_factors(40, 9)
    table = table[table["hair_style"] != HAIR_STYLES.index("short")]
    mirrored = table.copy()
    for name in ("turn", "roll", "x"):
        mirrored[name] *= -1
    np.testing.assert_allclose(render(table)[:, :, ::-1], render(mirrored), atol=1e-3)


def test_turn_moves_the_face_sideways():
    pose = UPRIGHT | {"smile": 1, "beard": 0, "hair_style": "buzz", "skin": 1.0}
    centers = []
    for turn in (-0.5, 0.0, 0.5):
        image = render(draw_factors(1, **(pose | {"turn": turn})), 64)[0]
        teeth = image[40:48, 16:48].min(axis=-1) > 0.6
        centers.append(np.flatnonzero(teeth.any(axis=0)).mean())
    assert centers[0] + 3 < centers[1] < centers[2] - 3


def test_x_and_y_move_the_whole_portrait():
    pose = UPRIGHT | {"zoom": 1.1}
    still = render(draw_factors(8, **pose))
    right = render(draw_factors(8, **(pose | {"x": 4 / 64})))
    down = render(draw_factors(8, **(pose | {"y": 3 / 64})))
    np.testing.assert_allclose(right[:, :, 4:], still[:, :, :-4], atol=1e-3)
    np.testing.assert_allclose(down[:, 3:], still[:, :-3], atol=1e-3)


def test_positive_roll_tilts_clockwise():
    pose = UPRIGHT | {"hat": 1, "shirt": "navy", "background": "mint"}
    image = render(draw_factors(1, **(pose | {"roll": 0.3})))[0]
    red = (image[..., 0] > image[..., 1] + 0.2) & (np.arange(64) < 28)[:, None]
    rows, columns = np.nonzero(red)
    assert columns[rows < np.median(rows)].mean() > 34


def test_factors_are_independent():
    table = draw_factors(5000)
    columns = np.stack([table[name].astype(float) for name in FACTORS])
    correlations = np.corrcoef(columns) - np.eye(len(FACTORS))
    assert np.abs(correlations).max() < 0.06  # four standard deviations of 1 / √5000


def test_sizes_show_the_same_face():
    table = draw_factors(30)
    small, middle, large = (render(table, size) for size in (32, 64, 128))
    halved = middle.reshape(30, 32, 2, 32, 2, 3).mean(axis=(2, 4))
    assert np.abs(halved - small).mean() < 0.012
    halved = large.reshape(30, 64, 2, 64, 2, 3).mean(axis=(2, 4))
    assert np.abs(halved - middle).mean() < 0.008


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ((1, 1, 1, 0, 0, "red"), "a smiling woman with glasses and red hair"),
        ((0, 0, 0, 1, 1, "black"), "a man with a beard, a hat and black hair"),
        ((0, 0, 0, 0, 0, "grey"), "a man with grey hair"),
        ((0, 1, 1, 1, 1, "blond"), "a smiling man with glasses, a beard, a hat and blond hair"),
        ((1, 0, 0, 0, 1, "brown"), "a woman with a hat and brown hair"),
    ],
)
def test_captions(attributes, expected):
    names = ("woman", "smile", "glasses", "beard", "hat", "hair_color")
    table = draw_factors(1, **dict(zip(names, attributes, strict=True)))
    assert caption(table[0]) == expected


def test_captions_tell_all_combinations_apart():
    grid = np.meshgrid(*[[0, 1]] * 5, np.arange(len(HAIR_COLORS)), indexing="ij")
    columns = [axis.ravel() for axis in grid]
    names = ("woman", "smile", "glasses", "beard", "hat", "hair_color")
    table = draw_factors(len(columns[0]), **dict(zip(names, columns, strict=True)))
    assert len({caption(row) for row in table}) == len(table)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be at least 1, not 0."),
        ({"size": 48}, "size must be one of 32, 64, 128, not 48."),
        ({"colour": 1}, "Unknown factor 'colour'; the factors are woman, smile,"),
        (
            {"hair_color": "green"},
            "hair_color must be one of black, brown, blond, red, grey or its index, not green.",
        ),
        ({"hair_color": 5}, "hair_color must be one of black, .* or its index, not 5."),
        ({"shirt": 0.5}, "shirt must be one of white, .* or its index, not 0.5."),
        ({"woman": 2}, "woman must be 0 or 1, not 2."),
        ({"woman": "yes"}, "woman must be 0 or 1, not yes."),
        ({"turn": 0.6}, "turn must be between -0.5 and 0.5, not 0.6."),
        ({"turn": [0.1, 9.0]}, "turn must be between -0.5 and 0.5, not 9.0."),
        ({"skin": float("nan")}, "skin must be between 0 and 1, not nan."),
        ({"skin": "fair"}, "skin must be between 0 and 1, not fair."),
        ({"smile": [1, 0, 1]}, r"smile must be a scalar or of shape \(2,\), not \(3,\)."),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        faces(**({"n": 2} | arguments))


def test_wrong_tables():
    table = draw_factors(2)
    with pytest.raises(ValueError, match="The table lacks the factor 'skin'"):
        render(table[[name for name in FACTORS if name != "skin"]])
    table["zoom"] = 3
    with pytest.raises(ValueError, match=r"zoom must be between 0.88 and 1.12, not 3.0."):
        render(table)


def test_a_linear_classifier_reads_the_attributes_of_upright_faces():
    data = faces(3000, 0, 32, **UPRIGHT)
    pixels = data.images.reshape(3000, -1)
    train, test = slice(0, 2400), slice(2400, 3000)
    reduce = PCA(120, svd_solver="randomized", random_state=0).fit(pixels[train])
    codes = reduce.transform(pixels)
    for name in BINARY:
        classes = data.factors[name]
        model = LogisticRegression(C=10, max_iter=300).fit(codes[train], classes[train])
        accuracy = model.score(codes[test], classes[test])
        assert accuracy > 0.97, name
