"""What a grade comes to, once its teacher has changed points by hand."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from ankeras.grading.results import Grade


class Override(Protocol):
    """Points that a teacher gives in place of the tests."""

    @property
    def points(self) -> float:
        """That count."""

    @property
    def reason(self) -> str:
        """Why, in the teacher's words."""


Overrides = Mapping[tuple[str, str], Override]  # by (student, exercise); "" is the total


def exercises(grades: Iterable[Grade]) -> list[str]:
    """Return the numbers of all exercises, in the lab's order."""
    return list(dict.fromkeys(found.number for grade in grades for found in grade.exercises))


def exercise_points(grade: Grade, number: str, overrides: Overrides) -> float | None:
    """Return the points of one exercise; None, if nobody has graded it."""
    if (grade.student, number) in overrides:
        return overrides[grade.student, number].points
    return next((found.points for found in grade.exercises if found.number == number), None)


def total(grade: Grade, overrides: Overrides) -> float:
    """Return the points of the whole lab; a file that could not be graded has none."""
    if (grade.student, "") in overrides:
        return overrides[grade.student, ""].points
    changed = [number for student, number in overrides if student == grade.student]
    numbers = dict.fromkeys([*exercises([grade]), *changed])
    points = sum(exercise_points(grade, number, overrides) or 0.0 for number in numbers)
    return round(points, 6)  # three tests of 0.1 points are 0.3
