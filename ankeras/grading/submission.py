"""Reads the notebook that a student hands in, and returns the answers in it."""

import json
import re
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ankeras.grading.answers import GIVEN, HEADING, Cell, Submission, find_answers
from ankeras.grading.errors import GradingError
from ankeras.grading.percent_format import PercentCell, split_cells

MAX_BYTES = 50 * 2**20
MAX_OF_JSON = {"{": 1_000_000, "[": 1_000_000, '"': 8_000_000}  # small files, much memory
SUFFIXES = (".ipynb", ".py")


class SubmissionError(GradingError):
    """A file can't be graded. The message is one sentence that says why."""


def read_submission(file: Path, exercises: Collection[str] | None = None) -> Submission:
    """Read a student's notebook, and return the answers.

    Args:
        file: a notebook (.ipynb), or a percent-format script (.py).
        exercises: the numbers of the lab's exercises. Default: all exercises in the file count.

    Raises:
        SubmissionError: if the file is missing, unreadable, too large, cut off or no notebook, or
            has no exercise of this lab. No content of the file can raise any other exception.
    """
    submission = find_answers(_cells(file), exercises)
    if not submission.answers and not submission.missing:
        raise SubmissionError(
            f"{shown(file.name)} has no exercise of this lab. Is it the notebook of another lab? "
            'The cell of an exercise starts with a line such as "# Exercise 1.1".'
        )
    return submission


def content(file: Path) -> bytes:
    """Return the bytes of a file; of a file that is too large, MAX_BYTES + 1 bytes."""
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def shown(name: str) -> str:
    """Return a name from a submission in one line of valid, printable Unicode, for messages."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _cells(file: Path) -> list[Cell]:
    text = _read(file)
    if file.suffix.lower() == ".py":
        return [_of_script(cell) for cell in split_cells(text)]
    if any(text.count(mark) > most for mark, most in MAX_OF_JSON.items()):
        raise SubmissionError(
            f"{shown(file.name)} has more values than any normal notebook. Clear its outputs and "
            "hand it in again."
        )
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise SubmissionError(
            f"{shown(file.name)} is no valid notebook: the file is damaged or incomplete."
        ) from None
    cells = _list_of_cells(notebook)
    if cells is None:
        raise SubmissionError(f"{shown(file.name)} is no notebook: it has no cells.")
    return [_of_notebook(cell) for cell in cells if isinstance(cell, dict)]


def _list_of_cells(notebook: Any) -> list[Any] | None:
    if not isinstance(notebook, dict):
        return None
    sheets = notebook.get("worksheets")  # before the fourth version of the format
    if "cells" not in notebook and isinstance(sheets, list):
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        return [cell for found in lists if isinstance(found, list) for cell in found]
    cells = notebook.get("cells")
    return cells if isinstance(cells, list) else None


def _of_notebook(cell: dict[str, Any]) -> Cell:
    known = cell.get("metadata")
    nbgrader = known.get("nbgrader") if isinstance(known, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    source, kind = cell.get("source", cell.get("input")), cell.get("cell_type")
    names = (name for name in (grade_id, cell.get("id")) if isinstance(name, str))
    return Cell(_text(source), next(names, ""), kind if isinstance(kind, str) else "")


def _read(file: Path) -> str:
    name = shown(file.name)
    if file.suffix.lower() not in SUFFIXES:
        raise SubmissionError(f"{name} is no notebook: its name must end in .ipynb.")
    try:
        state = file.stat()
        if not stat.S_ISREG(state.st_mode):  # reading from a pipe or a device may never end
            raise SubmissionError(f"{name} is a folder or a device, and no file.")
        if state.st_size > MAX_BYTES:
            raise SubmissionError(
                f"{name} has {state.st_size / 2**20:.0f} MB, more than {MAX_BYTES >> 20}. "
                "Clear its outputs and hand it in again."
            )
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SubmissionError(f"There is no file {shown(str(file))}.") from None
    except UnicodeDecodeError:
        raise SubmissionError(f"{name} is no UTF-8 text.") from None
    except OSError as error:
        raise SubmissionError(f"{name} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise SubmissionError(f"{name} cannot be read: its path has a null character.") from None


def _of_script(cell: PercentCell) -> Cell:
    """Return a cell of a script as the cell of the student's notebook.

    A teacher's solution.py has the number of the exercise in the header of the cell, and a
    student's script may have the heading of the exercise there.
    """
    source = cell.source.lstrip("\n")
    number = re.search(r'\bexercise="(\d+\.\d+)"', cell.header)
    if number:
        source = f"# Exercise {number[1]}\n{source}"
    elif "given=true" in cell.header.split():
        source = f"{GIVEN}\n{source}"
    elif HEADING.match(cell.header):
        source = f"{cell.header}\n{source}"
    return Cell(source, kind="code" if cell.is_code else "markdown")


def _text(source: object) -> str:
    parts = source if isinstance(source, list) else [source]
    text = "".join(part for part in parts if isinstance(part, str))
    # JSON can hold half of a surrogate pair, which can't be written to a file.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
