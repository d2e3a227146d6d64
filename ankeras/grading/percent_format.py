"""The percent format: a notebook as a script, each of whose cells begins with a line "# %%".

jupytext reads more of it; but to load it takes longer than to judge a submission, and over scripts
that are made for that it never ends.
"""

import re
from dataclasses import dataclass

START = re.compile(r"[ \t]*#[ \t]*%%+(?!\S)")  # of a cell; a magic, "# %%time", is none


@dataclass(frozen=True)
class PercentCell:
    """One cell.

    Attributes:
        line: of its header, from 1; 0 of what stands before the first header.
        header: such as '# %% exercise="1.2" points=3'.
        source: the rows that follow, without the empty ones at the end.
    """

    line: int
    header: str
    source: str

    @property
    def is_code(self) -> bool:
        """Whether it is neither text nor for another program."""
        return not re.search(r"\[(markdown|md|raw)\]", self.header)


def split_cells(text: str) -> list[PercentCell]:
    """Return the cells of a script; one that has no header is one cell."""
    found: list[tuple[int, str, list[str]]] = [(0, "", [])]
    for line, row in enumerate(text.split("\n"), 1):
        if START.match(row):
            found.append((line, row, []))
        else:
            found[-1][2].append(row)
    cells = [
        PercentCell(line, header, "\n".join(rows).rstrip("\n")) for line, header, rows in found
    ]
    return cells if cells[0].source else cells[1:]
