"""Cells of a notebook that need an exercise which is not done yet.

Such a cell prints one sentence instead of a traceback, and "Run All" goes on with the next cell.
"""

import contextlib
import functools
import linecache
import re
import symtable
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from ankeras.grading.answers import HEADING
from ankeras.grading.ipython_code import as_python

from IPython import get_ipython

_STUB = re.compile(r"exercise (\d+\.\d+): your code here")


def explain_unanswered() -> None:
    """Let the cells of this notebook say which exercise they need. Outside IPython: do nothing."""
    shell = get_ipython()
    if shell is not None:
        _watch(shell)


@functools.cache  # the cell that calls it may be run again
def _watch(shell: Any) -> "_Watch":
    watch = _Watch()
    shell.events.register("pre_run_cell", watch.before)
    shell.events.register("post_run_cell", watch.after)
    shell.set_custom_exc((Exception,), watch.show)
    return watch


class _Watch:
    """Follows which names are missing because the cells that define them need an exercise.

    Attributes:
        needs: name -> number of the exercise.
        cell: the source of the cell that runs.
        explained: whether this cell has failed because of an exercise.
    """

    def __init__(self) -> None:
        self.needs: dict[str, str] = {}
        self.cell = ""
        self.explained = False

    def before(self, info: Any) -> None:
        self.cell, self.explained = info.raw_cell, False

    def show(
        self,
        shell: Any,
        kind: type[Exception],
        error: Exception,
        trace: TracebackType,
        tb_offset: int | None = None,
    ) -> None:
        """Print the sentence, or the traceback of any other mistake."""
        number, why = _exercise_of(error), ""
        if number is None and isinstance(error, NameError):
            number = self.needs.get(error.name or "")
        elif number is None:
            number = next((self.needs[name] for name in self._used() if name in self.needs), None)
            why = f" ({kind.__name__}: {error})"
        if number is None:
            shell.showtraceback((kind, error, trace), None, tb_offset, running_compiled_code=True)
            return
        print(f"This cell needs exercise {number}, which is not done yet.{why}")
        self.explained = True
        self.needs |= dict.fromkeys(self._defined(), number)

    def after(self, result: Any) -> None:
        """Note what the cell has defined. IPython then takes an explained cell for a success."""
        if self.explained:
            result.error_in_exec = None
            return
        heading = HEADING.search(self.cell)
        answered = heading[1] if heading and "raise NotImplementedError" not in self.cell else None
        defined = self._defined() if result.success else set()
        self.needs = {
            name: number
            for name, number in self.needs.items()
            if name not in defined and number != answered
        }

    def _defined(self) -> set[str]:
        """Return the names that the cell assigns, imports or defines."""
        symbols = self._symbols()
        return {each.get_name() for each in next(symbols, []) if _is_defined(each)}

    def _used(self) -> list[str]:
        """Return the names that the cell, or a function in it, reads from other cells."""
        read = {
            each.get_name()
            for symbols in self._symbols()
            for each in symbols
            if each.is_global() and each.is_referenced()
        }
        return sorted(read - self._defined())

    def _symbols(self) -> Iterator[list[symtable.Symbol]]:
        """Yield the symbols of the cell itself, then those of each function and class in it."""
        with contextlib.suppress(SyntaxError):
            tables = [symtable.symtable(as_python(self.cell), "cell", "exec")]
            for table in tables:  # it grows
                yield table.get_symbols()
                tables += table.get_children()


def _is_defined(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()


def _exercise_of(error: Exception) -> str | None:
    """Return the exercise whose stub has raised the error, or None."""
    found = _STUB.search(str(error))
    if found is None and isinstance(error, NotImplementedError):  # the stub of nbgrader has no text
        frame = traceback.extract_tb(error.__traceback__)[-1]
        found = HEADING.search("".join(linecache.getlines(frame.filename)))
    return found[1] if found else None
