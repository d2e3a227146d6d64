"""What a teacher says about exercises: which test is for which, and what is wrong on purpose.

A lab's `test_lab.py` and `test_hidden.py` mark their tests with `exercise`; its `mutants.py` lists
`Mutant`s (wrong answers that must fail) and `Alternative`s (right ones that must pass).
"""

from dataclasses import dataclass

import pytest


def exercise(number: str, points: float) -> pytest.MarkDecorator:
    """Mark a test as one of an exercise.

    Args:
        number: of the exercise, such as "1.2".
        points: what passing it is worth; a parametrized test is passed as a whole.
    """
    return pytest.mark.exercise(number, points=points)


@dataclass(frozen=True)
class Mutant:
    """A plausible wrong answer, and the test that must catch it.

    Attributes:
        exercise: number of the exercise.
        name: what is wrong, in a few words.
        caught_by: name of the test meant for it.
        replace: (old, new): `old` stands exactly once in the solution. Default: `code` instead.
        code: the whole cell.
    """

    exercise: str
    name: str
    caught_by: str
    replace: tuple[str, str] | None = None
    code: str = ""


@dataclass(frozen=True)
class Alternative:
    """A right answer in another style; attributes as in `Mutant`."""

    exercise: str
    name: str
    code: str = ""
    replace: tuple[str, str] | None = None
