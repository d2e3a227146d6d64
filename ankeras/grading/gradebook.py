"""Grading a class: every submission judged once, in parallel, and kept the moment it is done.

`grades.sqlite` in the output folder is the memory: whoever starts the grader again goes on where it
was, and what was graded with the same content, lab and limits is not graded again.
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
from ankeras.grading.remote import Door, warm_up
from ankeras.grading.results import Grade
from ankeras.grading.sandbox import Limits
from ankeras.grading.similarity import similar_answers
from ankeras.grading.store import Store, key
from ankeras.grading.submission import content

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

STORE = "grades.sqlite"


@dataclass(frozen=True)
class Order:
    """What is to be graded.

    Attributes:
        lab: that it is for.
        submissions: a folder, or a .zip file.
        out: the folder for everything that comes out.
        jobs: submissions judged at a time.
        limits: of each submission.
        sandboxed: False: run submissions with the grader's own rights.
        scheduler: address of a Dask cluster that does the work instead of this machine.
        pattern, roster: see `find_submissions`.
        deadline: work that was saved later is marked late.
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


def grade_class(order: Order) -> Path:
    """Grade a class and write grades, feedback and overview; return the overview page.

    Ctrl-C ends it within seconds; what is done is kept and written.

    Raises:
        SandboxError: if this machine can't isolate submissions.
        StoreError: if the file of grades can't be used.
        ValueError, OSError: if the submissions can't be read.
    """
    console = Console()
    order.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="ankeras-submissions-") as scratch,
        Store(order.out / STORE) as store,
    ):
        cohort = find_submissions(
            order.submissions,
            pattern=order.pattern,
            roster=order.roster,
            unpack_into=Path(scratch),
            lab=order.lab.name,
        )
        for problem in cohort.problems:
            console.print(f"note: {problem}", markup=False, highlight=False)
        keys = {entry.student: _key(order, entry) for entry in cohort.entries}
        todo = [e for e in cohort.entries if store.find(e.student, keys[e.student]) is None]
        known = len(cohort.entries) - len(todo)
        console.print(f"{len(cohort.entries)} submissions, {known} of them graded before")
        try:
            if todo:
                _grade(order, todo, lambda grade: store.save(keys[grade.student], grade), console)
        finally:
            page = _write(order, cohort, store)
    return page


def grade_for_gradescope(order: Order) -> Path:
    """Grade one notebook, `order.submissions`, and write what Gradescope reads.

    Raises:
        SandboxError: if this machine can't isolate it.
    """
    order.out.mkdir(parents=True, exist_ok=True)
    with _door(order, Console(stderr=True)) as door:
        grade = grade_file(order.lab, order.submissions.stem, order.submissions, door)
    file = order.out / "results.json"
    write_text(file, json.dumps(exports.gradescope_results(grade, {}, late=False), indent=1) + "\n")
    return file


def override(out: Path, lab: Lab, student: str, exercise: str, points: float, reason: str) -> Path:
    """Change a grade by hand, and write grades and pages anew; return the overview page.

    Args:
        out: the folder of the grades.
        lab: that they are for.
        student: the id.
        exercise: its number; "" for the total.
        points: that count from now on.
        reason: kept beside the automatic points.

    Raises:
        StoreError, ValueError: if there is no such grade, or the points are out of range.
    """
    with Store(out / STORE) as store:
        store.override(student, exercise, points, reason)
        return _write_all(out, lab, store, [], set())


def _key(order: Order, entry: Entry) -> str:
    walls = "sandbox" if order.sandboxed else "no sandbox"
    return key(content(entry.file), lab_version(order.lab), f"{order.limits}, {walls}")


def _grade(
    order: Order, entries: list[Entry], save: Callable[[Grade], None], console: Console
) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    counts = {"full points": 0, "less": 0, "unreadable": 0}
    if order.scheduler is None:
        judges = _judges(order, console)
    else:
        judges = cluster_judges(order.scheduler, order.lab, order.limits, order.sandboxed)
    with (
        _heard_interrupts() as raise_lost_interrupt,
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
def _heard_interrupts() -> Iterator[Callable[[], None]]:
    """Yield what raises KeyboardInterrupt if Ctrl-C was pressed where Python drops exceptions.

    It does so in what runs before and after each fork.
    """
    pressed = False

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.default_int_handler(number, frame)

    def raise_lost_interrupt() -> None:
        if pressed:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # where Ctrl-C never arrives
        yield raise_lost_interrupt
        return
    before = signal.signal(signal.SIGINT, hear)
    try:
        yield raise_lost_interrupt
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _door(order: Order, console: Console) -> Iterator[Door]:
    """Start what forks workers, and say what holds them."""
    with warm_up(order.limits, sandboxed=order.sandboxed) as (door, standing, trouble):
        if trouble:
            console.print(f"note: {trouble}", markup=False, highlight=False)
        walls = ", ".join(name for name in sandbox.LAYERS if name in standing) or "none"
        console.print(f"sandbox: {walls}\nlimits: {order.limits}", highlight=False)
        yield door


@contextlib.contextmanager
def _judges(order: Order, console: Console) -> Iterator[Judge]:
    """Start judges, each a process of its own; pytest judges one submission at a time."""
    with _door(order, console) as door:
        context = multiprocessing.get_context("fork")
        arguments = (os.getpid(), order.lab.folder, door.address, door.limits)
        pool = concurrent.futures.ProcessPoolExecutor(order.jobs, context, _start_judge, arguments)

        def judge(entries: list[Entry]) -> Iterator[Grade]:
            futures = [pool.submit(_judge, entry) for entry in entries]
            for future in concurrent.futures.as_completed(futures):
                yield future.result()

        try:
            yield judge
        finally:
            judges = list(pool._processes.values())  # no public name; a judge may wait for long
            pool.shutdown(wait=False, cancel_futures=True)
            for process in judges:
                process.kill()


def _start_judge(grader: int, folder: Path, address: Path, limits: Limits) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits for the judges
    sandbox.die_with(grader)
    _BENCH.lab, _BENCH.door = read_lab(folder), Door(address, limits)


def _judge(entry: Entry) -> Grade:
    grade = grade_file(_BENCH.lab, entry.student, entry.file, _BENCH.door)
    grade.notes = [*entry.notes, *grade.notes]
    return grade


class _Bench:
    """What a judge's process keeps from one submission to the next."""

    lab: Lab
    door: Door


_BENCH = _Bench()


def _write(order: Order, cohort: Cohort, store: Store) -> Path:
    late = {entry.student for entry in cohort.entries if _is_late(entry, order.deadline)}
    return _write_all(order.out, order.lab, store, cohort.problems, late)


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
