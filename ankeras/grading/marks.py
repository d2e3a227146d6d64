"""The marks of a lab: which test belongs to which exercise, and which answers are wrong.

A lab's `test_lab.py` and `test_hidden.py` mark their tests with `exercise`; its `mutants.py` lists
`Mutant`s (wrong answers that must fail) and `Alternative`s (right ones that must pass).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

Edit = tuple[str, str]  # (old, new)


def exercise(
    number: str, points: float, unjudged: Mapping[str, str] | None = None
) -> pytest.MarkDecorator:
    """Return the mark of a test that belongs to an exercise.

    Args:
        number: of the exercise, such as "1.2".
        points: for passing the test. A parametrized test passes only with all its parameters.
        unjudged: replacement -> the reason why the test passes also if all numbers of the right
            answer are replaced so, such as {"normal noise": "the right answer is such noise"}.
            The names are those of `ankeras.grading.replay.REPLACEMENTS`. Default: the test fails
            for all replacements.
    """
    return pytest.mark.exercise(number, points=points, unjudged=dict(unjudged or {}))


@dataclass(frozen=True)
class Mutant:
    """A wrong answer that a student could give, and the tests that must fail for it.

    It is an edit of the solution or, where that is not possible, a whole cell.

    Attributes:
        exercise: number of the exercise.
        name: what is wrong, in a few words.
        caught_by: name of the test that must fail, or a tuple of names if several tests must. All
            other tests of the exercise must pass.
        replace: (old, new), or a list of such pairs, which are replaced one after the other. Each
            `old` must be found exactly once. Default: `code` instead.
        code: the whole cell.
    """

    exercise: str
    name: str
    caught_by: str | tuple[str, ...]
    replace: Edit | list[Edit] | None = None
    code: str = ""

    @property
    def tests(self) -> tuple[str, ...]:
        """The names of the tests that must fail."""
        return (self.caught_by,) if isinstance(self.caught_by, str) else self.caught_by


@dataclass(frozen=True)
class Alternative:
    """A right answer in another style; its attributes are those of `Mutant`."""

    exercise: str
    name: str
    code: str = ""
    replace: Edit | list[Edit] | None = None
