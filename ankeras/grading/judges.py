"""Judges a class in waves, with several judges on this machine.

Each judge is a process, since pytest can judge one submission at a time. A judge that ends (out of
memory, killed) costs at most the submission that it was judging.
"""

import contextlib
import multiprocessing
import os
import signal
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from ankeras.grading import sandbox
from ankeras.grading.cohort import Entry
from ankeras.grading.errors import GradingError
from ankeras.grading.grade import Draft, begin, judge_wave, waves
from ankeras.grading.lab import Lab, read_lab
from ankeras.grading.remote import SandboxError, WorkerFactory
from ankeras.grading.results import Grade

MAX_LOSSES = 2  # lost judges after which a submission is given up


@dataclass
class Task:
    """A submission that needs a judge.

    Attributes:
        entry: the submission.
        draft: what is known about it; None before its first wave.
    """

    entry: Entry
    draft: Draft | None = None

    def give_up(self, lab: str, possible: float, reason: str) -> Draft:
        """Return the final draft of a submission that no judge can judge.

        Args:
            lab, possible: the name of the lab and its points.
            reason: one sentence.
        """
        if self.draft is not None:
            return self.draft.give_up(reason)
        entry = self.entry
        grade = Grade(entry.student, entry.file.name, lab, [], possible, notes=[*entry.notes])
        return Draft(grade).give_up(reason)


Judge = Callable[[list[Task]], Iterator[Draft]]  # judges each submission in its next wave


def judge_in_waves(lab: Lab, judge: Judge, tasks: Iterable[Task]) -> Iterator[tuple[str, Draft]]:
    """Yield (wave, draft) after each wave of each submission.

    No wave begins before the last one has ended for all submissions: then a worker that holds right
    answers can't help anyone.
    """
    waiting: dict[int, list[Task]] = {}
    for task in tasks:
        wave = 0 if task.draft is None else task.draft.wave
        if wave is not None:
            waiting.setdefault(wave, []).append(task)
    for wave, name in enumerate(waves(lab)):
        entries = {task.entry.student: task.entry for task in waiting.get(wave, [])}
        for draft in judge(waiting.pop(wave, [])):
            yield name, draft
            if draft.wave is not None:
                later = Task(entries[draft.grade.student], draft)
                waiting.setdefault(draft.wave, []).append(later)


def judge_task(lab: Lab, task: Task, factory: WorkerFactory, content: bytes | None = None) -> Draft:
    """Judge a submission in its next wave, in this process, and return its draft.

    Args:
        lab: the lab.
        task: the submission.
        factory: starts the workers.
        content: the bytes of the notebook, if this machine does not have the file.

    Raises:
        GradingError: if no submission can be judged here. Any other error costs only this one.
    """
    entry, draft = task.entry, task.draft
    try:
        if draft is None:
            with _file(entry, content) as file:
                draft = begin(lab, entry.student, file)
            grade = draft.grade
            grade.canvas_id, grade.moodle_id = entry.canvas_id, entry.moodle_id
            grade.notes = [*entry.notes, *grade.notes]
        if draft.wave is not None:
            judge_wave(lab, draft, factory)
    except GradingError:
        raise
    except Exception as error:
        reason = f"its judge failed ({type(error).__name__}: {error}): grade it by hand"
        return task.give_up(lab.name, lab.points, reason)
    return draft


@contextlib.contextmanager
def _file(entry: Entry, content: bytes | None) -> Iterator[Path]:
    if content is None:
        yield entry.file
        return
    with tempfile.TemporaryDirectory(prefix="ankeras-submission-") as folder:
        file = Path(folder, entry.file.name)
        file.write_bytes(content)
        yield file


@contextlib.contextmanager
def local_judges(lab: Lab, factory: WorkerFactory, jobs: int) -> Iterator[Judge]:
    """Start judges on this machine. They end with the body.

    Args:
        lab: the lab.
        factory: starts the workers.
        jobs: the number of judges.

    Yields:
        The function that judges. It yields each draft when it is known. If a judge is lost, its
        submission goes to another one. After two lost judges, the submission gets a `problem`.
    """
    judges: dict[Connection, _Process] = {}

    def judge(tasks: list[Task]) -> Iterator[Draft]:
        waiting, losses = deque(tasks), Counter[str]()
        running: dict[Connection, Task] = {}
        while waiting or running:
            while waiting and len(running) < jobs:
                if len(judges) == len(running):
                    process = _Process(lab, factory)
                    judges[process.connection] = process
                connection = next(c for c in judges if c not in running)
                running[connection] = waiting.popleft()
                judges[connection].submit(running[connection])
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                task = running.pop(ready)
                try:
                    yield judges[ready].result()
                except (EOFError, OSError):
                    judges.pop(ready).end()
                    losses[task.entry.student] += 1
                    if losses[task.entry.student] < MAX_LOSSES:
                        waiting.append(task)
                    else:
                        reason = f"its judge ended {MAX_LOSSES} times: grade it by hand"
                        yield task.give_up(lab.name, lab.points, reason)

    try:
        yield judge
    finally:
        for process in judges.values():
            process.end()


class _Process:
    """The process of one judge."""

    def __init__(self, lab: Lab, factory: WorkerFactory) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, its_end = context.Pipe()
        arguments = (its_end, os.getpid(), lab.folder, factory.address, factory.limits)
        self.process = context.Process(target=_serve, args=arguments, daemon=True)
        self.process.start()
        its_end.close()

    def submit(self, task: Task) -> None:
        """Send a submission. If the judge has ended, `result` finds out."""
        with contextlib.suppress(OSError):
            self.connection.send(task)

    def result(self) -> Draft:
        """Return the draft of the submission that was sent.

        Raises:
            EOFError, OSError: if the judge has ended.
            GradingError: if no submission can be judged.
        """
        answer: Any = self.connection.recv()
        if isinstance(answer, str):
            raise SandboxError(answer)
        assert isinstance(answer, Draft)
        return answer

    def end(self) -> None:
        """End the process; it may be waiting for a worker."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def _serve(
    connection: Connection, grader: int, folder: Path, address: Path, limits: sandbox.Limits
) -> None:
    """Judge the submissions that arrive, until the process is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for judges handles Ctrl-C
    sandbox.end_with_parent(grader)
    lab, factory = read_lab(folder), WorkerFactory(address, limits)
    while True:
        task = connection.recv()
        try:
            connection.send(judge_task(lab, task, factory))
        except GradingError as error:
            connection.send(str(error))
