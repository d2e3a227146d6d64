"""The function `check` of a lab's notebook: it runs the tests on the cells that were run.

check = checker("05_vae")     # in the first cell of the lab
check("1.2")                  # the tests of one exercise
check()                       # a table of all exercises

It judges what would be handed in: the text of the cells, run again without the other names of the
notebook. So what is right here is right in the grade. Without IPython, it judges the names.
"""

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ankeras.grading import result_html
from ankeras.grading.answers import Submission, find_answers
from ankeras.grading.lab import PUBLIC
from ankeras.grading.plugin import SECONDS, Grading, judge, local_session
from ankeras.grading.results import ExerciseResult, score
from ankeras.grading.running import RunCells, run_cells
from ankeras.grading.session import Session
from ankeras.grading.unanswered import explain_unanswered

from IPython.utils.capture import capture_output


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
            rows.append(f"exercise {exercise.number}: {score([exercise])}")
            for test in exercise.tests:
                rows.append(f"  {'right' if test.passed else 'not yet'}: {test.title}")
                rows += [f"    {row}" for row in test.message.splitlines()]
            rows += [f"  note: {note}" for note in exercise.notes]
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
    cells = run_cells()

    def check(exercise: str | None = None) -> Verdict:
        """Check one exercise, such as "1.2", or all exercises."""
        if cells is None:
            names = vars(sys.modules["__main__"])
            # A copy: names that a test defines must not appear in the notebook.
            grading = Grading(lambda folder, number: Session(dict(names), SECONDS), only=exercise)
            found = judge([tests], grading)
        else:
            with _unseen():
                found = _judge_cells(tests, cells, exercise)
        if not found:
            raise ValueError(
                f'Lab {lab} has no exercise {exercise!r}. Write the number like this: check("1.2").'
            )
        return Verdict(found)

    return check


def _judge_cells(tests: Path, cells: RunCells, only: str | None) -> list[ExerciseResult]:
    """Judge the cells that were run."""
    submission = find_answers(cells.latest())
    sessions: dict[str, Session] = {}

    def open_exercise(folder: Path, number: str) -> Session:
        missing = {} if number in submission.answers else {number: "it has not been run"}
        known = replace(submission, missing=submission.missing | missing)
        sessions[number] = local_session(None, known, number)
        return sessions[number]

    grading = Grading(open_exercise, only, submissions={tests.parent: submission})
    found = judge([tests], grading)
    for each in found:
        each.notes += _notes_on(submission, each.number)
        if each.number in sessions:
            answer = submission.answers.get(each.number, "")
            each.notes += cells.differences(answer, sessions[each.number].namespace)
        each.notes += cells.names_only_here([test.message for test in each.tests])
    return found


def _notes_on(submission: Submission, number: str) -> list[str]:
    return [note for note in submission.notes if number in re.findall(r"\d+\.\d+", note)]


@contextlib.contextmanager
def _unseen() -> Iterator[None]:
    """Show nothing of what the cells show when they are run again, and close their figures."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    before = set(pyplot.get_fignums()) if pyplot else set()
    try:
        with capture_output():
            yield
    finally:
        pyplot = sys.modules.get("matplotlib.pyplot")
        for number in set(pyplot.get_fignums()) - before if pyplot else ():
            pyplot.close(number)
