"""The judge's side of a worker: a warm process to fork from, and channels to what it forks."""

import contextlib
import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ankeras.grading import wire
from ankeras.grading.errors import GradingError
from ankeras.grading.sandbox import Limits, missing
from ankeras.grading.session import CRASHED, TIME_LIMIT, StudentError
from ankeras.grading.submission import shown
from ankeras.grading.warm import READY

GRACE = 5.0  # seconds for a worker to say itself that its time is over
HELLO = 120.0  # and to start, where it has to import TensorFlow itself on a busy machine
ENDED = "the process ended"


class SandboxError(GradingError):
    """A machine can't hold a submission; the message says what is missing."""


class Worker:
    """A confined process, until it ends.

    Args:
        connection: to the process.
        limits: as the warm process was given them.

    Attributes:
        standing: layers of the sandbox around it.
        failure: why it is no longer there; None, while it is.
        sessions: how many were opened in it.

    Raises:
        SandboxError: if it does not start.
    """

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self.limits = limits
        self.connection = connection
        self.failure: StudentError | None = None
        self.sessions = 0
        try:
            hello = wire.receive(self.connection, time.monotonic() + HELLO)
            self.standing: list[str] = [str(name) for name in hello["standing"]]
        except (OSError, wire.WireError, TypeError, KeyError) as error:
            self.close()
            raise _no_worker(error) from None

    def open(self) -> "RemoteSession":
        """Start a session: no names, and time of its own."""
        self.sessions += 1
        session = RemoteSession(self, self.sessions)
        session.ask("open")
        return session

    def close(self) -> None:
        """End the process and all that it started; return when they are gone."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(GRACE)
            while self.connection.recv(2**16):
                pass
        self.connection.close()

    def fail(self, kind: str, message: str) -> StudentError:
        """End the process because of what it did, and return the reason."""
        self.failure = StudentError(kind, message)
        self.close()
        return self.failure


class RemoteSession:
    """A `Session` in a worker; a channel of `Student`."""

    def __init__(self, worker: Worker, number: int) -> None:
        self.worker = worker
        self.number = number
        self.seconds = worker.limits.seconds

    def define(self, source: str, file: str) -> None:
        """Run a cell."""
        self.ask("define", source, file)

    def get(self, target: int | None, name: str) -> Any:
        """Look up a name or an attribute."""
        return self.ask("get", target, name)

    def call(self, target: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call an object."""
        return self.ask("call", target, list(args), dict(kwargs))

    def ask(self, operation: str, *arguments: Any) -> Any:
        """Send a request and return the answer's value.

        Raises:
            StudentError: if the submission raises, takes too long, or its process ends.
        """
        if self.worker.failure is not None:
            raise self.worker.failure
        try:
            request = wire.encode((operation, self.number, *arguments))
        except wire.WireError as error:
            raise StudentError(CRASHED, f"too much to be judged: {error}") from None
        connection, started = self.worker.connection, time.monotonic()
        deadline = started + self.seconds + GRACE
        try:
            wire.send(connection, request, deadline)
            reply = wire.receive(connection, deadline)
        except TimeoutError:
            raise self._too_long() from None
        except wire.WireError as error:
            message = f"{ENDED} or broke the protocol: {error}"
            raise self.worker.fail(CRASHED, message) from None
        self.seconds -= time.monotonic() - started
        if self.seconds < 0:
            raise self._too_long()
        return self._value(reply)

    def _value(self, reply: Any) -> Any:
        match reply:
            case {"value": value}:
                return value
            case {"error": [str(kind), str(message), int(line), str(source)]}:
                lines = "\n".join(map(shown, message[:600].splitlines()))
                raise StudentError(shown(kind[:100]), lines, line, shown(source[:200]))
            case {"limit": _}:
                raise self._too_long()
        raise self.worker.fail(CRASHED, f"{ENDED}: it broke the protocol")

    def _too_long(self) -> StudentError:
        seconds = self.worker.limits.seconds
        message = f"the tests of this exercise took more than {seconds:g} s: an endless loop?"
        return self.worker.fail(TIME_LIMIT, message)


class Door:
    """Where workers are to be had; the next one is started while one is at work.

    Args:
        address: of a warm process.
        limits: that it sets its workers.
    """

    def __init__(self, address: Path, limits: Limits) -> None:
        self.address = address
        self.limits = limits
        self.next: socket.socket | None = None

    def connect(self) -> Worker:
        """Have a worker forked.

        Raises:
            SandboxError: if it does not start.
        """
        waiting, self.next = self.next or self._knock(), None  # if it fails, it is not tried again
        worker = Worker(waiting, self.limits)
        self.next = self._knock()
        return worker

    def dismiss(self) -> None:
        """End the worker that waits, if one does."""
        if self.next is not None:
            self.next.close()
            self.next = None

    def _knock(self) -> socket.socket:
        """Ask for a worker, without waiting for it."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self.address))
        except OSError as error:
            connection.close()
            raise _no_worker(error) from None
        return connection


class Warm(Door):
    """A process that has imported TensorFlow and forks workers; a context manager.

    Args:
        limits: of every worker.
        confined: put the sandbox around each.
        preload: import TensorFlow once, and not in each worker: where a forked TensorFlow hangs.

    Raises:
        SandboxError: if it does not start.
    """

    def __init__(self, limits: Limits, *, confined: bool = True, preload: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ankeras-grading-"))
        super().__init__(self.folder / "warm", limits)
        scratch = self.folder / "scratch"
        scratch.mkdir()
        command = [sys.executable, "-P", "-m", "ankeras.grading.warm"]
        options = {
            "limits": dataclasses.asdict(limits),
            "preload": preload,
            "worker": {"confined": confined, "late_import": not preload},
        }
        self.process = subprocess.Popen(
            [*command, str(self.address), str(scratch), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=scratch,
            env=_environment(),
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if self.process.stdout.readline().strip() != READY:
            self.process.kill()
            said = self.process.stderr.read().strip().splitlines()
            self.close()
            raise SandboxError(f"the warm process did not start: {said[-1] if said else 'no word'}")

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the warm process and its workers."""
        self.dismiss()
        assert self.process.stdin is not None
        self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE)
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def warm_up(limits: Limits, *, sandboxed: bool = True) -> Iterator[tuple[Warm, list[str], str]]:
    """Start a warm process, or one that leaves importing to its workers if they can't compute else.

    Args:
        limits: of every worker.
        sandboxed: put the sandbox around each.

    Yields:
        The process, the layers of the sandbox that stand, and why it is a slow one ("": it isn't).

    Raises:
        SandboxError: if it does not start, or a layer is missing that shall stand.
    """
    with contextlib.ExitStack() as stack:
        trouble = ""
        try:
            warm = stack.enter_context(Warm(limits, confined=sandboxed))
            standing = probe(warm)
        except SandboxError as error:
            trouble = f"{error}; so each worker imports TensorFlow itself, slowly"
            warm = stack.enter_context(Warm(limits, confined=sandboxed, preload=False))
            standing = probe(warm)
        if sandboxed:
            require(standing)
        yield warm, standing, trouble


def probe(warm: Door) -> list[str]:
    """Try a worker out, and return the layers of the sandbox that stand.

    Raises:
        SandboxError: if a worker can't compute.
    """
    worker = warm.connect()
    try:
        session = worker.open()
        session.define("import keras\ntotal = keras.ops.sum(keras.ops.ones((3, 3)) * 2)", "<probe>")
        if float(session.get(None, "total")) != 18.0:
            raise SandboxError("a worker computes wrongly")
    except StudentError as error:
        raise SandboxError(f"a worker can't compute: {error.kind}: {error.message}") from None
    finally:
        worker.close()
    return worker.standing


def _no_worker(error: Exception) -> SandboxError:
    return SandboxError(f"a worker did not start ({error or 'it hangs'})")


def require(standing: Sequence[str]) -> None:
    """Raise a SandboxError that names the layers that do not stand, if there are any."""
    absent = missing(standing)
    if absent:
        raise SandboxError(
            f"This machine can't isolate submissions: {', '.join(absent)} missing. On Linux 5.13 "
            "or later with libseccomp all are there; in a container they may be switched off. With "
            "--no-sandbox submissions run with your rights: only for code that you trust."
        )


def _environment() -> dict[str, str]:
    """Return the environment of a worker: no secrets, one thread, TensorFlow."""
    kept = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    threads = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    return {
        **own,
        **dict.fromkeys(threads, "1"),
        "OPENBLAS_NUM_THREADS": "1",
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
        "MALLOC_ARENA_MAX": "2",  # each thread's own would take 64 MiB of address space
        "MPLBACKEND": "agg",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
