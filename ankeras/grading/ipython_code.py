"""Code of a notebook as plain Python: magics, commands of the shell, questions.

IPython's own transformer finds what only IPython understands, and `Shell` stands for IPython when
the code runs: magics such as %time run their code, all other magics and commands do nothing.
"""

import ast
import asyncio
import inspect
import re
import warnings
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import CodeType
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from IPython.utils.text import SList

MAX_COMMANDS = 50  # of one cell: to replace one takes as long as to read the whole cell
MAX_LINE = 1000  # characters: the time for a line of spaces grows with the third power
# What stands below these magics is not run by the notebook's Python.
NOT_PYTHON = re.compile(
    r"!|bash|cmd|file|html|javascript|js|latex|markdown|perl|pypy|python\d?|ruby|script|sh|svg|sx|"
    r"system|writefile",
    re.IGNORECASE,
)
MEASURES = frozenset(("time", "timeit", "prun"))  # they run the code behind them
OPTIONS = re.compile(r"(?:-[a-z]\s*\d*\s+)*", re.IGNORECASE)


def as_python(source: str) -> str:
    """Return a cell as plain Python with the same lines. Plain Python is returned as it is.

    Other mistakes in the cell stay: the result may be no valid Python. A cell with a line of more
    than MAX_LINE characters is returned as it is too.
    """
    if _is_python(source) or max(map(len, source.splitlines())) > MAX_LINE:
        return source
    try:
        return "".join(_transformed(source.splitlines(keepends=True)))
    except (SyntaxError, ValueError, RecursionError):  # of a line that IPython can't read either
        return source


def run(code: CodeType, namespace: dict[str, Any]) -> None:
    """Run compiled code. If it has an `await` at the top level, wait until it has ended."""
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, namespace)
        return
    waiting = eval(code, namespace)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        _wait(waiting)
        return
    # A notebook has a running loop already: another one needs its own thread.
    executor = ThreadPoolExecutor(1)
    try:
        executor.submit(_wait, waiting).result()
    finally:
        executor.shutdown(wait=False)


def _wait(waiting: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(waiting)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop without a pair of sockets to wake it up: the sandbox allows no socket."""

    def _make_self_pipe(self) -> None:
        pass

    def _close_self_pipe(self) -> None:
        pass


class Shell:
    """What `get_ipython()` returns while answers are judged.

    Args:
        namespace: the names of the notebook.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.user_ns = namespace
        self.config: dict[str, Any] = {}

    def run_line_magic(self, name: str, line: str, **_: Any) -> Any:
        """Run the code of %time and %timeit; do nothing for all other magics."""
        return self._run(OPTIONS.sub("", line, count=1)) if name in MEASURES else None

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Run the cell, if it is Python."""
        if not NOT_PYTHON.fullmatch(name):
            self.run_cell(cell)

    def run_cell(self, raw_cell: str, **_: Any) -> None:
        """Run a cell."""
        exec(as_python(raw_cell), self.user_ns)

    def magic(self, line: str) -> Any:
        """Run a line magic by IPython's old name of this method."""
        name, _, rest = line.lstrip("%").partition(" ")
        return self.run_line_magic(name, rest)

    def getoutput(self, command: str, **_: Any) -> SList:
        """Return no lines."""
        return SList()

    def __getattr__(self, name: str) -> "_Nothing":
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()

    def _run(self, line: str) -> Any:
        try:
            code = compile(line, "<magic>", "eval")
        except SyntaxError:
            return self.run_cell(line)
        return eval(code, self.user_ns)


class _Nothing:
    """Accepts every call, and has every attribute."""

    def __getattr__(self, name: str) -> "_Nothing":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> None:
        """Do nothing."""


def _is_python(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _transformed(lines: list[str]) -> list[str]:
    manager = TransformerManager()
    empty = next((i for i, line in enumerate(lines) if line.strip()), 0)
    start, lines = lines[:empty], lines[empty:]
    for clean in manager.cleanup_transforms:  # indentation and prompts
        lines = clean(lines)
    if lines and (magic := re.match(r"%%(\w+|!)(?!\w*\?)", lines[0])):
        if NOT_PYTHON.fullmatch(magic[1]):
            return ["\n"] * (len(start) + len(lines))
        return [*start, "\n", *as_python("".join(lines[1:])).splitlines(keepends=True)]
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    for _ in range(MAX_COMMANDS):
        changed, replaced = manager.do_one_token_transform(lines)
        if not changed:
            break
        lines = _with_all_lines(lines, replaced)
    return start + lines


def _with_all_lines(before: list[str], after: list[str]) -> list[str]:
    """Return the lines after a command of several lines was replaced by one, with empty lines."""
    missing = len(before) - len(after)
    same = 0
    while same < len(after) and after[-1 - same] == before[-1 - same]:
        same += 1
    end = len(after) - same
    return [*after[:end], *["\n"] * missing, *after[end:]]
