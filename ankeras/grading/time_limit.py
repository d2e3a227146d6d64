"""A limit on the time that a student's code may take in this process."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


class TimeLimit(BaseException):
    """The time is over. It is no Exception, so that `except Exception` in a loop can't catch it."""


@dataclass
class Clock:
    """Holds how many seconds the body of a `time_limit` took."""

    seconds: float = 0.0


@contextmanager
def time_limit(seconds: float) -> Iterator[Clock]:
    """Raise TimeLimit in the body after that many seconds.

    This works in the main thread, and where the operating system has alarms (not on Windows).
    Elsewhere there is no limit.
    """
    clock = Clock()
    started = time.monotonic()
    alarms = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()
    if alarms:
        before = signal.signal(signal.SIGALRM, _raise)
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01))
    try:
        yield clock
    finally:
        if alarms:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        clock.seconds = time.monotonic() - started


def _raise(number: int, frame: FrameType | None) -> None:
    raise TimeLimit
