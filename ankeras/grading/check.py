"""`check("1.2")` in a notebook: the tests of one exercise, on the notebook's own definitions.

check = checker("05_vae")     # in the lab's first cell
check("1.2")                  # one exercise
check()                       # the table of all
"""

import base64
import io
import sys
from collections.abc import Callable
from html import escape
from pathlib import Path

from ankeras.grading.expect import WrongAnswer
from ankeras.grading.lab import PUBLIC
from ankeras.grading.plugin import SECONDS, ExerciseResult, Grading, TestResult, judge
from ankeras.grading.session import Session

import numpy as np
from PIL import Image

GREEN, RED = "#1a7f37", "#b3261e"
PICTURE_SIDE = 96  # pixels


class Verdict:
    """What `check` found; a notebook shows it as a table.

    Attributes:
        exercises: the results, by exercise.
    """

    def __init__(self, exercises: list[ExerciseResult]) -> None:
        self.exercises = exercises

    @property
    def points(self) -> float:
        """Points earned."""
        return sum(exercise.points for exercise in self.exercises)

    def __repr__(self) -> str:
        rows = []
        for exercise in self.exercises:
            rows.append(f"exercise {exercise.number}: {_points(exercise)}")
            for test in exercise.tests:
                rows.append(f"  {'right' if test.passed else 'not yet'}: {test.title}")
                rows += [f"    {row}" for row in test.message.splitlines()]
        return "\n".join(rows)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # nbgrader reads the points of a cell from the text of its output.
        return {"text/plain": f"{self.points:g}", "text/html": self._html()}

    def _html(self) -> str:
        if len(self.exercises) == 1:
            (exercise,) = self.exercises
            return _details(exercise)
        rows = "".join(_row(exercise) for exercise in self.exercises)
        possible = sum(exercise.possible for exercise in self.exercises)
        total = f"<tr><th>total</th><th>{self.points:g} of {possible:g}</th><th></th></tr>"
        return f"<table>{rows}{total}</table>"


def checker(lab: str) -> Callable[..., Verdict]:
    """Return the function `check` of a lab's notebook.

    Args:
        lab: its name, such as "05_vae".

    Raises:
        FileNotFoundError: if the lab's tests do not lie beside the notebook.
    """
    tests = Path(PUBLIC).resolve()
    if not tests.is_file():
        raise FileNotFoundError(
            f"The checks of lab {lab} are in the file {PUBLIC}, which must lie in the folder of "
            f"this notebook ({Path.cwd()})."
        )

    def check(exercise: str | None = None) -> Verdict:
        """Check one exercise, such as "1.2", or all of them."""
        names = vars(sys.modules["__main__"])
        # A copy: what a test defines for itself must not appear in the notebook.
        grading = Grading(lambda folder, number: Session(dict(names), SECONDS), only=exercise)
        found = judge([tests], grading)
        if not found:
            raise ValueError(
                f'Lab {lab} has no exercise {exercise!r}: a number is written like check("1.2").'
            )
        return Verdict(found)

    return check


def _points(exercise: ExerciseResult) -> str:
    return f"{exercise.points:g} of {exercise.possible:g} points"


def _row(exercise: ExerciseResult) -> str:
    failed = [escape(test.title) for test in exercise.tests if not test.passed]
    state = _coloured(GREEN, "right") if not failed else _coloured(RED, "<br>".join(failed))
    return (
        f"<tr><td>{escape(exercise.number)}</td><td>{_points(exercise)}</td>"
        f'<td style="text-align:left">{state}</td></tr>'
    )


def _details(exercise: ExerciseResult) -> str:
    tests = "".join(_test(test) for test in exercise.tests)
    return f"<div><b>Exercise {escape(exercise.number)}: {_points(exercise)}</b>{tests}</div>"


def _test(test: TestResult) -> str:
    if test.passed:
        return f"<div>{_coloured(GREEN, '&#10003;')} {escape(test.title)}</div>"
    head = f"<div>{_coloured(RED, '&#10007;')} {escape(test.title)}"
    return f'{head}<div style="margin-left:1.5em">{_why(test)}</div></div>'


def _why(test: TestResult) -> str:
    if test.wrong is None:
        return _lines(test.message)
    wrong = test.wrong
    rows = f"<div>{_lines(wrong.what)}</div><table>"
    for name, text in (("expected", wrong.expected), ("found", wrong.found)):
        rows += (
            f'<tr><td>{name}</td><td style="text-align:left"><code>{_lines(text)}</code>'
            f"{_picture(wrong, name)}</td></tr>"
        )
    hint = f"<div><i>Hint: {_lines(wrong.hint)}</i></div>" if wrong.hint else ""
    return f"{rows}</table>{hint}"


def _picture(wrong: WrongAnswer, name: str) -> str:
    if wrong.pictures is None:
        return ""
    image = np.asarray(wrong.pictures[name == "found"], dtype=float)
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[-1] not in (1, 3):
        return ""
    pixels = np.rint(np.nan_to_num(image.clip(0, 1)) * 255).astype(np.uint8)
    side = (PICTURE_SIDE, PICTURE_SIDE * pixels.shape[0] // pixels.shape[1])
    picture = Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)
    buffer = io.BytesIO()
    picture.resize(side, Image.Resampling.NEAREST).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<br><img src="data:image/png;base64,{data}" alt="{name}">'


def _coloured(colour: str, html: str) -> str:
    return f'<span style="color:{colour}">{html}</span>'


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
