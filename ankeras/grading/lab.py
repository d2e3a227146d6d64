"""Reads a lab as its teacher writes it: a percent-format notebook in which solutions are marked.

labs/05_vae/solution.py     # %% exercise="1.2" points=3    a cell with an exercise; inside it
                            ### BEGIN SOLUTION              the part that the student must write
                            ### END SOLUTION
                            # %% given=true                 a cell with names that exercises need
                            # %% or # %% [markdown]         all other cells
labs/05_vae/test_lab.py     tests that the student gets
labs/05_vae/test_hidden.py  tests that the student does not get
labs/05_vae/mutants.py      wrong answers that must fail, and right answers that must pass
labs/05_vae/lab.ipynb       the student's notebook, made from solution.py
"""

import ast
import contextlib
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ankeras.grading.errors import GradingError
from ankeras.grading.percent_format import PercentCell, split_cells

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
PUBLIC, HIDDEN, PROOF = "test_lab.py", "test_hidden.py", "mutants.py"
SOLUTION, NOTEBOOK = "solution.py", "lab.ipynb"
MAGIC = re.compile(r"^([ \t]*)# (?=%{1,2}[a-z]|![a-z])", re.MULTILINE)  # such as "# %pip"


class LabError(GradingError):
    """A file of the lab has a mistake. The message starts with the file and the line."""

    def __init__(self, file: Path, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lab.

    Attributes:
        number: such as "1.2".
        points: the points of all its tests together.
        source: the whole cell, with the solution.
        line: the line of the cell's header in solution.py.
    """

    number: str
    points: float
    source: str
    line: int

    @property
    def heading(self) -> str:
        """The first line of the student's cell. Grading finds the cell by it."""
        return f"# Exercise {self.number} ({self.points:g} point{'s' * (self.points != 1)})"

    @property
    def stub(self) -> str:
        """The student's cell: every solution is replaced by a NotImplementedError."""
        return f"{self.heading}\n{_without_solution(self.source, self.number)}"


@dataclass(frozen=True)
class Cell:
    """One cell: text, code, or an exercise. `given`: exercises need the names of this code."""

    kind: str  # "markdown", "code" or "exercise"
    source: str
    given: bool = False
    exercise: Exercise | None = None


@dataclass(frozen=True)
class Lab:
    """A lab, as read from its folder.

    Attributes:
        folder: the folder of the lab.
        cells: the cells in their order.
    """

    folder: Path
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """The name of the folder, such as "05_vae"."""
        return self.folder.name

    @property
    def title(self) -> str:
        """The first heading of the notebook."""
        return (
            next(c.source for c in self.cells if c.kind == "markdown").split("\n")[0].lstrip("# ")
        )

    @property
    def points(self) -> float:
        """The points of all exercises together."""
        return sum(exercise.points for exercise in self.exercises.values())

    @property
    def exercises(self) -> dict[str, Exercise]:
        """Exercise number -> exercise, in the order of the notebook."""
        return {c.exercise.number: c.exercise for c in self.cells if c.exercise}

    def before(self, number: str) -> list[tuple[str, str]]:
        """Return (name, source) of the cells that an exercise may use.

        These are the given cells, and the right answers to the exercises before it.
        """
        found: list[tuple[str, str]] = []
        for i, cell in enumerate(self.cells):
            if cell.exercise and cell.exercise.number == number:
                return found
            if cell.given:
                found.append((f"<given {i}>", cell.source))
            elif cell.exercise:
                found.append((f"<answer {cell.exercise.number}>", cell.source))
        raise KeyError(number)


def read_lab(folder: Path) -> Lab:
    """Read a lab's solution.py, and return the lab.

    Raises:
        LabError: if a mark is missing or in the wrong place; if an exercise exists twice or has no
            number, no points or no solution; if a text has lines that are no comments; or if a cell
            starts inside a string.
    """
    file = folder / SOLUTION
    if not file.is_file():
        raise LabError(file, 0, "there is no such file")
    cells: list[Cell] = []
    seen: set[str] = set()
    for cell in _read_cells(file):
        line, options = cell.line, _options(cell)
        source = MAGIC.sub(r"\1", cell.source) if cell.is_code else _text(file, cell)
        if "exercise" not in options:
            if BEGIN in source or END in source:
                offset = next(i for i, row in enumerate(source.split("\n"), 1) if "SOLUTION" in row)
                raise LabError(file, line + offset, "a solution outside the cell of an exercise")
            kind = "code" if cell.is_code else "markdown"
            cells.append(Cell(kind, source, given=bool(options.get("given"))))
            continue
        number = str(options["exercise"])
        if not re.fullmatch(r"\d+\.\d+", number):
            raise LabError(file, line, f'an exercise needs a number like "1.2", not {number!r}')
        if number in seen:
            raise LabError(file, line, f"exercise {number} exists twice")
        if not isinstance(options.get("points"), int | float) or options["points"] <= 0:
            raise LabError(file, line, f"exercise {number} has no points: add points=2")
        seen.add(number)
        _check_marks(file, line, source, number)
        exercise = Exercise(number, float(options["points"]), source, line)
        cells.append(Cell("exercise", source, exercise=exercise))
    if not seen:
        raise LabError(file, 1, 'no exercise: its cell must start with # %% exercise="1.1"')
    if cells[0].kind != "markdown":
        raise LabError(file, 1, "the first cell must be the title of the lab: # %% [markdown]")
    return Lab(folder, tuple(cells))


def _read_cells(file: Path) -> list[PercentCell]:
    cells = split_cells(file.read_text(encoding="utf-8"))
    if not cells or cells[0].line != 1:
        raise LabError(file, 1, 'the file must begin with a cell: "# %% [markdown]"')
    for cell, following in itertools.pairwise(cells):
        whole = f"{cell.source}\n{following.header}\n{following.source}"
        if cell.is_code and not _is_python(cell.source) and _is_python(whole):
            raise LabError(file, following.line, "a cell starts inside a string")
    return cells


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _options(cell: PercentCell) -> dict[str, Any]:
    """Return the options in a cell's header, such as exercise="1.1" points=2."""
    options: dict[str, Any] = {}
    for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', cell.header):
        options[name] = value
        with contextlib.suppress(ValueError):
            options[name] = json.loads(value)
    return options


def _text(file: Path, cell: PercentCell) -> str:
    rows = cell.source.split("\n")
    for line, row in enumerate(rows, cell.line + 1):
        if row.strip() and not row.startswith("#"):
            raise LabError(file, line, 'each line of a text must begin with "#"')
    return "\n".join(row[2:] if row.startswith("# ") else row[1:] for row in rows)


def _check_marks(file: Path, start: int, source: str, number: str) -> None:
    opened = 0
    closed = 0
    for line, row in enumerate(source.split("\n"), start + 1):
        if row.strip() == BEGIN:
            if opened:
                raise LabError(file, line, f"a second {BEGIN} before the {END} of line {opened}")
            opened = line
        elif row.strip() == END:
            if not opened:
                raise LabError(file, line, f"{END} without {BEGIN}")
            opened, closed = 0, closed + 1
        elif "BEGIN SOLUTION" in row or "END SOLUTION" in row:
            raise LabError(file, line, f"this is no mark: write {BEGIN} or {END} alone on a line")
    if opened:
        raise LabError(file, opened, f"{BEGIN} without {END}")
    if not closed:
        raise LabError(file, start, f"exercise {number} has no solution: {BEGIN} ... {END}")


def _without_solution(source: str, number: str) -> str:
    rows: list[str] = []
    inside = False
    for row in source.split("\n"):
        if row.strip() == BEGIN:
            inside = True
            indent = row[: len(row) - len(row.lstrip())]
            rows.append(f'{indent}raise NotImplementedError("exercise {number}: your code here")')
        elif row.strip() == END:
            inside = False
        elif not inside:
            rows.append(row)
    return "\n".join(rows)
