"""The fixture `student` of the tests: its attributes are the names of the submission's cells.

    mu, log_var = student.encode(images)     # arrays: compare them with your own
    vae = student.VAE(encoder, decoder)      # a handle: ask it for attributes, call its methods
    vae.encoder.output_shape                 # (None, 4)
    student.run_beside(train_a_little, vae)  # a function of the test runs where the VAE is

Arguments and answers are plain data or handles, never objects of the submission.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ankeras.grading.session import OF_TEST, Reference

import numpy as np


class Channel(Protocol):
    """The requests that a `Session` answers, in this process or in another one."""

    def define(self, source: str, file: str) -> None:
        """Run a cell."""

    def get(self, target: int | None, name: str) -> Any:
        """Look up a name or an attribute."""

    def call(self, target: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call an object."""


class Handle:
    """Stands for an object of the submission, which stays where the submission runs."""

    __slots__ = ("_channel", "_reference")

    def __init__(self, channel: Channel, reference: Reference) -> None:
        self._channel = channel
        self._reference = reference

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # NumPy would read an object's __array_interface__
            raise AttributeError(name)
        return _wrap(self._channel, self._channel.get(self._reference.number, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object and return its result: plain data, or a handle."""
        given = [_unwrap(arg) for arg in args]
        named = {name: _unwrap(arg) for name, arg in kwargs.items()}
        return _wrap(self._channel, self._channel.call(self._reference.number, given, named))

    def __eq__(self, other: object) -> bool:
        """Return whether both stand for the same object."""
        return isinstance(other, Handle) and self._reference == other._reference

    def __hash__(self) -> int:
        return hash(self._reference)

    def __repr__(self) -> str:
        return f"<{self._reference.class_name}>"


class Student:
    """Gives the tests the names of a submission, as plain data or handles."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest asks for such names
            raise AttributeError(name)
        return _wrap(self._channel, self._channel.get(None, name))

    def run_beside(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function of the test where the answers are, and return what it returns.

        Its source is sent and runs among the names of the submission's cells: `keras` and `np` are
        there, but no other name of the test's file.

        Args:
            function: a function or a class at the top level of the test's file.
            args: plain data, or handles: these arrive as the objects that they stand for.

        Raises:
            StudentError: if it raises.
        """
        self._channel.define(inspect.getsource(function), OF_TEST)
        return getattr(self, function.__name__)(*args)


def class_name(handle: Any) -> str:
    """Return the name of the class of a result: of the object that a handle stands for."""
    return handle._reference.class_name if isinstance(handle, Handle) else type(handle).__name__


def _wrap(channel: Channel, value: Any) -> Any:
    if isinstance(value, Reference):
        return Handle(channel, value)
    if isinstance(value, list | tuple):
        return type(value)(_wrap(channel, item) for item in value)
    if isinstance(value, dict):
        return {key: _wrap(channel, item) for key, item in value.items()}
    return value


def _unwrap(value: Any) -> Any:
    if isinstance(value, Handle):
        return value._reference
    if isinstance(value, np.generic):  # such as np.float64, which no message can carry
        return value.item()
    if isinstance(value, np.ndarray):  # a copy, because the answer may change its argument
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(_unwrap(item) for item in value)
    if isinstance(value, dict):
        return {key: _unwrap(item) for key, item in value.items()}
    return value
