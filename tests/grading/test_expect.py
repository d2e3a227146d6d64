"""Right answers pass, and any wrong answer gets a message."""

import re

from ankeras.grading import expect
from ankeras.grading.expect import WrongAnswer
from ankeras.grading.session import Reference
from ankeras.grading.student import Handle

import numpy as np
import pytest

HANDLE = Handle(None, Reference(0, "Dense"))  # type: ignore[arg-type]
ODD = {
    "None": None,
    "NaN": np.nan,
    "infinity": np.inf,
    "a number": 1.0,
    "text": "1, 2",
    "no numbers": [],
    "a list of lists": [[1.0], [2.0]],
    "a list of text": ["1", "2"],
    "another shape": np.ones((2, 1)),
    "another size": np.ones(3),
    "an empty array": np.zeros((0, 2)),
    "NaN inside": np.array([1.0, np.nan]),
    "infinity inside": np.array([1.0, np.inf]),
    "complex": np.array([1.0, 2.0 + 1e-9j]),
    "objects": np.array([1, "2"], dtype=object),
    "a dictionary": {"0": 1.0, "1": 2.0},
    "a function": HANDLE,
    "beyond floats": [1, 10**400],
}


@pytest.mark.parametrize(
    "found",
    [
        *(np.array([1.0, 2.0]), np.array([1, 2]), np.array([1.00005, 2], "float32")),
        *([1, 2.0], (1, 2), [np.array(1.0), np.array(2)]),
    ],
    ids=str,
)
def test_close_accepts_the_same_values(found):
    expect.close(found, [1.0, 2.0], "two numbers")


def test_close_accepts_numbers():
    for found in (2, 2.0, np.array(2.0), 10**3 / 500):
        expect.close(found, 2.0, "a number")


@pytest.mark.parametrize("found", ODD.values(), ids=list(ODD))
def test_close_fails_for_anything_else(found):
    with pytest.raises(WrongAnswer, match=r"(?s)two numbers\nexpected: .*\nfound: .*hint: count"):
        expect.close(found, np.array([1.0, 2.0]), "two numbers", "count", picture=True)


@pytest.mark.parametrize("found", ODD.values(), ids=list(ODD))
def test_shape_fails_for_anything_but_an_array_of_this_shape(found):
    of_this_shape = isinstance(found, np.ndarray) and found.shape == (2,) and found.dtype == float
    expected = "finite numbers" if of_this_shape else "an array of shape"
    with pytest.raises(WrongAnswer, match=f"two numbers\nexpected: {expected}"):
        expect.shape(found, (2,), "two numbers")


def test_shape_accepts_an_array_of_this_shape():
    expect.shape(np.ones(2), (2,), "two numbers")
    expect.shape(np.ones((2, 3)), (None, 3), "numbers")


@pytest.mark.parametrize("found", ODD.values(), ids=list(ODD))
def test_between_fails_for_anything_but_one_number(found):
    if isinstance(found, float) and found == 1.0:
        expect.between(found, 1.0, 2.0, "a number")
    else:
        with pytest.raises(WrongAnswer, match="a number from 1 to 2"):
            expect.between(found, 1.0, 2.0, "a number")


def test_between_fails_for_numbers_outside():
    for found in (0.999, 2.001, -1, 10**400):
        with pytest.raises(WrongAnswer):
            expect.between(found, 1, 2, "a number")


def test_equal_compares_types_too():
    expect.equal({"a": [1, (2.0, "x")]}, {"a": [1, (2.0, "x")]}, "a dictionary")
    expect.equal(np.array(12), 12, "a number that came as a tensor")
    pairs = [(True, 1), (1, 1.0), ([1], (1,)), ([1], [1, 2]), ({"a": 1}, {"b": 1}), (None, 0)]
    pairs += [(np.ones(2), [1.0, 1.0]), (HANDLE, "Dense"), (np.nan, np.nan), ([1], {"a": 1})]
    pairs += [(np.array(1.0), 1), (np.array(True), 1), (np.array([12]), 12)]
    for found, expected in pairs:
        with pytest.raises(WrongAnswer):
            expect.equal(found, expected, "a value")


def test_that_fails_if_the_condition_is_false():
    expect.that(True, "what", "expected", None)
    with pytest.raises(WrongAnswer, match=re.escape("nothing (None): is a return missing?")):
        expect.that(False, "what", "expected", None)


@pytest.mark.parametrize("found", [np.nan, np.inf, -np.inf])
def test_no_comparison_accepts_what_is_not_finite(found):
    array = np.array([1.0, found])
    text = rf"(?s)numbers.*found:    NaN or infinity: .*{found}.*hint: divide"
    for compare in (
        lambda: expect.close(array, array, "numbers", "divide"),
        lambda: expect.shape(array, (2,), "numbers", "divide"),
        lambda: expect.between(found, -np.inf, np.inf, "numbers", "divide"),
        lambda: expect.that(True, "numbers", "other numbers", array, "divide"),
        lambda: expect.that(True, "numbers", "other numbers", [1.0, found], "divide"),
    ):
        with pytest.raises(WrongAnswer, match=text):
            compare()


def test_the_arguments_are_shown_shortened():
    with pytest.raises(WrongAnswer) as wrong:
        expect.close(1.0, 2.0, "the loss", inputs={"x": np.arange(9.0), "beta": 0.5})
    first, second, *_ = str(wrong.value).splitlines()
    assert first == "the loss"
    assert second == "for x = 0, 1, 2, 3, 4, 5, ... (shape (9,)); beta = 0.5"


def test_messages_name_shapes_and_values():
    with pytest.raises(WrongAnswer, match="an array of shape \\(3,\\)"):
        expect.close(np.ones(3), np.ones((3, 1)), "numbers")
    with pytest.raises(WrongAnswer, match="expected: a single number"):
        expect.close(np.ones(3), 1.0, "a number")
    with pytest.raises(WrongAnswer, match=r"found:    0, 1, 2, 3, 4, 5, \.\.\. \(shape \(7,\)\)"):
        expect.close(np.arange(7), np.ones(7), "numbers")


def test_long_answers_are_cut():
    with pytest.raises(WrongAnswer) as wrong:
        expect.equal("x" * 10_000, "y", "a text")
    assert len(str(wrong.value)) < 400


def test_a_picture_is_kept_where_values_differ():
    with pytest.raises(WrongAnswer) as wrong:
        expect.close(np.zeros((2, 2)), np.ones((2, 2)), "an image", picture=True)
    expected, found = wrong.value.pictures
    assert expected.all()
    assert not found.any()


def test_the_picture_of_a_minibatch_is_the_image_with_the_largest_difference():
    expected = np.stack([np.full((2, 3, 1), value) for value in (0.1, 0.2, 0.3)])
    for wrong_pixel in (0.9, np.nan):
        found = expected.copy()
        found[0, 0, 0] = 0.15
        found[2, 1, 1] = wrong_pixel
        with pytest.raises(WrongAnswer) as wrong:
            expect.close(found, expected, "images", picture=True)
        np.testing.assert_equal(wrong.value.pictures, (expected[2], found[2]))
