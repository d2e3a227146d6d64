"""Finds the answer to each exercise among the cells of a notebook.

`check` in a notebook, `pytest --submission` and `ankeras grade` all use this file. The cell of an
exercise has a heading such as "# Exercise 1.2", or its name in the notebook is "exercise-1-2". Of
several such cells, the last whole one counts. The other cells are kept, because an answer may use
what they define (`definitions.py`).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ankeras.grading.definitions import defined_names, is_code, statements

GIVEN = "# Given"
# Such as "#Exercise 1.2:", "## EXERCISE 1.2 (3 points)", "# Ex. 1.2", "# %% Exercise 1.2".
HEADING = re.compile(
    r"""
    (?:\A\s*|^) \# [\#% \t@*=-]*
    (?:title[ \t]+)? (?:(?:my[ \t]+)?(?:answer|solution)[ \t]+(?:to|of|for)[ \t]+)?
    (?:exercise|ex) [ \t.:\#*_-]* (?:no\b\.?[ \t]*)? (\d+\.\d+) (?![.\d]*\d)
    """,
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
POINTS = re.compile(r"\((\d+(?:\.\d+)?) points?\)")
NAME = re.compile(r"exercise-(\d+)-(\d+)")
STUB = "your code here"
MAX_CHARACTERS = 1_000_000  # of the other cells that an answer may use
MAX_CELLS = 50  # that are compared to find the answer to an exercise


@dataclass(frozen=True)
class Cell:
    """A cell of a student's notebook.

    Attributes:
        source: its text.
        name: the id of the cell, or nbgrader's; "" if it has none.
        kind: "code", "markdown" or "raw".
    """

    source: str
    name: str = ""
    kind: str = "code"


@dataclass(frozen=True)
class Submission:
    """The answers of a student.

    Attributes:
        answers: exercise number -> source of its cell.
        given: the sources of the given cells, as the student left them.
        notes: unusual things, such as two cells for one exercise; one text each.
        points: exercise number -> the points in its heading.
        parts: the sources of all code cells; a cell with several exercises is cut into parts.
        places: exercise number -> the index of its answer in `parts`.
        missing: exercise number -> why its cell is missing, if there is a reason.
    """

    answers: dict[str, str]
    given: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    points: dict[str, float] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    places: dict[str, int] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def answer(self, number: str) -> tuple[str, str, list[str], str]:
        """Return the arguments of `Session.run_answer` for an exercise."""
        why = f": {self.missing[number]}" if number in self.missing else ""
        sentence = f"The cell of exercise {number} is missing{why}."
        return number, self.answers.get(number, ""), self.others(number), sentence

    def others(self, number: str) -> list[str]:
        """Return the other code that the answer to an exercise may use.

        The code before the answer comes first, beginning with the nearest cell. Then comes the code
        after it. Without an answer, it is the code of the whole notebook, from the end.
        """
        place = self.places.get(number, len(self.parts))
        found: list[str] = []
        left = MAX_CHARACTERS
        for part in (*reversed(self.parts[:place]), *self.parts[place + 1 :]):
            left -= len(part)
            if left >= 0:
                found.append(part)
        return found


def find_answers(cells: Sequence[Cell], exercises: Collection[str] | None = None) -> Submission:
    """Return the answers in the cells of a notebook.

    Args:
        cells: all cells, in their order.
        exercises: the numbers of the lab's exercises. Default: all numbers count.
    """
    parts: list[str] = []
    candidates: dict[str, list[_Candidate]] = {}
    notes: list[str] = []
    points: dict[str, float] = {}
    for cell in cells:
        found = headings(cell, exercises)
        if cell.kind != "code":
            continue
        if len(found) > 1:
            notes.append(f"one cell has several exercises: {', '.join(found)}")
        for number, part in _cut(cell.source, found) or [("", cell.source)]:
            if number:
                has_heading = bool(HEADING.search(part))
                each = _Candidate(len(parts), part, number, has_heading)
                candidates.setdefault(number, []).append(each)
                if promised := POINTS.search(part):
                    points[number] = float(promised[1])
            parts.append(part)
    chosen = {number: _choose(found) for number, found in candidates.items()}
    for number, each in chosen.items():
        if each.is_stub and (place := _without_heading(each, parts)) is not None:
            chosen[number] = _Candidate(place, parts[place], number, has_heading=False)
            notes.append(f"the answer to exercise {number} is in a cell without its heading")
    notes += [
        f"exercise {number} has several cells: the last whole one counts"
        for number, found in candidates.items()
        if sum(each.has_heading for each in found) > 1
    ]
    missing = {
        number: f"its heading is in a cell of the type {cell.kind}. Only code cells count"
        for cell in cells
        if cell.kind != "code"
        for number in headings(cell, exercises)
        if number not in candidates
    }
    notes += [f"exercise {number}: {why}" for number, why in missing.items()]
    return Submission(
        answers={number: each.source for number, each in chosen.items()},
        given=tuple(part for part in parts if part.startswith(GIVEN)),
        notes=tuple(dict.fromkeys(notes)),
        points=points,
        parts=tuple(parts),
        places={number: each.place for number, each in chosen.items()},
        missing=missing,
    )


@dataclass(frozen=True)
class _Candidate:
    """A part of a notebook that may be the answer to an exercise."""

    place: int
    source: str
    number: str
    has_heading: bool

    @property
    def is_stub(self) -> bool:
        """Whether nothing was filled in."""
        stub = f'raise NotImplementedError("exercise {self.number}: {STUB}")'
        return stub in self.source


def _choose(candidates: Sequence[_Candidate]) -> _Candidate:
    """Return the answer: the last whole cell."""
    found = [each for each in candidates if not each.is_stub] or list(candidates)
    found = [each for each in found if each.has_heading] or found
    if len(found) == 1:
        return found[0]
    whole: list[_Candidate] = []
    names: set[str] = set()  # that the cells before define
    for each in found[-MAX_CELLS:]:
        own = defined_names(each.source)
        if is_code(each.source) and (not names or names & own):
            whole.append(each)
            names |= own
    return (whole or found)[-1]


def _without_heading(stub: _Candidate, parts: Sequence[str]) -> int | None:
    """Return the index of the last cell without a heading that defines what a stub defines."""
    undone = (each for each in statements(stub.source) if STUB in each.text)
    names = frozenset(name for each in undone for name in each.binds)
    places = range(len(parts) - 1, max(len(parts) - 1 - 2 * MAX_CELLS, -1), -1)
    for place in places if names else ():
        part = parts[place]
        if STUB not in part and not HEADING.search(part) and defined_names(part) & names:
            return place
    return None


def headings(cell: Cell, exercises: Collection[str] | None = None) -> dict[str, int]:
    """Return the exercises of a cell: number -> where its part begins."""
    found: dict[str, int] = {}
    for heading in HEADING.finditer(cell.source):
        found.setdefault(heading[1], heading.start())
    if not found and (name := NAME.fullmatch(cell.name)):
        found[f"{name[1]}.{name[2]}"] = 0
    return {n: start for n, start in found.items() if exercises is None or n in exercises}


def _cut(source: str, starts: dict[str, int]) -> list[tuple[str, str]]:
    """Return (number, part) of each exercise of a cell.

    The first part begins where the cell begins. Empty lines replace the other parts before it, so
    the numbers of the lines do not change.
    """
    begins = [0, *list(starts.values())[1:]][: len(starts)]
    ends = [*begins[1:], len(source)]
    return [
        (number, "\n" * source.count("\n", 0, begin) + source[begin:end])
        for number, begin, end in zip(starts, begins, ends, strict=False)
    ]
