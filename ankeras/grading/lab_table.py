"""The table of all labs in labs/README.md, which `ankeras labs table` writes."""

import re
from collections.abc import Sequence
from pathlib import Path

from ankeras.grading.lab import HIDDEN, Lab
from ankeras.grading.prove import collect_tests, read_proof

HEAD = """\
| lab | subject | exercises | points | tests | hidden tests | wrong answers | right answers |
|---|---|---|---|---|---|---|---|
"""


def markdown_table(labs: Sequence[Lab]) -> str:
    """Return the table: a row per lab, and the sums.

    Raises:
        LabError: if a lab has a mistake.
    """
    counts = [_counts(lab) for lab in labs]
    rows = [
        f"| {lab.name} | {lab.title.split('. ', 1)[-1]} | {' | '.join(f'{n:g}' for n in row)} |"
        for lab, row in zip(labs, counts, strict=True)
    ]
    sums = " | ".join(f"{sum(column):g}" for column in zip(*counts, strict=True))
    return HEAD + "\n".join([*rows, f"| all | | {sums} |"])


def write_table(file: Path, labs: Sequence[Lab]) -> None:
    """Replace the table of labs in a Markdown file.

    Raises:
        LabError: if a lab has a mistake.
        ValueError: if the file holds no such table.
    """
    text = file.read_text(encoding="utf-8")
    old = re.compile(re.escape(HEAD) + r"(?:\|.*\n?)*")
    if not old.search(text):
        raise ValueError(f"{file} holds no table of labs.")
    file.write_text(old.sub(lambda _: markdown_table(labs) + "\n", text), encoding="utf-8")


def _counts(lab: Lab) -> tuple[float, ...]:
    """Return the numbers of a lab's row."""
    tests = collect_tests(lab)
    mutants, alternatives = read_proof(lab)
    hidden = sum(test.file.name == HIDDEN for test in tests)
    return (
        len(lab.exercises),
        lab.points,
        len(tests),
        hidden,
        len(mutants),
        len(alternatives),
    )
