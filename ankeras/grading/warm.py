"""The warm process: it has imported TensorFlow, and forks one confined worker a connection.

    python -P -m ankeras.grading.warm SOCKET FOLDER OPTIONS

It runs no operation itself: after one, every forked child would hang. Each worker has a supervisor
that kills it, and all that it started, when the judge closes the connection or is gone.
"""

import contextlib
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
MAX_THREADS, LOOK = 512, 100  # of a worker; milliseconds between two looks at how many there are


def main() -> None:
    """Listen until standard input is closed."""
    address, folder = Path(sys.argv[1]), Path(sys.argv[2])
    options = json.loads(sys.argv[3])
    limits = Limits(**options["limits"])
    if options["preload"]:
        import_everything()
    threads = len(os.listdir("/proc/self/task")) if Path("/proc/self/task").is_dir() else 1
    if threads != 1:
        raise SystemExit(f"{threads} threads run already: a forked worker would hang")
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
            sandbox.die_with(own)
            _supervise(connection, folder, limits, **options["worker"])
        connection.close()


def import_everything() -> None:
    """Import what labs import; none of it computes anything."""
    import keras  # noqa: F401, PLC0415
    import tensorflow  # noqa: F401, PLC0415

    with contextlib.suppress(ImportError):  # it looks for its library, which a worker can't
        import pyseccomp  # noqa: F401, PLC0415

    from ankeras import builders, data, gans, latent, pictures  # noqa: F401, PLC0415


def _first_operation() -> None:
    """Compute something: TensorFlow starts its machinery with the first operation."""
    import keras  # noqa: PLC0415

    keras.ops.sum(keras.ops.ones((1, 1)))


def _supervise(
    connection: socket.socket, folder: Path, limits: Limits, *, confined: bool, late_import: bool
) -> None:
    """Fork the worker, and end it when the judge is gone. Does not return."""
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
        sandbox.die_with(own)
        if late_import:
            import_everything()
        _work(connection, folder, limits, standing if confined else None)
    # Readable data belongs to the worker; only the end of the connection is the supervisor's.
    poll = select.poll()
    linux = sys.platform == "linux"
    poll.register(connection, select.POLLRDHUP if linux else select.POLLHUP)
    if linux:
        poll.register(os.pidfd_open(worker), select.POLLIN)
    while not poll.poll(LOOK) and _threads(worker) <= MAX_THREADS:
        if not linux and os.waitpid(worker, os.WNOHANG)[0]:
            os._exit(0)
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)  # the first process of its namespace: all others die too
    os.waitpid(worker, 0)
    os._exit(0)


def _threads(process: int) -> int:
    """Return how many threads a process has: of root's, RLIMIT_NPROC would allow any number."""
    try:
        return os.stat(f"/proc/{process}/task").st_nlink - 2
    except OSError:
        return 0


def _work(
    connection: socket.socket, folder: Path, limits: Limits, standing: list[str] | None
) -> None:
    """Close everything, put up the walls unless there shall be none, and answer.

    Does not return.
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
            sandbox.own_folder(folder, limits)
        os.chdir(folder)
        os.environ.update(HOME=str(folder), TMPDIR=str(folder))
        tempfile.tempdir = None  # what it found before the fork does not hold any more
        if standing is not None:
            standing += sandbox.confine(folder, limits)
        wire.send(own, wire.encode({"standing": standing or []}))
        _first_operation()
        serve(own, limits.seconds)
        status = 0
    except wire.WireError:
        status = 0  # the judge is gone
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
