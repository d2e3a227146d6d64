"""Grades on the hosts of a Dask cluster. Each worker of the cluster has its own warm process.

Each worker gets one submission at a time. So when a worker is lost, it is known which submission
was there.
"""

import contextlib
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ankeras.grading.errors import GradingError
from ankeras.grading.grade import Draft, lab_files, lab_version
from ankeras.grading.judges import MAX_LOSSES, Judge, Task, judge_task
from ankeras.grading.lab import Lab, read_lab
from ankeras.grading.remote import WorkerFactory, check_places, warm_up
from ankeras.grading.sandbox import Limits
from ankeras.grading.submission import content

PATIENCE = 20.0  # seconds to wait for the scheduler's answer
CHECK_EVERY = 0.5  # seconds between two checks of which workers are connected


class ClusterError(GradingError):
    """A cluster can't be used. The message says why."""


@contextlib.contextmanager
def cluster_judges(
    address: str, lab: Lab, limits: Limits, sandboxed: bool = True
) -> Iterator[Judge]:
    """Connect to a running cluster.

    Args:
        address: the address of its scheduler, such as "tcp://10.0.0.1:8786".
        lab: the lab. Its files are sent to the workers.
        limits: what each submission may use.
        sandboxed: False: run submissions with the rights of the workers.

    Yields:
        The function that judges. It yields each draft when it is known. If a worker is lost, its
        submission goes to another worker. After two lost workers, the submission gets a `problem`.

    Raises:
        ClusterError: if no scheduler answers, or a worker has no ankeras or another version of it.
        SandboxError: if the host of a worker can't isolate submissions.
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
    package = _LabPackage(lab, files, limits, sandboxed)
    with client:
        yield lambda tasks: _distribute(client, package, tasks)


class _LabPackage:
    """The files of a lab and the options of grading. It is sent to each worker."""

    def __init__(self, lab: Lab, files: dict[str, bytes], limits: Limits, sandboxed: bool) -> None:
        self.name = lab.name
        self.version = lab_version(lab)
        self.possible = lab.points
        self.files = files
        self.limits = limits
        self.sandboxed = sandboxed


def _distribute(client: Any, package: _LabPackage, tasks: list[Task]) -> Iterator[Draft]:
    from distributed import KilledWorker, wait  # noqa: PLC0415

    waiting, losses = deque(tasks), Counter[str]()
    running: dict[Any, tuple[Task, str]] = {}
    while waiting or running:
        workers = set(client.scheduler_info(n_workers=-1)["workers"])
        for future, (task, worker) in list(running.items()):
            if future.done() and not isinstance(future.exception(), KilledWorker):
                del running[future]
                yield _result(future, worker)
            elif worker not in workers:
                del running[future]
                future.cancel()
                losses[task.entry.student] += 1
                if losses[task.entry.student] < MAX_LOSSES:
                    waiting.append(task)
                else:
                    reason = (
                        f"{MAX_LOSSES} workers of the cluster were lost with it: grade it by hand"
                    )
                    yield task.give_up(package.name, package.possible, reason)
        for worker in workers - {worker for _, worker in running.values()}:
            if waiting:
                task = waiting.popleft()
                try:
                    sent = content(task.entry.file) if task.draft is None else b""
                except OSError as error:
                    reason = f"its file cannot be read any more: {error.strerror}"
                    yield task.give_up(package.name, package.possible, reason)
                    continue
                options = {"workers": [worker], "pure": False, "retries": 0}
                future = client.submit(_judge_there, package, task, sent, **options)
                running[future] = task, worker
        if running:
            with contextlib.suppress(TimeoutError):
                wait(list(running), timeout=CHECK_EVERY, return_when="FIRST_COMPLETED")
        elif waiting:
            time.sleep(CHECK_EVERY)  # until the first worker is connected


def _result(future: Any, worker: str) -> Draft:
    try:
        draft: Draft = future.result()
    except GradingError:
        raise
    except Exception as error:
        raise ClusterError(
            f"the worker at {worker} can't grade ({error}). Is the same version of "
            "ankeras[grading] installed there?"
        ) from error
    return draft


def _judge_there(package: _LabPackage, task: Task, content: bytes) -> Draft:
    """Judge one submission on this worker. pytest can judge one submission at a time."""
    with _WORKER.lock:
        lab, factory = _WORKER.set_up(package)
        return judge_task(lab, task, factory, content)


class _WorkerState:
    """What a worker keeps from one submission to the next."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stack = contextlib.ExitStack()
        self.known: tuple[Any, ...] = ()
        self.lab: Lab
        self.factory: WorkerFactory

    def set_up(self, package: _LabPackage) -> tuple[Lab, WorkerFactory]:
        """Return the lab and its worker factory. They are made again only if something changed."""
        wanted = (package.name, package.version, package.limits, package.sandboxed)
        if self.known != wanted:
            self.stack.close()
            self.known = ()
            folder = Path(
                self.stack.enter_context(tempfile.TemporaryDirectory(prefix="ankeras-lab-")),
                package.name,
            )
            folder.mkdir()
            if package.sandboxed:
                check_places([folder])
            for name, content in package.files.items():
                (folder / name).write_bytes(content)
            self.lab = read_lab(folder)
            if lab_version(self.lab) != package.version:
                raise ClusterError("a worker of the cluster has another version of ankeras")
            warm = warm_up(package.limits, sandboxed=package.sandboxed)
            self.factory, *_ = self.stack.enter_context(warm)
            self.known = wanted
        return self.lab, self.factory


_WORKER = _WorkerState()
