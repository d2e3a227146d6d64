"""Grading on the hosts of a Dask cluster, each with a warm process and a sandbox of its own.

Every worker of the cluster is given one submission at a time, by name: so it is known which
submission was there when a worker is lost, and no other one is blamed.
"""

import contextlib
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ankeras.grading.cohort import Entry
from ankeras.grading.errors import GradingError
from ankeras.grading.grade import grade_file, lab_files, lab_version
from ankeras.grading.lab import Lab, read_lab
from ankeras.grading.remote import Door, warm_up
from ankeras.grading.results import Grade
from ankeras.grading.sandbox import Limits
from ankeras.grading.submission import content

Judge = Callable[[list[Entry]], Iterator[Grade]]

PATIENCE = 20.0  # seconds for the scheduler to answer
LOOK = 0.5  # seconds between two looks at which workers are there
MAX_LOSSES = 2  # workers that one submission may take with it


class ClusterError(GradingError):
    """A cluster can't be used; the message says why."""


@contextlib.contextmanager
def cluster_judges(
    address: str, lab: Lab, limits: Limits, sandboxed: bool = True
) -> Iterator[Judge]:
    """Connect to a cluster that runs already.

    Args:
        address: of its scheduler, such as "tcp://10.0.0.1:8786".
        lab: whose files are sent to the workers.
        limits: of each submission.
        sandboxed: False: run submissions with the workers' own rights.

    Yields:
        What grades submissions, in the order in which they get done. One whose worker was lost
        goes to another; one that lost two has a grade with a `problem`.

    Raises:
        ClusterError: if no scheduler answers, or its workers have no ankeras or another one.
        SandboxError: if a worker's host can't isolate submissions.
    """
    try:
        from distributed import Client  # noqa: PLC0415
    except ImportError:
        raise ClusterError('A cluster needs: pip install "ankeras[cluster]"') from None
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise ClusterError(f"no Dask scheduler answers at {address} ({error})") from None
    files = {file.name: file.read_bytes() for file in lab_files(lab)}
    order = _Order(lab, files, limits, sandboxed)
    with client:
        yield lambda entries: _distribute(client, order, entries)


class _Order:
    """What every worker must know. Its class and all it holds travel there as they are."""

    def __init__(self, lab: Lab, files: dict[str, bytes], limits: Limits, sandboxed: bool) -> None:
        self.name = lab.name
        self.version = lab_version(lab)
        self.possible = lab.points
        self.files = files
        self.limits = limits
        self.sandboxed = sandboxed


def _distribute(client: Any, order: _Order, entries: list[Entry]) -> Iterator[Grade]:
    from distributed import KilledWorker, wait  # noqa: PLC0415

    waiting, losses = deque(entries), Counter[str]()
    running: dict[Any, tuple[Entry, str]] = {}
    while waiting or running:
        workers = set(client.scheduler_info(n_workers=-1)["workers"])
        for future, (entry, worker) in list(running.items()):
            if future.done() and not isinstance(future.exception(), KilledWorker):
                del running[future]
                yield _result(future, worker)
            elif worker not in workers:
                del running[future]
                future.cancel()
                losses[entry.student] += 1
                if losses[entry.student] < MAX_LOSSES:
                    waiting.append(entry)
                else:
                    yield _set_aside(order, entry)
        for worker in workers - {worker for _, worker in running.values()}:
            if waiting:
                entry = waiting.popleft()
                future = client.submit(
                    _grade_there,
                    order,
                    entry,
                    content(entry.file),
                    workers=[worker],
                    pure=False,
                    retries=0,
                )
                running[future] = entry, worker
        if running:
            with contextlib.suppress(TimeoutError):
                wait(list(running), timeout=LOOK, return_when="FIRST_COMPLETED")
        elif waiting:
            time.sleep(LOOK)  # for a first worker


def _result(future: Any, worker: str) -> Grade:
    try:
        grade: Grade = future.result()
    except GradingError:
        raise
    except Exception as error:
        raise ClusterError(
            f"the worker at {worker} can't grade ({error}): is this version of ankeras[grading] "
            "installed there?"
        ) from error
    return grade


def _set_aside(order: _Order, entry: Entry) -> Grade:
    grade = Grade(entry.student, entry.file.name, order.name, [], order.possible)
    grade.problem = f"{MAX_LOSSES} workers of the cluster were lost with it: look at it by hand"
    grade.notes = list(entry.notes)
    return grade


def _grade_there(order: _Order, entry: Entry, content: bytes) -> Grade:
    """Grade on this worker of the cluster; pytest judges one submission at a time."""
    with _BENCH.lock, tempfile.TemporaryDirectory(prefix="ankeras-submission-") as folder:
        lab, door = _BENCH.set_up(order)
        file = Path(folder, entry.file.name)
        file.write_bytes(content)
        grade = grade_file(lab, entry.student, file, door)
    grade.notes = [*entry.notes, *grade.notes]
    return grade


class _Bench:
    """What a worker keeps from one submission to the next."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stack = contextlib.ExitStack()
        self.known: tuple[Any, ...] = ()
        self.lab: Lab
        self.door: Door

    def set_up(self, order: _Order) -> tuple[Lab, Door]:
        """Return the lab, and where workers are to be had, as long as these are the same."""
        wanted = (order.name, order.version, order.limits, order.sandboxed)
        if self.known != wanted:
            self.stack.close()
            self.known = ()
            folder = Path(
                self.stack.enter_context(tempfile.TemporaryDirectory(prefix="ankeras-lab-")),
                order.name,
            )
            folder.mkdir()
            for name, content in order.files.items():
                (folder / name).write_bytes(content)
            self.lab = read_lab(folder)
            if lab_version(self.lab) != order.version:
                raise ClusterError("a worker of the cluster has another version of ankeras")
            warm = warm_up(order.limits, sandboxed=order.sandboxed)
            self.door, *_ = self.stack.enter_context(warm)
            self.known = wanted
        return self.lab, self.door


_BENCH = _Bench()
