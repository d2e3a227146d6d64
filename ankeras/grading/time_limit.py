"""A limit to the time that a student's code takes in the same process."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


class TimeLimit(BaseException):
    """The time was over; no Exception, so that `except Exception` in a loop does not stop it."""


@dataclass
class Clock:
    """How long the body of a `time_limit` took."""

    seconds: float = 0.0


@contextmanager
def time_limit(seconds: float) -> Iterator[Clock]:
    """Raise TimeLimit in the body when it has taken that long.

    Only where the operating system has alarms (not on Windows) and in the main thread; elsewhere
    the body runs as long as it runs.
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
