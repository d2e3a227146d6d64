"""A limit on the time that a student's code may take in this process."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeLimit(BaseException):
    """The time is over. It is no Exception, so that `except Exception` in a loop can't catch it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimit in the body after that many seconds.

    This works in the main thread, and where the operating system has alarms (not on Windows).
    Elsewhere there is no limit.
    """
    alarms = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()
    if alarms:
        before = signal.signal(signal.SIGALRM, _raise)
    try:
        if alarms:
            signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01))
        yield
    finally:
        if alarms:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def _raise(number: int, frame: FrameType | None) -> None:
    raise TimeLimit
