"""Where a student's code runs: names are looked up, called, and answered with plain data.

Only numbers, strings, arrays, lists, tuples and dictionaries of these leave a session; of anything
else (a model, a layer, a function) only a `Reference` does. The tests are written against this and
nothing more, so that they hold no object of the student's and run the same in one process or two.
"""

import builtins
import contextlib
import linecache
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any, TypeVar

from ankeras.grading.time_limit import TimeLimit, time_limit

import numpy as np

PLAIN = (type(None), bool, int, float, str, bytes)
TIME_LIMIT, CRASHED = "TimeLimit", "Crashed"  # kinds of a StudentError that no code raises itself
OF_TEST = "<test>"  # the file of what a test defines among the answers
NOT_DONE = "not done yet"
MAX_DEPTH, MAX_ITEMS = 8, 100_000
LONG_DOUBLES = {"g": np.float64, "G": np.complex128}  # by NumPy's letters
# Lines for IPython, where Python allows none: magics, commands, questions.
MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|.*\?)[ \t]*$", re.MULTILINE)


def _display(*objects: Any, **_: Any) -> None:
    print(*objects)


PYTHON = {**vars(builtins)}  # before any cell was run
Read = TypeVar("Read")
NOTEBOOK = {"__name__": "__main__", "display": _display}  # what a notebook knows by itself


@dataclass(frozen=True)
class Reference:
    """Stands for an object that stays in the session."""

    number: int
    class_name: str


class StudentError(Exception):
    """The student's code raised an exception.

    Attributes:
        kind, message: class and text of the exception.
        line, source: where in the student's cell; 0 and "" if it never came there.
    """

    def __init__(self, kind: str, message: str, line: int = 0, source: str = "") -> None:
        super().__init__(kind, message, line, source)
        self.kind, self.message, self.line, self.source = kind, message, line, source

    def __str__(self) -> str:
        where = f" in line {self.line} of your cell: {self.source}" if self.source else ""
        if self.kind == "NotImplementedError" and f"raise {self.kind}" in self.source:
            return f"{NOT_DONE}{where and ' (' + where.strip() + ')'}"
        if self.kind in (TIME_LIMIT, CRASHED):
            return self.message
        what = f"{self.kind}: {self.message}" if self.message else self.kind
        return f"your code raised {what}{where}"


class Session:
    """Runs cells and answers questions about what they define.

    Args:
        namespace: the names that exist already. Default: none.
        seconds: how long all calls together may take.
    """

    def __init__(
        self,
        namespace: dict[str, Any] | None = None,
        seconds: float = 60.0,
    ) -> None:
        self.namespace = {**NOTEBOOK} if namespace is None else namespace
        self.seconds = seconds
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.items = 0  # of the answer that is being given

    def define(self, source: str, file: str) -> None:
        """Run a cell.

        Args:
            source: its text.
            file: the name that tracebacks give it, such as "<exercise 1.2>".

        Raises:
            StudentError: if it raises.
        """
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)

        def run() -> None:
            code = as_python(lambda text: compile(text, file, "exec", dont_inherit=True), source)
            if file == OF_TEST:
                self._run_beside(code)
            else:
                exec(code, self.namespace)  # running it is what a session is for

        self._guarded(run)

    def _run_beside(self, code: CodeType) -> None:
        """Run a test's code, which sees the cells' names but has Python's own sum, type, ..."""
        known = {n: v for n, v in self.namespace.items() if n not in PYTHON or n == "__name__"}
        names = {**known, "__builtins__": {**PYTHON}}
        exec(code, names)
        self.namespace |= {
            name: value
            for name, value in names.items()
            if name != "__builtins__" and (name not in known or known[name] is not value)
        }

    def get(self, target: int | None, name: str) -> Any:
        """Return an attribute of an object, or a name that the cells define (target None).

        Raises:
            StudentError: if there is none.
        """
        if target is None:
            if name not in self.namespace:
                raise StudentError("NameError", f"{name} is not defined: has its cell been run?")
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
        try:
            with time_limit(self.seconds) as clock:
                return run()
        except (TimeLimit, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise _as_student_error(error) from None
        finally:
            self.seconds -= clock.seconds  # of a call that raised, too

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
        """Pass the items on until an answer, with all that it holds, has too many."""
        for item in items:
            self.items += 1
            if self.items > MAX_ITEMS:
                raise ValueError(f"the answer holds more than {MAX_ITEMS} items")
            yield item

    def _refer(self, value: Any) -> Reference:
        number = self.numbers.setdefault(id(value), len(self.objects))
        if number == len(self.objects):
            self.objects.append(value)  # kept, so that its id stays its own
        return Reference(number, type(value).__name__)


def as_python(read: Callable[[str], Read], source: str) -> Read:
    """Read a cell, by `compile` or `ast.parse`; one that is no Python, without what is IPython's.

    Raises:
        SyntaxError: that of the cell as it stands, if it can't be read without these lines either.
    """
    try:
        return read(source)
    except SyntaxError:
        python = MAGIC.sub(r"\1pass", source)
        if python == source:
            raise
        with contextlib.suppress(SyntaxError):
            return read(python)
        raise


def _as_array(value: Any) -> Any:
    """Return an array or a number as NumPy's own, tensors and variables included; else None."""
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        number = value.item()
        return float(number) if isinstance(number, np.floating) else number  # a long double
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
    """Return TensorFlow's shape as a tuple; None, if it is none."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(value, tensorflow.TensorShape):
        return None if value.rank is None else tuple(value.as_list())
    return None


def _as_student_error(error: BaseException) -> StudentError:
    """Say what was raised, and where in the student's own cell."""
    kind, line, source = type(error).__name__, 0, ""
    try:
        message = str(error)
    except BaseException as failed:  # it is the student's class
        message = f"(its text can't be shown: {type(failed).__name__})"
    if isinstance(error, SyntaxError) and _is_of_cell(error):
        message, line = error.msg, error.lineno or 0
        source = linecache.getline(error.filename or "", line).strip()  # error.text may be missing
    for frame in traceback.extract_tb(error.__traceback__):
        if _is_cell(frame.filename):
            line, source = frame.lineno or 0, (frame.line or "").strip()
    # Keras repeats the arguments of every layer it was called with: the first lines say it.
    short = "\n".join(message.strip().splitlines()[:4])
    return StudentError(kind, short[:600], line, source)


def _is_of_cell(error: SyntaxError) -> bool:
    """Whether a cell can't be compiled; a student's code may raise whatever calls itself so."""
    kinds = type(error.msg), type(error.filename), type(error.lineno)
    return kinds == (str, str, int) and _is_cell(error.filename or "")


def _is_cell(file: str) -> bool:
    """Whether a traceback's file is a cell: of ours, of Jupyter's, or of VS Code's or Colab's."""
    return file.startswith(("<exercise", "<ipython-input", "/tmp/ipykernel")) or (
        "ipykernel_" in file
    )
