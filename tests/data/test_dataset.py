"""A data set: images, and named targets with one row per image."""

from ankeras.data import Dataset, digits

import numpy as np
import pytest


@pytest.fixture
def data() -> Dataset:
    """Return five images with four kinds of targets."""
    return Dataset(
        np.arange(5.0, dtype="float32").reshape(5, 1, 1, 1) / 5,
        {
            "labels": np.array([0, 1, 1, 0, 1]),
            "captions": np.array(["zero", "one", "two", "three", "four"]),
            "masks": np.eye(5, dtype=bool).reshape(5, 5, 1),
            "boxes": np.arange(20).reshape(5, 4),
        },
        ("even", "odd"),
    )


@pytest.mark.parametrize(
    ("rows", "which"),
    [
        (slice(1, 3), [1, 2]),
        (np.array([4, 0, 0]), [4, 0, 0]),
        (np.array([True, False, False, True, False]), [0, 3]),
    ],
)
def test_all_targets_are_taken_with_their_images(data, rows, which):
    taken = data.take(rows)
    assert len(taken) == len(which)
    assert taken.class_names == data.class_names
    np.testing.assert_array_equal(taken.images, data.images[which])
    assert taken.targets.keys() == data.targets.keys()
    for name, target in taken.targets.items():
        np.testing.assert_array_equal(target, data.targets[name][which])
    assert len(data) == 5


def test_labels_and_factors_are_read_by_name(data):
    np.testing.assert_array_equal(data.labels, [0, 1, 1, 0, 1])
    assert data.factors is None
    assert Dataset(data.images).labels is None
    drawn = digits(4)
    assert drawn.labels is drawn.targets["labels"]
    assert drawn.factors is drawn.targets["factors"]


@pytest.mark.parametrize(
    ("target", "shape"),
    [(np.zeros((4, 2)), r"\(4, 2\)"), (np.zeros(6), r"\(6,\)"), (np.float64(1), r"\(\)")],
)
def test_a_target_with_other_rows_is_refused(data, target, shape):
    with pytest.raises(ValueError, match=f"'boxes' needs one row for each of 5 images.*{shape}"):
        Dataset(data.images, {"boxes": target})
