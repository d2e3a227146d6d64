"""A replay gives the recorded answers in their order, with other decimal numbers in them."""

from ankeras.grading.replay import REPLACEMENTS, Recorder, Replay, has_floats
from ankeras.grading.session import Session, StudentError
from ankeras.grading.student import Student

import numpy as np
import pytest

CELL = """
import numpy as np
def pair(x):
    return {"sum": float(x.sum()), "sizes": (3, [np.arange(2), x])}
def broken(x):
    raise ValueError("no")
"""


@pytest.fixture
def record():
    """Return the exchanges of two calls: one answers, one raises."""
    session, exchanges = Session(), []
    session.define(CELL, "<exercise 1.1>")
    student = Student(Recorder(session, exchanges))
    found = student.pair(np.array([0.5, 2.0]))
    found["sizes"][1][1][:] = 7.0  # the record keeps what was answered
    with pytest.raises(StudentError):
        student.broken(1)
    return exchanges


@pytest.mark.parametrize(
    ("replacement", "number", "array"),
    [
        ("zeros", 0.0, [0.0, 0.0]),
        ("NaN", np.nan, [np.nan, np.nan]),
        ("infinity", np.inf, [np.inf, np.inf]),
        ("values 10 % too large", 2.75, [0.55, 2.2]),
    ],
)
def test_only_decimal_numbers_are_replaced(record, replacement, number, array):
    student = Student(Replay(record, replacement, 0))
    found = student.pair("any argument")
    count, (integers, decimals) = found["sizes"]
    np.testing.assert_allclose(found["sum"], number)
    np.testing.assert_allclose(decimals, array)
    assert count == 3
    assert integers.tolist() == [0, 1]
    assert integers.dtype.kind == "i"


@pytest.mark.parametrize("replacement", ["normal noise", "uniform noise"])
def test_noise_is_new_for_each_number_and_the_same_in_each_replay(record, replacement):
    first, second = (Student(Replay(record, replacement, 3)).pair(1) for _ in range(2))
    assert first["sum"] == second["sum"]
    assert len({first["sum"], *first["sizes"][1][1]}) == 3
    assert first["sizes"][1][1].tolist() == second["sizes"][1][1].tolist()


def test_an_error_is_raised_again(record):
    student = Student(Replay(record, "zeros", 0))
    student.pair(1)
    with pytest.raises(StudentError, match="ValueError: no"):
        student.broken(1)


def test_another_request_than_in_the_record_is_refused(record):
    student = Student(Replay(record, "zeros", 0))
    with pytest.raises(StudentError, match="this was not asked of the right answer"):
        _ = student.broken
    for _ in record[1:]:
        with pytest.raises(StudentError):
            _ = student.name


def test_every_replacement_keeps_shape_and_type():
    for name, replace in REPLACEMENTS.items():
        x = np.full((2, 3), 2.0, "float32")
        assert replace(x, np.random.default_rng(0)).shape == (2, 3), name
        assert not np.allclose(replace(x, np.random.default_rng(0)), x), name


def test_decimal_numbers_are_found_anywhere():
    assert has_floats({"a": [1, (2, 3.0)]})
    assert has_floats(np.float32([1]))
    for value in (1, True, "1.0", None, np.arange(3), np.zeros(0), [1, {"a": (2,)}]):
        assert not has_floats(value)
