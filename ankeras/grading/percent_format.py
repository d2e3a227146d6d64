"""Reads the percent format: a notebook as a script, in which each cell begins with a line "# %%".

jupytext is not used here. Its import takes longer than grading a submission, and a script can be
written so that jupytext never ends.
"""

import re
from dataclasses import dataclass

START = re.compile(r"[ \t]*#[ \t]*%%+(?!\S)")  # of a cell; the magic "# %%time" starts none


@dataclass(frozen=True)
class PercentCell:
    """One cell.

    Attributes:
        line: the line of its header, from 1; 0 for the text before the first header.
        header: such as '# %% exercise="1.2" points=3'.
        source: the lines after the header, without the empty lines at the end.
    """

    line: int
    header: str
    source: str

    @property
    def is_code(self) -> bool:
        """Whether it is code, and not markdown or raw text."""
        return not re.search(r"\[(markdown|md|raw)\]", self.header)


def split_cells(text: str) -> list[PercentCell]:
    """Return the cells of a script. A script without headers is one cell."""
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
