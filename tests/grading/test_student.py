"""Tests get names, plain data and handles of a submission, and never an object of the student."""

from ankeras.grading.session import Session, StudentError
from ankeras.grading.student import Handle, Student, class_name

import numpy as np
import pytest


def _student(source: str) -> Student:
    session = Session()
    session.define(source, "<exercise 1.1>")
    return Student(session)


def test_handles_keep_their_identity():
    student = _student(
        """
class Model:
    def __init__(self):
        self.part = object()

    def is_part(self, thing):
        return thing is self.part

model = other = Model()
third = Model()
"""
    )
    assert student.model == student.other
    assert student.model != student.third
    assert hash(student.model.part) == hash(student.other.part)
    assert student.model.is_part(student.other.part) is True
    assert student.model.is_part(thing=student.third.part) is False
    assert class_name(student.model) == "Model"
    assert repr(student.model) == "<Model>"
    assert class_name(1.5) == "float"


def test_handles_may_be_passed_in_lists_and_dictionaries():
    student = _student("def f(): pass\ndef same(x): return x[0][1] is f and x[1]['a'] is f")
    assert student.same([(1, student.f), {"a": student.f}]) is True


def test_numpy_does_not_read_a_handle():
    student = _student(
        "class A:\n    __array_interface__ = {'shape': (2,), 'typestr': '<f8'}\na = A()"
    )
    assert isinstance(student.a, Handle)
    assert np.asarray(student.a).dtype == object


def test_a_missing_name_is_named():
    student = _student("x = object()")
    with pytest.raises(StudentError, match="y is not defined: has its cell been run"):
        _ = student.y
    with pytest.raises(StudentError, match="AttributeError"):
        _ = student.x.weights


def twice(f, x):
    return f(f(x)) + one  # noqa: F821 - a name of the cell's


class Counter:
    """Counts the calls of a function."""

    def __init__(self, f):
        self.f, self.calls = f, 0

    def __call__(self, x):
        self.calls += 1
        return self.f(x)


def test_a_test_s_function_runs_beside_the_answers():
    student = _student("one = 1\ndef f(x):\n    return x + one")
    assert student.run_beside(twice, student.f, 1) == 4
    counter = student.run_beside(Counter, student.f)
    assert student.run_beside(twice, counter, 1) == 4
    assert counter.calls == 2


def test_what_a_test_s_function_raises_is_told():
    student = _student("def f(x):\n    return x + 1")
    with pytest.raises(StudentError, match="name 'one' is not defined"):
        student.run_beside(twice, student.f, 1)
    with pytest.raises(StudentError, match="y is not defined: has its cell been run"):
        student.run_beside(twice, student.y, 1)


def test_arguments_and_answers_are_copies():
    student = _student("kept = []\ndef double(x):\n    kept.append(x)\n    x *= 2\n    return x")
    array = np.ones(3)
    answer = student.double(array)
    assert (array.tolist(), answer.tolist()) == ([1, 1, 1], [2, 2, 2])
    answer[0] = 7
    assert student.kept[0].tolist() == [2, 2, 2]


def test_pytest_may_ask_for_its_own_names():
    student = _student("")
    assert not hasattr(student, "__wrapped__")
    assert not hasattr(student, "_pytestfixturefunction")


def test_numbers_of_numpy_arrive_as_numbers_of_python():
    student = _student("def name(x):\n    return type(x).__name__")
    assert student.name(np.float64(0.5)) == "float"
    assert student.name(np.int32(2)) == "int"
    assert student.name(x=np.bool_(True)) == "bool"
