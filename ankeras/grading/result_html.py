"""Results as HTML: the templates, and what a notebook shows below `check`.

All text may come from a submission. Every template escapes every value (Jinja2's autoescape), and
no template marks a value as safe.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ankeras.grading.results import ExerciseResult, score

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(template: str, **values: Any) -> str:
    """Return the HTML of a template.

    Args:
        template: its file, in the folder `templates`.
        values: what it shows.
    """
    return _TEMPLATES.get_template(template).render(values)


def table(exercises: Sequence[ExerciseResult]) -> str:
    """Return a table with one row per exercise, and the total."""
    return str(_macros().table(exercises))


def details(exercise: ExerciseResult) -> str:
    """Return all tests of an exercise, and for each failed test the reason.

    Of a hidden test only the title is shown.
    """
    return str(_macros().details(exercise))


def _macros() -> Any:
    return _TEMPLATES.get_template("results.html").module


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,  # a misspelled name is an error, not an empty text
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"number": "{:g}".format, "percent": "{:.0%}".format, "score": score}
