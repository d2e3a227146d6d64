"""Records what a session answers, and gives the same answers again with other numbers.

A test that still passes with the other numbers does not judge them. To give answers again needs no
code of a submission, so it takes hardly any time.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ankeras.grading.session import StudentError
from ankeras.grading.student import Channel

import numpy as np

Replacement = Callable[[np.ndarray, np.random.Generator], np.ndarray]

REPLACEMENTS: dict[str, Replacement] = {
    "zeros": lambda x, _: np.zeros_like(x),
    "NaN": lambda x, _: np.full_like(x, np.nan),
    "infinity": lambda x, _: np.full_like(x, np.inf),
    "normal noise": lambda x, rng: rng.normal(size=x.shape),
    "uniform noise": lambda x, rng: rng.uniform(size=x.shape),
    "values 10 % too large": lambda x, _: 1.1 * x,
}


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, or the error that was raised instead."""

    request: tuple[Any, ...]
    answer: Any = None
    error: StudentError | None = None


class Recorder:
    """A channel that passes requests on, and records the answers.

    Args:
        channel: the channel that answers.
        exchanges: the list to which the record is added.
    """

    def __init__(self, channel: Channel, exchanges: list[Exchange]) -> None:
        self.channel = channel
        self.exchanges = exchanges

    def define(self, source: str, file: str) -> None:
        """Run a cell."""
        self._record(("define", source), lambda: self.channel.define(source, file))

    def get(self, target: int | None, name: str) -> Any:
        """Look up a name or an attribute."""
        return self._record(("get", target, name), lambda: self.channel.get(target, name))

    def call(self, target: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call an object."""
        return self._record(("call", target), lambda: self.channel.call(target, args, kwargs))

    def _record(self, request: tuple[Any, ...], run: Callable[[], Any]) -> Any:
        try:
            answer = run()
        except StudentError as error:
            self.exchanges.append(Exchange(request, error=error))
            raise
        self.exchanges.append(Exchange(request, copy.deepcopy(answer)))
        return answer


class Replay:
    """A channel that gives recorded answers, in the same order, with other numbers in them.

    A test may send numbers of an earlier answer back, which are other numbers now. The answer to
    this request is still the recorded one. A test that asks for something else than in the record
    gets a `StudentError`: it has noticed that an answer is wrong.

    Args:
        exchanges: what a `Recorder` has recorded.
        replacement: the name of one of `REPLACEMENTS`.
        seed: of the noise.
    """

    def __init__(self, exchanges: Sequence[Exchange], replacement: str, seed: int) -> None:
        self.remaining = iter(exchanges)
        self.replace = REPLACEMENTS[replacement]
        self.rng = np.random.default_rng(seed)

    def define(self, source: str, file: str) -> None:
        """Answer that a cell was run."""
        self._answer(("define", source))

    def get(self, target: int | None, name: str) -> Any:
        """Return the recorded value of a name or an attribute."""
        return self._answer(("get", target, name))

    def call(self, target: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Return the recorded result of a call."""
        return self._answer(("call", target))

    def _answer(self, request: tuple[Any, ...]) -> Any:
        exchange = next(self.remaining, None)
        if exchange is None or exchange.request != request:
            raise StudentError("LookupError", "this was not asked of the right answer")
        if exchange.error is not None:
            raise exchange.error
        return self._replaced(exchange.answer)

    def _replaced(self, value: Any) -> Any:
        if isinstance(value, float):
            return float(self.replace(np.asarray(value), self.rng))
        if isinstance(value, np.ndarray):
            return self._array(value) if _is_float(value) else value.copy()
        if isinstance(value, list | tuple):
            return type(value)(self._replaced(item) for item in value)
        if isinstance(value, dict):
            return {key: self._replaced(item) for key, item in value.items()}
        return value

    def _array(self, value: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.asarray(self.replace(value, self.rng)).astype(value.dtype)


def has_floats(value: Any) -> bool:
    """Return whether an answer contains a number that is no integer by its type."""
    if isinstance(value, list | tuple):
        return any(map(has_floats, value))
    if isinstance(value, dict):
        return any(map(has_floats, value.values()))
    return isinstance(value, float) or (isinstance(value, np.ndarray) and _is_float(value))


def _is_float(array: np.ndarray) -> bool:
    return array.dtype.kind in "fc" and array.size > 0
