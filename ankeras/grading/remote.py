"""The judge's side of the workers: starts the warm process, and talks to the workers it forks."""

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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ankeras.grading import sandbox, wire
from ankeras.grading.errors import GradingError
from ankeras.grading.sandbox import Limits, missing
from ankeras.grading.session import CRASHED, TIME_LIMIT, StudentError
from ankeras.grading.submission import shown
from ankeras.grading.warm import READY

GRACE = 5.0  # extra seconds in which a worker may report that its time is over
HELLO = 120.0  # seconds to start; a worker may have to import TensorFlow on a busy machine
ENDED = "the process ended"
MAX_TAKEN, MAX_CODE = 50, 10_000  # names of other cells, and characters of the code of one


class SandboxError(GradingError):
    """A machine can't isolate submissions. The message says what is missing."""


class Worker:
    """A confined process that runs a submission's code.

    Args:
        connection: the connection to the process.
        limits: the limits that the warm process sets.

    Attributes:
        standing: the layers of the sandbox around the process.
        failure: why the process was ended; None while it runs.
        sessions: how many sessions were opened in it.

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

    def session(self, allowed: float | None = None, used: float = 0.0) -> "RemoteSession":
        """Return a new session, not yet opened. It knows no names, and has its own time limit.

        Args:
            allowed: the seconds that all its requests together may take. Default: the limit.
            used: how many of them earlier sessions have taken already.
        """
        self.sessions += 1
        return RemoteSession(self, self.sessions, allowed or self.limits.seconds, used)

    def close(self) -> None:
        """End the process and all processes that it started, and wait until they have ended."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(GRACE)
            while self.connection.recv(2**16):
                pass
        self.connection.close()

    def fail(self, kind: str, message: str) -> StudentError:
        """End the process, and return the reason as an error."""
        self.failure = StudentError(kind, message)
        self.close()
        return self.failure


class RemoteSession:
    """A `Session` that runs in a worker. `Student` uses it as its channel.

    Args:
        worker: where it runs.
        number: of the session.
        allowed, used: as in `Worker.session`.

    Attributes:
        seconds: the time that is left.
    """

    def __init__(self, worker: Worker, number: int, allowed: float, used: float) -> None:
        self.worker = worker
        self.number = number
        self.allowed = allowed
        self.seconds = allowed - used

    def open(self) -> None:
        """Start the session in the worker."""
        self.ask("open", self.seconds)

    def define(self, source: str, file: str) -> None:
        """Run a cell."""
        self.ask("define", source, file)

    def run_answer(self, number: str, source: str, others: Sequence[str], missing: str) -> None:
        """Run the cell of an exercise, and what it needs of other cells."""
        self.ask("run_answer", number, source, list(others), missing)

    @property
    def taken(self) -> dict[str, str]:
        """What the answer uses of other cells, as its process tells: name -> code."""
        try:
            told = self.ask("list_taken")
        except StudentError:  # the process has ended
            return {}
        pairs = list(told.items())[:MAX_TAKEN] if isinstance(told, dict) else []
        return {shown(str(name)[:100]): str(code)[:MAX_CODE] for name, code in pairs}

    def get(self, target: int | None, name: str) -> Any:
        """Return a name that the cells define (target None), or an attribute of an object."""
        return self.ask("get", target, name)

    def call(self, target: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call an object, and return its answer."""
        return self.ask("call", target, list(args), dict(kwargs))

    def ask(self, operation: str, *arguments: Any) -> Any:
        """Send a request, and return the value of the answer.

        Raises:
            StudentError: if the submission raises an exception, takes too long, or its process
                ends.
        """
        if self.worker.failure is not None:
            raise self.worker.failure
        try:
            request = wire.encode((operation, self.number, *arguments))
        except wire.WireError as error:
            raise StudentError(CRASHED, f"this is too large to be judged: {error}") from None
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
        finally:
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
        self.seconds = 0.0
        error = too_long(self.allowed)
        return self.worker.fail(error.kind, error.message)


def too_long(seconds: float) -> StudentError:
    """Return the error that says that the tests of an exercise took more than this time."""
    message = f"the tests of this exercise took more than {seconds:g} s: an endless loop?"
    return StudentError(TIME_LIMIT, message)


class WorkerFactory:
    """Asks a warm process for workers. The next worker starts while the current one is in use.

    Args:
        address: the socket of the warm process.
        limits: the limits that it sets for its workers.
    """

    def __init__(self, address: Path, limits: Limits) -> None:
        self.address = address
        self.limits = limits
        self.next: socket.socket | None = None

    def connect(self) -> Worker:
        """Return a new worker.

        Raises:
            SandboxError: if it does not start.
        """
        waiting, self.next = self.next or self._request(), None  # a failed worker is not kept
        worker = Worker(waiting, self.limits)
        self.next = self._request()
        return worker

    def dismiss(self) -> None:
        """End the worker that was started in advance, if there is one."""
        if self.next is not None:
            self.next.close()
            self.next = None

    def _request(self) -> socket.socket:
        """Ask for a worker, and return the connection without waiting for the worker."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self.address))
        except OSError as error:
            connection.close()
            raise _no_worker(error) from None
        return connection


class WarmProcess(WorkerFactory):
    """A process that has imported TensorFlow and forks workers; a context manager.

    Args:
        limits: the limits of every worker.
        confined: put a sandbox around each worker.
        preload: import TensorFlow once, before the forks. False: each worker imports it, for
            machines on which a forked TensorFlow hangs.

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
            why = said[-1] if said else "no message"
            raise SandboxError(f"the warm process did not start: {why}")

    def __enter__(self) -> "WarmProcess":
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
def warm_up(
    limits: Limits, *, sandboxed: bool = True
) -> Iterator[tuple[WarmProcess, list[str], str]]:
    """Start a warm process. If its workers can't compute, start one without preloading.

    Args:
        limits: the limits of every worker.
        sandboxed: put a sandbox around each worker.

    Yields:
        The process, the layers of the sandbox, and why workers start slowly ("" if they do not).

    Raises:
        SandboxError: if it does not start, or if a layer of the sandbox is missing.
    """
    with contextlib.ExitStack() as stack:
        trouble = ""
        try:
            warm = stack.enter_context(WarmProcess(limits, confined=sandboxed))
            standing = probe(warm)
        except SandboxError as error:
            trouble = f"{error}. So each worker imports TensorFlow itself, which is slow"
            warm = stack.enter_context(WarmProcess(limits, confined=sandboxed, preload=False))
            standing = probe(warm)
        if sandboxed:
            check_layers(standing)
        yield warm, standing, trouble


def probe(factory: WorkerFactory) -> list[str]:
    """Compute a sum in a worker, and return the layers of its sandbox.

    Raises:
        SandboxError: if the worker can't compute.
    """
    worker = factory.connect()
    try:
        session = worker.session()
        session.open()
        session.define("import keras\ntotal = keras.ops.sum(keras.ops.ones((3, 3)) * 2)", "<probe>")
        if float(session.get(None, "total")) != 18.0:
            raise SandboxError("a worker computes a wrong sum")
    except StudentError as error:
        raise SandboxError(f"a worker can't compute: {error.kind}: {error.message}") from None
    finally:
        worker.close()
    return worker.standing


def _no_worker(error: Exception) -> SandboxError:
    return SandboxError(f"a worker did not start ({error or 'it hangs'})")


def check_layers(standing: Sequence[str]) -> None:
    """Raise a SandboxError that names the missing layers of the sandbox, if there are any."""
    absent = missing(standing)
    if absent:
        raise SandboxError(
            f"This machine can't isolate submissions: {', '.join(absent)} missing. Linux 5.13 or "
            "later with libseccomp has all layers, but a container may switch them off. With "
            "--no-sandbox submissions run with your rights: use it only for code that you trust."
        )


def check_places(paths: Iterable[Path]) -> None:
    """Raise a SandboxError if a submission may read one of these paths, or what is in it."""
    for path in paths:
        top = sandbox.readable_top(path)
        if top is not None:
            raise SandboxError(
                f"Every submission could read {path}, since it is in {top}, where Python's "
                "packages are. Move it to another folder."
            )


def _environment() -> dict[str, str]:
    """Return the environment variables of the workers: no secrets, one thread, TensorFlow."""
    kept = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    threads = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    return {
        **own,
        **dict.fromkeys(threads, "1"),
        "OPENBLAS_NUM_THREADS": "1",
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
        "MALLOC_ARENA_MAX": "2",  # one arena per thread would take 64 MiB of address space each
        "MPLBACKEND": "agg",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
