"""The warm process: it imports TensorFlow once, and then forks one confined worker per connection.

    python -P -m ankeras.grading.warm SOCKET FOLDER OPTIONS

It runs no TensorFlow operation itself: after the first operation, every forked child would hang.
Each worker has a supervisor process. The supervisor kills the worker, and all that the worker has
started, when the judge closes the connection or ends.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
from pathlib import Path

from ankeras.grading import sandbox, wire
from ankeras.grading.sandbox import Limits
from ankeras.grading.worker import serve

READY = "ready"
MAX_THREADS = 512  # of one worker
CHECK_EVERY = 100  # milliseconds between two checks of the number of threads

# What labs import. The modules of the course are named here and nowhere else in grading.
PRELOADED = (
    "ankeras.training.tensorflow_patch",  # imports TensorFlow quietly, and settles its defaults
    "keras",
    "tensorflow",
    "ankeras.builders",
    "ankeras.data",
    "ankeras.gans",
    "ankeras.latent",
    "ankeras.pictures",
)


def main() -> None:
    """Accept connections until standard input is closed."""
    address, folder = Path(sys.argv[1]), Path(sys.argv[2])
    options = json.loads(sys.argv[3])
    limits = Limits(**options["limits"])
    if options["preload"]:
        preload()
    threads = len(os.listdir("/proc/self/task")) if Path("/proc/self/task").is_dir() else 1
    if threads != 1:
        raise SystemExit(f"{threads} threads are running: a forked worker would hang")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(address))
    listener.listen(1024)
    own = os.getpid()
    print(READY, flush=True)
    poll = select.poll()
    poll.register(0, select.POLLIN)
    poll.register(listener, select.POLLIN)
    while not any(fd == 0 for fd, _ in poll.poll(1000)):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        listener.setblocking(False)
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            continue
        if os.fork() == 0:
            listener.close()
            sandbox.end_with_parent(own)
            _supervise(connection, folder, limits, **options["worker"])
        connection.close()


def preload() -> None:
    """Import all modules that labs import. No import runs a TensorFlow operation."""
    with contextlib.suppress(ImportError):  # its import searches for a library; workers may not
        importlib.import_module("pyseccomp")
    for name in PRELOADED:
        importlib.import_module(name)


def _first_operation() -> None:
    """Run one operation: TensorFlow creates its threads and its context with the first one."""
    import keras  # noqa: PLC0415

    keras.ops.sum(keras.ops.ones((1, 1)))


def _supervise(
    connection: socket.socket, folder: Path, limits: Limits, *, confined: bool, late_import: bool
) -> None:
    """Fork the worker, and kill it when the judge has ended. This function does not return."""
    os.setsid()
    connection.setblocking(True)
    standing = []
    if confined:
        with contextlib.suppress(OSError):
            sandbox.enter_namespaces()
            standing.append("namespaces")
    own = os.getpid()
    worker = os.fork()
    if worker == 0:
        sandbox.end_with_parent(own)
        if late_import:
            preload()
        _work(connection, folder, limits, standing if confined else None)
    # The worker reads the data. The supervisor only waits for the end of the connection.
    poll = select.poll()
    linux = sys.platform == "linux"
    poll.register(connection, select.POLLRDHUP if linux else select.POLLHUP)
    if linux:
        poll.register(os.pidfd_open(worker), select.POLLIN)
    while not poll.poll(CHECK_EVERY) and _threads(worker) <= MAX_THREADS:
        if not linux and os.waitpid(worker, os.WNOHANG)[0]:
            os._exit(0)
    with contextlib.suppress(ProcessLookupError):
        # The worker is the first process of its namespace: with it the system kills all others.
        os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    os._exit(0)


def _threads(process: int) -> int:
    """Return how many threads a process has. RLIMIT_NPROC does not limit the threads of root."""
    try:
        return os.stat(f"/proc/{process}/task").st_nlink - 2
    except OSError:
        return 0


def _work(
    connection: socket.socket, folder: Path, limits: Limits, standing: list[str] | None
) -> None:
    """Close all files but the connection, put up the sandbox, and answer requests.

    This function does not return.

    Args:
        connection: the connection to the judge.
        folder: the only folder in which the worker may write.
        limits: what the worker may use.
        standing: the layers of the sandbox that are up already. None: put up no sandbox.
    """
    status = 1
    try:
        os.setsid()  # a signal to its process group must not reach the supervisor
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        kept = os.dup2(connection.fileno(), 3)
        connection.detach()
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        own = socket.socket(fileno=kept)
        if standing and "namespaces" in standing:
            folder = sandbox.mount_own_folder(folder, limits)
        os.chdir(folder)
        os.environ.update(HOME=str(folder), TMPDIR=str(folder))
        tempfile.tempdir = None  # it must be searched for again: the old one is not writable
        if standing is not None:
            standing += sandbox.confine(folder, limits)
        wire.send(own, wire.encode({"standing": standing or []}))
        _first_operation()
        serve(own)
        status = 0
    except wire.WireError:
        status = 0  # the judge has ended
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
