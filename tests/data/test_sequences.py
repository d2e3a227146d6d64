"""Sequences of digits: what the tasks make of them."""

from ankeras.data import digit_sequences

import numpy as np
import pytest


def test_digits_are_reversed_and_sorted():
    for task in ("reverse", "sort"):
        source, target = digit_sequences(200, task, 5, seed=3)
        assert source.shape == target.shape == (200, 7)
        assert source.dtype == target.dtype == "int32"
        for x, y in zip(source, target, strict=True):
            digits = list(x[:5])
            assert list(x[5:]) == [0, 0]
            assert list(y) == [1, *(digits[::-1] if task == "reverse" else sorted(digits)), 2]
        assert set(np.unique(source[:, :5])) == set(range(3, 13))
    np.testing.assert_array_equal(digit_sequences(9, seed=1)[0], digit_sequences(9, seed=1)[0])
    assert (digit_sequences(9, seed=1)[0] != digit_sequences(9, seed=2)[0]).any()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((5, "double"), "There is no task 'double'"),
        ((0, "sort"), "at least 1 sequence of 1 digit, not 0 of 8"),
        ((5, "sort", 0), "not 5 of 0"),
    ],
)
def test_what_does_not_exist_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        digit_sequences(*arguments)
