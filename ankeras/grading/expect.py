"""Comparisons for a lab's tests, with messages that say what was expected, what was found, a hint.

Each function raises `WrongAnswer` or returns nothing. `found` comes from a submission and may be
anything. `expected` comes from the test. No comparison accepts NaN or infinity in `found`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np


class WrongAnswer(AssertionError):
    """An answer is not what was expected.

    Attributes:
        what: what was compared, in the words of the lecture.
        expected, found: both as short text.
        hint: a sentence that helps and does not tell the answer.
        pictures: (expected, found) as images in [0, 1], or None.
    """

    def __init__(
        self,
        what: str,
        expected: str,
        found: str,
        hint: str = "",
        pictures: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        super().__init__(what, expected, found, hint)
        self.what, self.expected, self.found, self.hint = what, expected, found, hint
        self.pictures = pictures

    def __str__(self) -> str:
        hint = f"\nhint: {self.hint}" if self.hint else ""
        return f"{self.what}\nexpected: {self.expected}\nfound:    {self.found}{hint}"


def equal(found: Any, expected: Any, what: str, hint: str = "") -> None:
    """Expect the same number or text, or the same tuple, list or dictionary of these.

    Types must be the same too: `True` is not 1.
    """
    if not _same(found, expected):
        raise WrongAnswer(what, repr(expected), _short(found), hint)


def close(
    found: Any,
    expected: Any,
    what: str,
    hint: str = "",
    *,
    rtol: float = 1e-3,
    atol: float = 1e-4,
    picture: bool = False,
    inputs: Mapping[str, Any] | None = None,
) -> None:
    """Expect a number, or an array of the same shape, with nearly the same values.

    Args:
        found, expected: numbers, or arrays of numbers.
        what, hint: as in `WrongAnswer`.
        rtol, atol: each value must satisfy |found - expected| <= atol + rtol |expected|.
        picture: show both as images in [0, 1], (height, width) or (height, width, 1 or 3). If there
            are axes before these, the image with the largest difference is shown.
        inputs: name -> value of the arguments; they are shown, shortened.
    """
    wanted = np.asarray(expected)
    what += _given(inputs)
    if not _numbers(found):
        raise WrongAnswer(what, _values(wanted), _short(found), hint)
    values = np.asarray(found)
    if values.shape != wanted.shape:
        expected_shape, found_shape = _named_shape(wanted.shape), _named_shape(values.shape)
        raise WrongAnswer(what, expected_shape, found_shape, hint)
    shown = _pictures(wanted, values) if picture else None
    if not _is_finite(values):
        raise WrongAnswer(what, _values(wanted), _not_finite(values), hint, shown)
    if not np.allclose(values, wanted, rtol=rtol, atol=atol):
        raise WrongAnswer(what, _values(wanted), _values(values), hint, shown)


def shape(found: Any, expected: tuple[int | None, ...], what: str, hint: str = "") -> None:
    """Expect an array of this shape, of finite numbers; None in the shape allows any size."""
    if not _numbers(found):
        raise WrongAnswer(what, _named_shape(expected), _short(found), hint)
    sizes = np.shape(found)
    fits = len(sizes) == len(expected) and all(
        b is None or a == b for a, b in zip(sizes, expected, strict=True)
    )
    if not fits:
        raise WrongAnswer(what, _named_shape(expected), _named_shape(sizes), hint)
    if not _is_finite(found):
        raise WrongAnswer(what, "finite numbers", _not_finite(found), hint)


def between(found: Any, low: float, high: float, what: str, hint: str = "") -> None:
    """Expect one finite number in the interval [low, high]."""
    expected = f"a number from {low:.4g} to {high:.4g}"
    if not (_numbers(found) and np.ndim(found) == 0):
        raise WrongAnswer(what, expected, _short(found), hint)
    if not _is_finite(found):
        raise WrongAnswer(what, expected, _not_finite(found), hint)
    if not low <= float(found) <= high:
        raise WrongAnswer(what, expected, _short(found), hint)


def that(condition: bool, what: str, expected: str, found: Any, hint: str = "") -> None:
    """Expect that a condition is true; the test computes the condition itself.

    A condition like "not close to the numbers before" is also true for NaN, so `found` must be
    finite where it is an array, a number or a list of numbers.
    """
    if _numbers(found) and not _is_finite(found):
        raise WrongAnswer(what, expected, _not_finite(found), hint)
    if not condition:
        raise WrongAnswer(what, expected, _short(found), hint)


def _numbers(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(_is_number(item) for item in value)
    if isinstance(value, int | float):
        return _fits(value)
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"


def _is_number(item: Any) -> bool:
    """Whether it is one number. An array without dimensions is one: tensors arrive as arrays."""
    one = isinstance(item, int | float) or (isinstance(item, np.ndarray) and item.ndim == 0)
    return one and _numbers(item)


def _fits(number: float) -> bool:
    """Whether a float can hold the number. An integer in Python may be too large."""
    return isinstance(number, float) or abs(number) < 2**1023


def _is_finite(numbers: Any) -> bool:
    return bool(np.isfinite(np.asarray(numbers, dtype=float)).all())


def _not_finite(numbers: Any) -> str:
    return f"NaN or infinity: {_short(numbers)}"


def _given(inputs: Mapping[str, Any] | None) -> str:
    """Return the arguments as text that follows what is compared."""
    if not inputs:
        return ""
    return "\nfor " + "; ".join(f"{name} = {_short(value)}" for name, value in inputs.items())


def _pictures(wanted: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both as one image: of several images, the one with the largest difference."""
    image = wanted.shape[-3:] if wanted.shape[-1:] in ((1,), (3,)) else wanted.shape[-2:]
    wanted, values = (each.reshape(-1, *image) for each in (wanted, values))
    far = np.abs(np.nan_to_num(values) - wanted).reshape(len(wanted), -1).max(axis=1)
    return wanted[far.argmax()], values[far.argmax()]


def _same(found: Any, expected: Any) -> bool:
    if isinstance(found, np.ndarray) and found.ndim == 0:
        found = found.item()  # one number: tensors and some functions of NumPy return it so
    if type(found) is not type(expected):
        return False
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(_same, found, expected))
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            _same(found[key], expected[key]) for key in expected
        )
    return bool(found == expected)


def _named_shape(sizes: tuple) -> str:
    return "a single number" if sizes == () else f"an array of shape {tuple(sizes)}"


def _values(array: np.ndarray) -> str:
    """Return the first six values as text, and the shape if there are more or it is no vector."""
    if array.ndim == 0:
        return f"{array.item():.6g}"
    few = ", ".join(f"{value:.4g}" for value in array.reshape(-1)[:6])
    return (
        f"[{few}]"
        if array.size <= 6 and array.ndim == 1
        else (f"{few}{', ...' if array.size > 6 else ''} (shape {array.shape})")
    )


def _short(value: Any) -> str:
    if value is None:
        return "nothing (None): is a return missing?"
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return _values(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "..."
