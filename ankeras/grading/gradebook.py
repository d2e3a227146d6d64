"""Grades a class: every submission once, in parallel. Each grade is saved as soon as it is known.

The grades are in `grades.sqlite` in the output folder. A grader that is started again continues
where the last one stopped: a submission with the same content, lab and limits is not graded again.
"""

import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType

from ankeras.grading import exports, report, sandbox
from ankeras.grading.cluster import Judge, cluster_judges
from ankeras.grading.cohort import LATE, Cohort, Entry, find_submissions
from ankeras.grading.files import write_text
from ankeras.grading.grade import grade_file, lab_version
from ankeras.grading.lab import Lab, read_lab
from ankeras.grading.remote import WorkerFactory, warm_up
from ankeras.grading.results import Grade
from ankeras.grading.sandbox import Limits
from ankeras.grading.similarity import similar_answers
from ankeras.grading.store import Store, key
from ankeras.grading.submission import content

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

STORE = "grades.sqlite"


@dataclass(frozen=True)
class GradingRun:
    """The input and the options of one run of the grader.

    Attributes:
        lab: the lab of the submissions.
        submissions: a folder, or a .zip file.
        out: the folder for grades and pages.
        jobs: how many submissions are graded at the same time.
        limits: what each submission may use.
        sandboxed: False: run submissions with the rights of the user who grades.
        scheduler: the address of a Dask cluster. None: grade on this machine.
        pattern, roster: see `find_submissions`.
        deadline: submissions that were saved later are marked as late.
    """

    lab: Lab
    submissions: Path
    out: Path
    jobs: int
    limits: Limits = field(default_factory=Limits)
    sandboxed: bool = True
    scheduler: str | None = None
    pattern: str | None = None
    roster: Path | None = None
    deadline: datetime | None = None


def grade_class(run: GradingRun) -> Path:
    """Grade a class, write all grades and pages, and return the path of the page of the class.

    Ctrl-C stops the grading within seconds. The grades that exist then are saved and written.

    Raises:
        SandboxError: if this machine can't isolate submissions.
        StoreError: if the file of grades can't be used.
        ValueError, OSError: if the submissions can't be read.
    """
    console = Console()
    run.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="ankeras-submissions-") as scratch,
        Store(run.out / STORE) as store,
    ):
        cohort = find_submissions(
            run.submissions,
            pattern=run.pattern,
            roster=run.roster,
            unpack_into=Path(scratch),
            lab=run.lab.name,
        )
        for problem in cohort.problems:
            console.print(f"note: {problem}", markup=False, highlight=False)
        keys = {entry.student: _key(run, entry) for entry in cohort.entries}
        todo = [e for e in cohort.entries if store.find(e.student, keys[e.student]) is None]
        known = len(cohort.entries) - len(todo)
        console.print(f"{len(cohort.entries)} submissions, {known} of them graded before")
        try:
            if todo:
                _grade(run, todo, lambda grade: store.save(keys[grade.student], grade), console)
        finally:
            page = _write(run, cohort, store)
    return page


def grade_for_gradescope(run: GradingRun) -> Path:
    """Grade one notebook, `run.submissions`, and return the path of Gradescope's results.json.

    Raises:
        SandboxError: if this machine can't isolate submissions.
    """
    run.out.mkdir(parents=True, exist_ok=True)
    with _worker_factory(run, Console(stderr=True)) as factory:
        grade = grade_file(run.lab, run.submissions.stem, run.submissions, factory)
    file = run.out / "results.json"
    write_text(file, json.dumps(exports.gradescope_results(grade, {}, late=False), indent=1) + "\n")
    return file


def override(out: Path, lab: Lab, student: str, exercise: str, points: float, reason: str) -> Path:
    """Change a grade by hand, write all grades and pages again, and return the page of the class.

    Args:
        out: the folder of the grades.
        lab: the lab of the grades.
        student: the id of the student.
        exercise: the number of the exercise; "" for the total.
        points: the points that count from now on.
        reason: why, for the student and the teacher.

    Raises:
        StoreError, ValueError: if there is no such grade, or the points are out of range.
    """
    with Store(out / STORE) as store:
        store.override(student, exercise, points, reason)
        return _write_all(out, lab, store, [], set())


def _key(run: GradingRun, entry: Entry) -> str:
    sandbox_used = "sandbox" if run.sandboxed else "no sandbox"
    return key(content(entry.file), lab_version(run.lab), f"{run.limits}, {sandbox_used}")


def _grade(
    run: GradingRun, entries: list[Entry], save: Callable[[Grade], None], console: Console
) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    counts = {"full points": 0, "less": 0, "unreadable": 0}
    if run.scheduler is None:
        judges = _judges(run, console)
    else:
        judges = cluster_judges(run.scheduler, run.lab, run.limits, run.sandboxed)
    with (
        _interrupts() as raise_lost_interrupt,
        judges as judge,
        Progress(*columns, console=console, transient=False) as progress,
    ):
        bar = progress.add_task("grading", total=len(entries), counts="")
        for grade in judge(entries):
            save(grade)
            raise_lost_interrupt()
            full = "full points" if grade.points == grade.possible else "less"
            counts["unreadable" if grade.problem else full] += 1
            shown = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
            progress.update(bar, advance=1, counts=shown)


@contextlib.contextmanager
def _interrupts() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if Ctrl-C was pressed and Python lost it.

    Python ignores exceptions in the functions that run before and after each fork.
    """
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.default_int_handler(number, frame)

    def raise_lost_interrupt() -> None:
        if pressed:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # Ctrl-C never arrives here
        yield raise_lost_interrupt
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield raise_lost_interrupt
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _worker_factory(run: GradingRun, console: Console) -> Iterator[WorkerFactory]:
    """Start the process that forks workers, and print the sandbox and the limits."""
    with warm_up(run.limits, sandboxed=run.sandboxed) as (factory, standing, trouble):
        if trouble:
            console.print(f"note: {trouble}", markup=False, highlight=False)
        layers = ", ".join(name for name in sandbox.LAYERS if name in standing) or "none"
        console.print(f"sandbox: {layers}\nlimits: {run.limits}", highlight=False)
        yield factory


@contextlib.contextmanager
def _judges(run: GradingRun, console: Console) -> Iterator[Judge]:
    """Start the judges. Each is a process, since pytest can judge one submission at a time."""
    with _worker_factory(run, console) as factory:
        context = multiprocessing.get_context("fork")
        arguments = (os.getpid(), run.lab.folder, factory.address, factory.limits)
        pool = concurrent.futures.ProcessPoolExecutor(run.jobs, context, _start_judge, arguments)

        def judge(entries: list[Entry]) -> Iterator[Grade]:
            futures = [pool.submit(_judge, entry) for entry in entries]
            for future in concurrent.futures.as_completed(futures):
                yield future.result()

        try:
            yield judge
        finally:
            judges = list(pool._processes.values())  # it has no public name; a judge may wait long
            pool.shutdown(wait=False, cancel_futures=True)
            for process in judges:
                process.kill()


def _start_judge(grader: int, folder: Path, address: Path, limits: Limits) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for judges handles Ctrl-C
    sandbox.end_with_parent(grader)
    _JUDGE.lab, _JUDGE.factory = read_lab(folder), WorkerFactory(address, limits)


def _judge(entry: Entry) -> Grade:
    grade = grade_file(_JUDGE.lab, entry.student, entry.file, _JUDGE.factory)
    grade.notes = [*entry.notes, *grade.notes]
    return grade


class _JudgeState:
    """What the process of a judge needs for every submission."""

    lab: Lab
    factory: WorkerFactory


_JUDGE = _JudgeState()


def _write(run: GradingRun, cohort: Cohort, store: Store) -> Path:
    late = {entry.student for entry in cohort.entries if _is_late(entry, run.deadline)}
    return _write_all(run.out, run.lab, store, cohort.problems, late)


def _write_all(out: Path, lab: Lab, store: Store, problems: list[str], late: set[str]) -> Path:
    grades, overrides = store.grades(), store.overrides()
    exports.write_csv(out / "grades.csv", grades, overrides, late)
    exports.write_json(out / "grades.json", grades, overrides, late)
    exports.write_junit(out / "grades.xml", grades, overrides, late)
    exports.write_canvas(out / "canvas.csv", grades, overrides, lab.title)
    exports.write_moodle(out / "moodle.csv", grades, overrides)
    stubs = {number: exercise.stub for number, exercise in lab.exercises.items()}
    pairs = similar_answers(grades, stubs=stubs)
    return report.write_report(out, lab.title, grades, problems, overrides, pairs, late)


def _is_late(entry: Entry, deadline: datetime | None) -> bool:
    if LATE in entry.notes:
        return True
    saved = os.stat(entry.file).st_mtime
    return deadline is not None and saved > deadline.timestamp()
