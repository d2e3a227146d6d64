"""Points that a teacher gives by hand, and what a grade is worth with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ankeras.grading.results import Grade


@dataclass(frozen=True)
class Override:
    """Points that a teacher gives instead of the points from the tests.

    Attributes:
        points: the points that count.
        reason: why, in the teacher's words.
        when: when it was saved, in UTC, such as "2030-01-31T12:00:00+00:00".
        stale: whether the student was graded again later. Then check whether the points still hold.
    """

    points: float
    reason: str
    when: str = ""
    stale: bool = False


Overrides = Mapping[tuple[str, str], Override]  # by (student, exercise); "" is the total


def exercise_numbers(grades: Iterable[Grade]) -> list[str]:
    """Return the numbers of all exercises, in the order of the lab."""
    return list(dict.fromkeys(found.number for grade in grades for found in grade.exercises))


def exercise_points(grade: Grade, number: str, overrides: Overrides) -> float | None:
    """Return the points for one exercise, or None if it was not graded."""
    if (grade.student, number) in overrides:
        return overrides[grade.student, number].points
    return next((found.points for found in grade.exercises if found.number == number), None)


def total(grade: Grade, overrides: Overrides) -> float:
    """Return the points for the whole lab; 0 for a file that could not be graded."""
    if (grade.student, "") in overrides:
        return overrides[grade.student, ""].points
    changed = [number for student, number in overrides if student == grade.student]
    numbers = dict.fromkeys([*exercise_numbers([grade]), *changed])
    points = sum(exercise_points(grade, number, overrides) or 0.0 for number in numbers)
    return round(points, 6)  # three tests of 0.1 points are 0.3
