"""The notebook that is running: the cells that were run, and how its names differ from them.

What a student hands in is the text of the cells. The names in the running notebook may be others:
of a cell that was changed and not run again, or that was deleted.
"""

import inspect
import re
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from types import CodeType
from typing import Any

from ankeras.grading.answers import STUB, Cell, headings
from ankeras.grading.definitions import defined_names, is_code, statements
from ankeras.grading.session import PLAIN

from IPython import get_ipython

MISSING = re.compile(r"\b(\w+)'? is not defined")


class RunCells:
    """The cells that a running notebook has run, in their order.

    Args:
        shell: the notebook's IPython.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.cells = [Cell(text) for text in shell.history_manager.input_hist_raw[1:]]
        shell.events.register("pre_run_cell", self._add)

    def _add(self, info: Any) -> None:
        if info.store_history:
            self.cells.append(Cell(info.raw_cell, getattr(info, "cell_id", None) or ""))

    def latest(self) -> list[Cell]:
        """Return the last text of each cell, where the cell was run first.

        Where Jupyter gives cells no id, two texts are taken for the same cell if they have the same
        headings and define the same names, or if the later one has a mistake in its syntax. A cell
        in which nothing is filled in replaces no other cell.
        """
        found: dict[Hashable, Cell] = {}
        for cell in self.cells:
            own = headings(cell)
            if own and not cell.name and not is_code(cell.source):
                found = {key: each for key, each in found.items() if headings(each) != own}
            key = _identity(cell)
            if key not in found or cell.name or STUB not in cell.source:
                found[key] = cell
        return list(found.values())

    def differences(self, answer: str, names: Mapping[str, Any]) -> list[str]:
        """Return a note for each name of an answer that is another one in the running notebook.

        Args:
            answer: the source of the answer's cell.
            names: the names after this cell was run alone.
        """
        bound = dict.fromkeys(name for each in statements(answer) for name in each.binds)
        found = []
        for name in bound:
            here = self.names.get(name, names.get(name))
            if name in names and _content(here) != _content(names[name]):
                cell = self._last_that_defines(name, besides=answer)
                what = f"the cell {cell!r} defines it again" if cell else "it was changed"
                found.append(
                    f"{name} in the notebook is not the {name} of this cell: {what}. Only the "
                    "cell of the exercise counts"
                )
        return found

    def names_only_here(self, messages: Iterable[str]) -> list[str]:
        """Return a note for each name that failed tests did not find and the notebook has."""
        missing = dict.fromkeys(name for text in messages for name in MISSING.findall(text))
        return [
            f"{name} is in the notebook, but not in what you hand in: its cell is not found, or "
            f"takes long, or was not run as it is now. Define {name} in the cell of the exercise"
            for name in missing
            if name in self.names
        ]

    @property
    def names(self) -> dict[str, Any]:
        """The names of the notebook."""
        return self.shell.user_ns

    def _last_that_defines(self, name: str, besides: str) -> str:
        """Return the first line of the last cell that defines a name; "" if there is none."""
        for cell in reversed(self.cells):
            if cell.source != besides and name in defined_names(cell.source):
                return next(line for line in cell.source.splitlines() if line.strip())
        return ""


_of_shell = lru_cache(maxsize=1)(RunCells)


def run_cells() -> RunCells | None:
    """Return the cells of this notebook, always the same object; None if this is no notebook."""
    shell = get_ipython()
    return None if shell is None else _of_shell(shell)


def _identity(cell: Cell) -> Hashable:
    names = defined_names(cell.source)
    return cell.name or (tuple(headings(cell)), names or cell.source)


def _content(value: Any) -> Any:
    """Return what can be compared of a function, a class or a plain value; None for others."""
    value = getattr(value, "python_function", value)  # of a tf.function
    if inspect.isfunction(value):
        return _of_code(value.__code__)
    if inspect.isclass(value):
        return {name: _content(each) for name, each in vars(value).items() if callable(each)}
    return repr(value) if type(value) in PLAIN else None


def _of_code(code: CodeType) -> tuple[Any, ...]:
    constants = (_of_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts)
    return code.co_code, code.co_names, *constants
