"""A session runs a student's code, looks up names, calls objects, and answers with plain data.

Only numbers, strings, arrays, and lists, tuples and dictionaries of these leave a session. For any
other object (a model, a layer, a function) only a `Reference` leaves it. So the tests get no object
of the student, and they run in the same way in one process or in two.
"""

import builtins
import contextlib
import linecache
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

from ankeras.grading import ipython_code
from ankeras.grading.definitions import (
    OTHER_CELL,
    Statement,
    find_definitions,
    needed_names,
    read_statements,
)
from ankeras.grading.ipython_code import Shell, as_python
from ankeras.grading.messages import plain
from ankeras.grading.time_limit import TimeLimit, time_limit

import numpy as np

PLAIN = (type(None), bool, int, float, str, bytes)
# Kinds of StudentError that no code has raised.
TIME_LIMIT, CRASHED, MISSING = "TimeLimit", "Crashed", "Missing"
OF_TEST = "<test>"  # the file name of code that a test runs beside the answers
NOT_DONE = "not done yet"
MAX_DEPTH, MAX_ITEMS = 8, 100_000
LONG_DOUBLES = {"g": np.float64, "G": np.complex128}  # by NumPy's letters


def _display(*objects: Any, **_: Any) -> None:
    print(*objects)


def _no_check(*_: Any) -> None:
    """Stands for the notebook's `check`: an answer may call it."""


PYTHON = {**vars(builtins)}  # before any cell was run
# Names that every notebook has.
NOTEBOOK = {"__name__": "__main__", "display": _display, "check": _no_check}


@dataclass(frozen=True)
class Reference:
    """Stands for an object that stays in the session."""

    number: int
    class_name: str


class StudentError(Exception):
    """The student's code raised an exception.

    Attributes:
        kind, message: class and text of the exception.
        line, source: the line in the student's cell; 0 and "" if no line of it was involved; 0 and
            the line if it is in another cell.
    """

    def __init__(self, kind: str, message: str, line: int = 0, source: str = "") -> None:
        super().__init__(kind, message, line, source)
        self.kind, self.message, self.line, self.source = kind, message, line, source

    def __str__(self) -> str:
        place = f"line {self.line} of your cell" if self.line else "another cell"
        where = f" in {place}: {self.source}" if self.source else ""
        if self.kind == "NotImplementedError" and f"raise {self.kind}" in self.source:
            return f"{NOT_DONE}{where and ' (' + where.strip() + ')'}"
        if self.kind in (TIME_LIMIT, CRASHED, MISSING):
            return self.message
        what = f"{self.kind}: {self.message}" if self.message else self.kind
        return f"your code raised {what}{where}"


class Session:
    """Runs cells, and answers requests about the names that they define.

    Args:
        namespace: the names that exist already. Default: none.
        seconds: the time limit for all calls together.

    Attributes:
        taken: what the last answer uses of other cells: name -> the code that defines it.
    """

    def __init__(
        self,
        namespace: dict[str, Any] | None = None,
        seconds: float = 60.0,
    ) -> None:
        self.namespace = {**NOTEBOOK} if namespace is None else namespace
        if namespace is None:
            shell = Shell(self.namespace)
            self.namespace["get_ipython"] = lambda: shell
        self.seconds = seconds
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.items = 0  # of the answer that is being given
        self.others: list[str] = []
        self.failure: StudentError | None = None  # the first exception of the answer's cell
        self.taken: dict[str, str] = {}
        self.replaceable: set[str] = set()  # names that a definition in another cell may replace

    def define(self, source: str, file: str) -> None:
        """Run a cell.

        Args:
            source: the text of the cell.
            file: its name in tracebacks, such as "<exercise 1.2>".

        Raises:
            StudentError: if it raises.
        """
        _remember(file, source)

        def run() -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # SyntaxWarnings of the cell
                code = compile(as_python(source), file, "exec", dont_inherit=True)
            if file == OF_TEST:
                self._run_beside(code)
            else:
                exec(code, self.namespace)  # running it is what a session is for

        self._guarded(run)

    def run_answer(
        self, number: str, source: str, others: Sequence[str] = (), missing: str = ""
    ) -> None:
        """Run the cell of an exercise, and what it needs of the other cells of the notebook.

        If a statement raises, the next ones are run all the same: a try-out may need names that
        only the notebook has. The exception is kept, and `get` raises it if a name is missing.

        Args:
            number: the number of the exercise.
            source: the text of its cell; "" if there is none.
            others: the sources of the other cells. Of several that define a name, the first counts.
            missing: the sentence that there is no cell.
        """
        file = f"<exercise {number}>"
        _remember(file, source)
        self.others = list(others)
        self.replaceable |= set(self.taken)  # another definition may be nearer to this cell
        self.taken = {}
        self.failure = None if source else StudentError(MISSING, missing)
        with self._kept():
            found = self._guarded(lambda: read_statements(source, file))
            self._take(needed_names(found), others)
            for each in found:
                with self._kept():
                    self._guarded(lambda each=each: ipython_code.run(each.code, self.namespace))

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        """Keep the first exception of the cell's code."""
        try:
            yield
        except StudentError as error:
            self.failure = self.failure or error

    def _take(self, names: Iterable[str], cells: Sequence[str]) -> None:
        """Run what defines names in other cells, and what this needs. Known names are left out.

        An exception is left out: the answer will miss a name, and this is said where it uses it.
        """
        for each in self._guarded(lambda: find_definitions(names, cells, self._knows)):
            with contextlib.suppress(StudentError):
                self._guarded(lambda each=each: self._run_definition(each))

    def _knows(self, name: str) -> bool:
        return (name in self.namespace or name in PYTHON) and name not in self.replaceable

    def _run_definition(self, each: Statement) -> None:
        _remember(each.code.co_filename, each.cell)
        if each.is_star:
            found: dict[str, Any] = {}
            exec(each.code, found)
            new = {name: value for name, value in found.items() if not self._knows(name)}
            self.namespace |= new
        else:
            exec(each.code, self.namespace)
            self.replaceable -= each.binds
        self.taken |= dict.fromkeys(each.binds or {"*"}, each.text)

    def _run_beside(self, code: CodeType) -> None:
        """Run a test's code with the names of the cells, but with Python's own sum, type, ..."""
        known = {n: v for n, v in self.namespace.items() if n not in PYTHON or n == "__name__"}
        names = {**known, "__builtins__": {**PYTHON}}
        exec(code, names)
        self.namespace |= {
            name: value
            for name, value in names.items()
            if name != "__builtins__" and (name not in known or known[name] is not value)
        }

    def list_taken(self) -> dict[str, str]:
        """Return what the last answer uses of other cells."""
        return self.taken

    def get(self, target: int | None, name: str) -> Any:
        """Return an attribute of an object, or a name that the cells define (target None).

        Raises:
            StudentError: if there is none.
        """
        if target is None:
            if name not in self.namespace and self.others:
                self._take([name], self.others)
            if name not in self.namespace:
                undefined = f"{name} is not defined: has its cell been run?"
                raise self.failure or StudentError("NameError", undefined)
            return self._answer(lambda: self.namespace[name])
        return self._answer(lambda: getattr(self.objects[target], name))

    def call(self, target: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call an object with plain data and references.

        Raises:
            StudentError: if it raises.
        """
        given = [self._import(arg) for arg in args]
        named = {name: self._import(arg) for name, arg in kwargs.items()}
        return self._answer(lambda: self.objects[target](*given, **named))

    def _answer(self, run: Callable[[], Any]) -> Any:
        self.items = 0
        return self._guarded(lambda: self._export(run()))

    def _guarded(self, run: Any) -> Any:
        started = time.monotonic()
        try:
            with time_limit(self.seconds):
                return run()
        except (TimeLimit, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise _as_student_error(error) from None
        finally:
            self.seconds -= time.monotonic() - started  # of a call that raised, too

    def _import(self, value: Any) -> Any:
        if isinstance(value, Reference):
            return self.objects[value.number]
        if isinstance(value, list | tuple):
            return type(value)(self._import(item) for item in value)
        if isinstance(value, dict):
            return {key: self._import(item) for key, item in value.items()}
        return value

    def _export(self, value: Any, depth: int = 0) -> Any:
        if type(value) in PLAIN:
            return value
        known = _as_array(value) if (shape := _as_shape(value)) is None else shape
        if known is not None:
            return known
        if isinstance(value, np.generic | np.ndarray) or depth >= MAX_DEPTH:
            return self._refer(value)  # an array of objects
        if isinstance(value, list | tuple):
            items = [self._export(item, depth + 1) for item in self._counted(value)]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, dict) and all(type(key) in (str, int) for key in value):
            pairs = self._counted(value.items())
            return {key: self._export(item, depth + 1) for key, item in pairs}
        return self._refer(value)

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        """Yield the items, and raise if an answer contains too many in all."""
        for item in items:
            self.items += 1
            if self.items > MAX_ITEMS:
                raise ValueError(f"the answer holds more than {MAX_ITEMS} items")
            yield item

    def _refer(self, value: Any) -> Reference:
        number = self.numbers.setdefault(id(value), len(self.objects))
        if number == len(self.objects):
            self.objects.append(value)  # kept, so that no other object gets its id
        return Reference(number, type(value).__name__)


def _remember(file: str, source: str) -> None:
    """Let tracebacks show the lines of a cell."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)


def _as_array(value: Any) -> Any:
    """Return an array, number, tensor or variable as NumPy's array or a number; else None."""
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        number = value.item()
        return float(number) if isinstance(number, np.floating) else number  # a long double
    if hasattr(type(value), "to_numpy") and hasattr(type(value), "__array__"):  # of pandas
        value = value.to_numpy()
    if not isinstance(value, np.ndarray):
        keras = sys.modules.get("keras")
        if keras is None or isinstance(value, keras.KerasTensor):
            return None
        if not (keras.ops.is_tensor(value) or _is_variable(value, keras)):
            return None
        value = keras.ops.convert_to_numpy(value)
    if value.dtype.kind == "V" or value.dtype.name == "bfloat16":
        value = value.astype(np.float32)
    if value.dtype.kind == "O" and value.size <= MAX_ITEMS and all(map(_is_number, value.flat)):
        value = value.astype(np.float64)
    if value.dtype.char in LONG_DOUBLES:
        value = value.astype(LONG_DOUBLES[value.dtype.char])
    return np.array(value, subok=False) if value.dtype.kind in "biufc" else None


def _is_number(item: Any) -> bool:
    return type(item) in (int, float) or isinstance(item, np.integer | np.floating)


def _is_variable(value: Any, keras: Any) -> bool:
    tensorflow = sys.modules.get("tensorflow")
    return isinstance(value, keras.Variable) or (
        tensorflow is not None and isinstance(value, tensorflow.Variable)
    )


def _as_shape(value: Any) -> tuple | None:
    """Return TensorFlow's shape as a tuple; None for any other object."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(value, tensorflow.TensorShape):
        return None if value.rank is None else tuple(value.as_list())
    return None


def _as_student_error(error: BaseException) -> StudentError:
    """Return the exception with its class, its text and its line in the student's cell."""
    kind, line, source = type(error).__name__, 0, ""
    try:
        message = str(error)
    except BaseException as failed:  # the class is the student's
        message = f"(its text can't be shown: {type(failed).__name__})"
    if isinstance(error, SyntaxError) and _is_of_cell(error):
        message, line = error.msg, error.lineno or 0
        source = linecache.getline(error.filename or "", line).strip()  # error.text may be missing
    for frame in traceback.extract_tb(error.__traceback__):
        if _is_cell(frame.filename):
            other = frame.filename.startswith(OTHER_CELL)
            line, source = 0 if other else frame.lineno or 0, (frame.line or "").strip()
    return StudentError(kind, plain(kind, message), line, source)


def _is_of_cell(error: SyntaxError) -> bool:
    """Return whether a cell cannot be compiled; a student may also raise a SyntaxError."""
    kinds = type(error.msg), type(error.filename), type(error.lineno)
    return kinds == (str, str, int) and _is_cell(error.filename or "")


def _is_cell(file: str) -> bool:
    """Return whether a traceback's file is a cell: ours, or one of Jupyter, VS Code or Colab."""
    return file.startswith(("<exercise", OTHER_CELL, "<ipython-input", "/tmp/ipykernel")) or (
        "ipykernel_" in file
    )
