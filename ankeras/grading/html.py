"""Results as HTML: in a notebook below `check`, and on the pages of a class.

All text may come from a submission and is escaped. A notebook has no stylesheet of ours: what it
must show stands in the elements; the pages (see `report.py`) restyle it by its classes.
"""

from collections.abc import Sequence
from html import escape

from ankeras.grading.results import ExerciseResult, TestResult

GREEN, RED = "#1a7f37", "#b3261e"


def table(exercises: Sequence[ExerciseResult]) -> str:
    """Return one row an exercise, and the total."""
    rows = "".join(_row(exercise) for exercise in exercises)
    points = sum(exercise.points for exercise in exercises)
    possible = sum(exercise.possible for exercise in exercises)
    total = f"<tr><th>total</th><th>{points:g} of {possible:g}</th><th></th></tr>"
    return f"<table>{rows}{total}</table>"


def details(exercise: ExerciseResult) -> str:
    """Return every test of an exercise, and why those failed that did.

    Of a hidden test only the title is shown.
    """
    tests = "".join(_test(test) for test in exercise.tests)
    head = f"Exercise {escape(exercise.number)}: {points(exercise)}"
    return f"<div><b>{head}</b>{tests}</div>"


def tests(exercise: ExerciseResult) -> str:
    """Return every test of an exercise with its points, and why those failed that did."""
    return "".join(_test(test, _worth(test)) for test in exercise.tests)


def points(exercise: ExerciseResult) -> str:
    """Return "2 of 3 points"."""
    return f"{exercise.points:g} of {exercise.possible:g} points"


def lines(text: str) -> str:
    """Escape a text of several lines."""
    return escape(text).replace("\n", "<br>")


def _row(exercise: ExerciseResult) -> str:
    failed = [escape(test.title) for test in exercise.tests if not test.passed]
    state = _coloured(GREEN, "right") if not failed else _coloured(RED, "<br>".join(failed))
    return (
        f"<tr><td>{escape(exercise.number)}</td><td>{points(exercise)}</td>"
        f'<td style="text-align:left">{state}</td></tr>'
    )


def _test(test: TestResult, worth: str = "") -> str:
    if test.passed:
        head = f"{_coloured(GREEN, '&#10003;')} {escape(test.title)}{worth}"
        return f'<div class="test">{head}</div>'
    head = f'<div class="test">{_coloured(RED, "&#10007;")} {escape(test.title)}{worth}'
    why = "" if test.hidden else f'<div class="why" style="margin-left:1.5em">{_why(test)}</div>'
    return f"{head}{why}</div>"


def _worth(test: TestResult) -> str:
    kind = "hidden test, " if test.hidden else ""
    earned = test.points if test.passed else 0
    return f' <small class="worth">{kind}{earned:g} of {test.points:g}</small>'


def _why(test: TestResult) -> str:
    if not test.what:
        return lines(test.message)
    rows = f"<div>{lines(test.what)}</div><table>"
    pictures = test.pictures or ("", "")
    shown = (("expected", test.expected, pictures[0]), ("found", test.found, pictures[1]))
    for name, text, picture in shown:
        image = f'<br><img src="data:image/png;base64,{escape(picture)}" alt="{name}">'
        rows += (
            f'<tr><td>{name}</td><td style="text-align:left"><code>{lines(text)}</code>'
            f"{image if picture else ''}</td></tr>"
        )
    hint = f"<div><i>Hint: {lines(test.hint)}</i></div>" if test.hint else ""
    return f"{rows}</table>{hint}"


def _coloured(colour: str, html: str) -> str:
    name = "right" if colour == GREEN else "wrong"
    return f'<span class="{name}" style="color:{colour}">{html}</span>'
