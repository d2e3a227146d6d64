"""What a student hands in: a notebook, of which only the exercises' cells count.

An exercise's cell is found by its first line, "# Exercise 1.2", wherever it stands; cells that were
given, by "# Given". Others (added, moved, deleted, edited tests) are not looked at.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import jupytext

GIVEN = "# Given"
HEADING = re.compile(r"\s*#\s*exercise\s+(\d+\.\d+)\b", re.IGNORECASE)
MAX_BYTES = 50 * 2**20


class SubmissionError(Exception):
    """A file can't be graded at all; one sentence says why."""


@dataclass(frozen=True)
class Submission:
    """The answers of a student.

    Attributes:
        answers: number of the exercise -> source of its cell.
        given: the cells that were given, as they stand in the notebook.
        notes: what was odd, such as two cells for one exercise.
    """

    answers: dict[str, str]
    given: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_submission(file: Path, exercises: Collection[str] | None = None) -> Submission:
    """Read a student's notebook.

    Args:
        file: a notebook (.ipynb), or a percent-format script (.py).
        exercises: the numbers of the lab's. Default: whatever exercises there are.

    Raises:
        SubmissionError: if the file is missing, too large, truncated, no notebook, or holds no
            exercise of this lab.
    """
    sources = _code_cells(file)
    answers: dict[str, str] = {}
    notes: list[str] = []
    for source in sources:
        found = HEADING.match(source)
        if not found or (exercises is not None and found[1] not in exercises):
            continue
        number = found[1]
        if number in answers:
            notes.append(f"exercise {number} is there more than once: the last that is filled in")
            if _is_stub(source, number):
                continue
        answers[number] = source
    if not answers:
        raise SubmissionError(
            f"{file.name} holds none of this lab's exercises: is it the notebook of another lab? "
            'The cell of an exercise starts with a line such as "# Exercise 1.1".'
        )
    given = tuple(source for source in sources if source.startswith(GIVEN))
    return Submission(answers, given, tuple(dict.fromkeys(notes)))


def _is_stub(source: str, number: str) -> bool:
    return f'raise NotImplementedError("exercise {number}: your code here")' in source


def _code_cells(file: Path) -> list[str]:
    if not file.is_file():
        raise SubmissionError(f"There is no file {file}.")
    if file.stat().st_size > MAX_BYTES:
        raise SubmissionError(
            f"{file.name} has {file.stat().st_size / 2**20:.0f} MB, more than {MAX_BYTES >> 20}: "
            "clear its outputs and hand it in again."
        )
    if file.suffix not in (".ipynb", ".py"):
        raise SubmissionError(f"{file.name} is no notebook: its name must end in .ipynb.")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SubmissionError(f"{file.name} is no text in UTF-8.") from None
    if file.suffix == ".py":
        cells = jupytext.reads(text, fmt="py:percent").cells
        return [_with_heading(cell) for cell in cells if cell.cell_type == "code"]
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise SubmissionError(
            f"{file.name} is no valid notebook: the file is damaged or was cut off."
        ) from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise SubmissionError(f"{file.name} is no notebook: it holds no cells.")
    code = [c for c in cells if isinstance(c, dict) and c.get("cell_type") == "code"]
    return [_text(cell.get("source")) for cell in code]


def _with_heading(cell: dict) -> str:
    """Return a cell's text; a teacher's solution.py names the exercise in the cell's header."""
    number = cell["metadata"].get("exercise")
    if number:
        return f"# Exercise {number}\n{cell['source']}"
    return f"{GIVEN}\n{cell['source']}" if cell["metadata"].get("given") else cell["source"]


def _text(source: object) -> str:
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""
