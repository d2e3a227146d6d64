"""Plain data and references leave a session, and nothing else does."""

import ankeras  # noqa: F401 - first, so that TensorFlow starts quietly
from ankeras.grading.session import MAX_ITEMS, OF_TEST, Reference, Session, StudentError
from ankeras.grading.student import Student
from ankeras.grading.time_limit import TimeLimit

import keras
import numpy as np
import pytest

PLAIN = [None, True, 1, 1.5, "text", b"bytes", [1, [2, ()]], {"a": 1, 2: ({"b": None},)}]


def _session(source: str, **options) -> Session:
    session = Session(**options)
    session.define(source, "<exercise 1.1>")
    return session


def _export(value: object) -> object:
    return Session({"value": value}).get(None, "value")


@pytest.mark.parametrize("value", PLAIN, ids=str)
def test_plain_data_leaves_as_it_is(value):
    found = _export(value)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint64", "bool"])
def test_arrays_leave_as_copies(dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    found = _export(array)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    assert not np.shares_memory(found, array)


def test_numbers_of_numpy_become_numbers_of_python():
    for value, kind in ((np.float32(0.5), float), (np.int64(2), int), (np.bool_(True), bool)):
        assert type(_export(value)) is kind
    assert _export(np.array(2.0)).shape == ()
    assert type(_export(np.longdouble(0.5))) is float
    assert _export(np.ones(2, np.longdouble)).dtype == "float64"
    assert _export(np.array([1, 2.5, np.float32(3)], object)).tolist() == [1.0, 2.5, 3.0]


def test_a_test_s_code_has_python_s_own_functions():
    session = Session()
    session.define("sum = lambda *a: 3\nlen = 5\nones = [1, 1]", "<exercise 1.1>")
    session.define("def total(x):\n    return sum(x) + len(ones)", OF_TEST)
    session.define("ones = [1]\ndef again(x):\n    return total(x)", OF_TEST)
    assert session.call(session.get(None, "again").number, [[5]], {}) == 7
    assert session.get(None, "len") == 5  # the answer's len is not changed
    assert session.get(None, "ones") == [1]


def test_lines_for_ipython_are_left_out():
    session = Session()
    lines = ["%%time", "if True:", "    %matplotlib inline", "!ls", "x = 7 % 4", "x?", "display(x)"]
    session.run_answer("1.1", "\n".join(lines))
    assert session.get(None, "x") == 3
    session.define("x = (9\n    % 4)  # why?\ndisplay(x, clear=True)\n%pylab", "<given 1>")
    assert session.get(None, "x") == 1  # an operator, not a magic
    with pytest.raises(StudentError, match=r"SyntaxError") as caught:
        session.define("%time\ny = (", "<exercise 1.2>")
    assert caught.value.line in (1, 2)


def test_what_a_cell_defines_stays_if_a_line_raises():
    session = Session()
    cell = (
        "from __future__ import annotations\ndef f(x: Unknown):\n    return 2\nprint(f(X_train))\n"
        "raise SystemExit\ncheck('1.1')\ndef g(x):\n    return 3"
    )
    session.run_answer("1.1", cell)
    student = Student(session)
    assert (student.f(0), student.g(0)) == (2, 3)
    with pytest.raises(StudentError, match=r"'X_train' is not defined in line 4 of your cell: pr"):
        _ = student.h


def test_a_cell_that_can_t_be_read_names_its_line():
    session = Session()
    session.run_answer("1.1", "%%time\nx = 1\nreturn x")
    with pytest.raises(StudentError, match=r"SyntaxError: .* in line 3 of your cell: return x"):
        session.get(None, "x")


def test_what_an_answer_needs_comes_along():
    session = Session({"given": 1})
    others = ["HALF = 0.5\ngiven = 5\n1 / 0", "def h(x):\n    return x[2]", "HALF = 7"]
    cell = "def f(x):\n    return h(x) * HALF + given"
    session.run_answer("1.1", cell, others)
    student = Student(session)
    assert student.f([1, 1, 4]) == 3.0
    assert session.taken == {"HALF": "HALF = 0.5\n", "h": "def h(x):\n    return x[2]"}
    with pytest.raises(StudentError, match=r"IndexError: .* in another cell: return x\[2\]"):
        student.f([])
    session.run_answer("1.2", "def g():\n    return HALF", ["HALF = 7", *others])
    assert student.g() == 7  # of two definitions the nearest counts
    assert session.get(None, "h").class_name == "function"  # only a test asks for it


def test_names_that_a_module_gives_come_along():
    session = Session()
    session.run_answer("1.1", "def f(x):\n    return floor(x) + e", ["from math import *", "e = 1"])
    assert Student(session).f(2.5) == 3
    assert "sqrt" in session.namespace


def test_a_missing_cell_is_found_by_what_a_test_asks_for():
    session = Session()
    session.run_answer("1.1", "", ["def f(x):\n    return 2"], "The cell is missing.")
    assert Student(session).f(0) == 2
    with pytest.raises(StudentError) as caught:
        session.get(None, "g")
    assert str(caught.value) == "The cell is missing."


def test_a_subclass_of_array_leaves_as_an_array():
    class Lying(np.ndarray):
        def __eq__(self, other):
            return True

        __hash__ = None

    assert type(_export(np.ones(2).view(Lying))) is np.ndarray
    assert type(_export(np.ma.masked_array([1.0, 2.0], [True, False]))) is np.ndarray


def test_what_a_table_of_pandas_holds_leaves_as_an_array():
    class Series:
        def __array__(self, dtype=None, copy=None):
            return self.to_numpy()

        def to_numpy(self):
            return np.arange(3.0)

    np.testing.assert_array_equal(_export(Series()), [0.0, 1.0, 2.0])


def test_tensors_and_variables_leave_as_arrays():
    for value in (
        keras.ops.ones((2, 3)),
        keras.Variable(np.ones((2, 3), "float32")),
        keras.ops.ones((2, 3), dtype="bfloat16"),
    ):
        found = _export(value)
        assert type(found) is np.ndarray
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, np.ones((2, 3)))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="these objects are TensorFlow's"
)
def test_what_only_tensorflow_has():
    import tensorflow as tf  # noqa: PLC0415

    np.testing.assert_array_equal(_export(tf.Variable([1.0, 2.0])), [1.0, 2.0])
    assert _export(tf.TensorShape([None, 3])) == (None, 3)
    assert class_name_of(_export(tf.TensorShape(None))) == "TensorShape"
    assert _export([tf.constant(1), tf.constant([2.0])])[0].shape == ()


def class_name_of(value: object) -> str:
    assert isinstance(value, Reference), value
    return value.class_name


class Equal:
    def __eq__(self, other):
        return True

    __hash__ = None


class Text(str):
    __slots__ = ()


class Many(list):
    def __len__(self):
        return 1


@pytest.mark.parametrize(
    "value",
    [Equal(), Text("1"), 1j, {1.5: 2}, {1, 2}, len, keras.Input((2,)), np.array([None]), range(3)],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_stays(value):
    assert class_name_of(_export(value)) == type(value).__name__
    assert class_name_of(_export([value])[0]) == type(value).__name__


def test_no_answer_is_endless():
    cycle: list = []
    cycle.append(cycle)
    found = _export(cycle)
    for _ in range(20):
        if isinstance(found, Reference):
            break
        (found,) = found
    assert class_name_of(found) == "list"
    row = [0] * 1000
    for many in (
        [0] * (MAX_ITEMS + 1),
        Many([0] * (MAX_ITEMS + 1)),
        [row] * 1000,
        {"a": [row] * 1000},
    ):
        with pytest.raises(StudentError, match=f"more than {MAX_ITEMS}"):
            _export(many)


def through_the_test(function, x):
    return function(x)


@pytest.mark.parametrize(
    ("call", "kind", "line", "source"),
    [
        ("divide", "ZeroDivisionError", 3, "return x / 0"),
        ("solve", "LinAlgError", 6, "return np.linalg.inv(np.zeros((2, 2)))"),
        ("recurse", "RecursionError", 9, "return recurse(x)"),
        ("leave", "SystemExit", 12, "raise SystemExit"),
        ("strange", "Strange", 20, "raise Strange"),
        ("todo", "NotImplementedError", 23, "raise NotImplementedError('exercise 1.1')"),
    ],
)
def test_an_exception_names_the_students_line(call, kind, line, source):
    student = Student(
        _session(
            """import numpy as np
def divide(x):
    return x / 0

def solve(x):
    return np.linalg.inv(np.zeros((2, 2)))

def recurse(x):
    return recurse(x)

def leave(x):
    raise SystemExit

class Strange(BaseException):
    def __str__(self):
        raise self

def strange(x):
    if x:
        raise Strange

def todo(x):
    raise NotImplementedError('exercise 1.1')
"""
        )
    )
    function = getattr(student, call)
    for run in (function, lambda x: student.run_beside(through_the_test, function, x)):
        with pytest.raises(StudentError) as error:
            run(1)
        assert (error.value.kind, error.value.line, error.value.source) == (kind, line, source)
        assert f"line {line} of your cell: {source}" in str(error.value)


def test_a_not_implemented_error_of_tensorflow_is_not_a_stub():
    error = StudentError("NotImplementedError", "no array of a symbol", 3, "x = np.asarray(z)")
    assert str(error).startswith("your code raised NotImplementedError: no array of a symbol")


def test_a_syntax_error_names_its_line():
    with pytest.raises(StudentError, match=r"SyntaxError: .* in line 2 of your cell: return 1"):
        _session("x = 1\nreturn 1\n")


def test_an_endless_loop_takes_the_time_of_all_calls():
    student = Student(_session("def f():\n    while True:\n        pass", seconds=0.2))
    for _ in range(3):
        with pytest.raises(TimeLimit):
            student.f()
    assert student._channel.seconds < 0.01
