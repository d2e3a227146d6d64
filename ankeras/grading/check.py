"""The function `check` of a lab's notebook: it runs the tests on what the notebook has defined.

check = checker("05_vae")     # in the first cell of the lab
check("1.2")                  # the tests of one exercise
check()                       # a table of all exercises
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from ankeras.grading import result_html
from ankeras.grading.lab import PUBLIC
from ankeras.grading.plugin import SECONDS, Grading, judge
from ankeras.grading.results import ExerciseResult
from ankeras.grading.session import Session
from ankeras.grading.unanswered import explain_unanswered


class Verdict:
    """The results of `check`. A notebook shows them as a table.

    Attributes:
        exercises: one result per exercise.
    """

    def __init__(self, exercises: list[ExerciseResult]) -> None:
        self.exercises = exercises

    @property
    def points(self) -> float:
        """The points of all these exercises together."""
        return sum(exercise.points for exercise in self.exercises)

    def __repr__(self) -> str:
        rows = []
        for exercise in self.exercises:
            points = f"{exercise.points:g} of {exercise.possible:g} points"
            rows.append(f"exercise {exercise.number}: {points}")
            for test in exercise.tests:
                rows.append(f"  {'right' if test.passed else 'not yet'}: {test.title}")
                rows += [f"    {row}" for row in test.message.splitlines()]
        return "\n".join(rows)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # nbgrader reads the points of a cell from the text of its output.
        return {"text/plain": f"{self.points:g}", "text/html": self._html()}

    def _html(self) -> str:
        if len(self.exercises) == 1:
            return result_html.details(self.exercises[0])
        return result_html.table(self.exercises)


def checker(lab: str) -> Callable[..., Verdict]:
    """Return the function `check` for a lab's notebook.

    From now on, a cell that needs an exercise which is not done yet says so in one sentence.

    Args:
        lab: the name of the lab, such as "05_vae".

    Raises:
        FileNotFoundError: if the file of the lab's tests is not in the folder of the notebook.
    """
    tests = Path(PUBLIC).resolve()
    if not tests.is_file():
        raise FileNotFoundError(
            f"The checks of lab {lab} are in the file {PUBLIC}. Put this file into the folder of "
            f"this notebook ({Path.cwd()})."
        )
    other = re.search(r'^LAB = "(.+)"$', tests.read_text(encoding="utf-8"), re.MULTILINE)
    if other and other[1] != lab:
        raise FileNotFoundError(
            f"The file {PUBLIC} in the folder of this notebook ({Path.cwd()}) is of lab "
            f"{other[1]}. Move this notebook into its own folder, and run its first cell."
        )
    explain_unanswered()

    def check(exercise: str | None = None) -> Verdict:
        """Check one exercise, such as "1.2", or all exercises."""
        names = vars(sys.modules["__main__"])
        # A copy: names that a test defines must not appear in the notebook.
        grading = Grading(lambda folder, number: Session(dict(names), SECONDS), only=exercise)
        found = judge([tests], grading)
        if not found:
            raise ValueError(
                f'Lab {lab} has no exercise {exercise!r}. Write the number like this: check("1.2").'
            )
        return Verdict(found)

    return check
