"""Reads the notebook that a student hands in. Only the cells of the exercises count.

The cell of an exercise starts with a line such as "# Exercise 1.2", and a given cell with
"# Given". Their places in the notebook do not matter. All other cells are ignored.
"""

import json
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ankeras.grading.errors import GradingError
from ankeras.grading.percent_format import PercentCell, split_cells

GIVEN = "# Given"
HEADING = re.compile(
    r"(?:\s*%%(?:time|timeit|capture)\b.*\n)*\s*#\s*exercise\s+(\d+\.\d+)\b", re.IGNORECASE
)
MAX_BYTES = 50 * 2**20
MAX_OF_JSON = {"{": 1_000_000, "[": 1_000_000, '"': 8_000_000}  # small files, much memory
SUFFIXES = (".ipynb", ".py")


class SubmissionError(GradingError):
    """A file can't be graded. The message is one sentence that says why."""


@dataclass(frozen=True)
class Submission:
    """The answers of a student.

    Attributes:
        answers: exercise number -> source of its cell.
        given: the sources of the given cells, as the student left them.
        notes: unusual things, such as two cells for one exercise; one text each.
    """

    answers: dict[str, str]
    given: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_submission(file: Path, exercises: Collection[str] | None = None) -> Submission:
    """Read a student's notebook, and return the answers.

    Args:
        file: a notebook (.ipynb), or a percent-format script (.py).
        exercises: the numbers of the lab's exercises. Default: all exercises in the file count.

    Raises:
        SubmissionError: if the file is missing, unreadable, too large, cut off or no notebook, or
            has no exercise of this lab. No content of the file can raise any other exception.
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
            notes.append(f"exercise {number} has several cells: the last filled-in one counts")
            if _is_stub(source, number):
                continue
        answers[number] = source
    if not answers:
        raise SubmissionError(
            f"{shown(file.name)} has no exercise of this lab. Is it the notebook of another lab? "
            'The cell of an exercise starts with a line such as "# Exercise 1.1".'
        )
    given = tuple(source for source in sources if source.startswith(GIVEN))
    return Submission(answers, given, tuple(dict.fromkeys(notes)))


def _is_stub(source: str, number: str) -> bool:
    return f'raise NotImplementedError("exercise {number}: your code here")' in source


def content(file: Path) -> bytes:
    """Return the bytes of a file; of a file that is too large, MAX_BYTES + 1 bytes."""
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def shown(name: str) -> str:
    """Return a name from a submission in one line of valid, printable Unicode, for messages."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _code_cells(file: Path) -> list[str]:
    text = _read(file)
    if file.suffix.lower() == ".py":
        return [_with_heading(c) for c in split_cells(text) if c.is_code]
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
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise SubmissionError(f"{shown(file.name)} is no notebook: it has no cells.")
    code = [c for c in cells if isinstance(c, dict) and c.get("cell_type") == "code"]
    return [_text(cell.get("source")) for cell in code]


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


def _with_heading(cell: PercentCell) -> str:
    """Return a cell's text with the first line of the student's cell.

    A teacher's solution.py has the number of the exercise in the header of the cell instead.
    """
    source = cell.source.lstrip("\n")
    number = re.search(r'\bexercise="(\d+\.\d+)"', cell.header)
    if number:
        return f"# Exercise {number[1]}\n{source}"
    return f"{GIVEN}\n{source}" if "given=true" in cell.header.split() else source


def _text(source: object) -> str:
    parts = source if isinstance(source, list) else [source]
    text = "".join(part for part in parts if isinstance(part, str))
    # JSON can hold half of a surrogate pair, which can't be written to a file.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
