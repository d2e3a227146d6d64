"""Grades a class: every submission once, in parallel. Each grade is saved as soon as it is known.

The grades are in `grades.sqlite` in the output folder. A grader that is started again continues
where the last one stopped: a submission with the same content, lab and limits is not graded again.
"""

import contextlib
import json
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType

from ankeras.grading import exports, report, sandbox
from ankeras.grading.cluster import cluster_judges
from ankeras.grading.cohort import Cohort, Entry, find_submissions
from ankeras.grading.files import full_disk_named, write_text
from ankeras.grading.grade import Draft, grade_file, lab_files, lab_version
from ankeras.grading.judges import Judge, Task, judge_in_waves, local_judges
from ankeras.grading.lab import HIDDEN, PUBLIC, Lab
from ankeras.grading.remote import WorkerFactory, check_places, warm_up
from ankeras.grading.sandbox import Limits
from ankeras.grading.similarity import similar_answers
from ankeras.grading.store import Store, StoreError, key
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
        SandboxError: if this machine can't isolate submissions, or if they could read the lab, the
            submissions or the grades.
        StoreError: if the file of grades can't be used.
        ValueError, OSError: if the submissions can't be read.
    """
    console = Console()
    with tempfile.TemporaryDirectory(prefix="ankeras-submissions-") as scratch:
        _check_places(run, Path(scratch))
        with full_disk_named(Path(scratch)):
            cohort = find_submissions(
                run.submissions,
                pattern=run.pattern,
                roster=run.roster,
                unpack_into=Path(scratch),
                lab=run.lab.name,
            )
        keys = _keys(run, cohort)
        with full_disk_named(run.out):
            run.out.mkdir(parents=True, exist_ok=True)
        with Store(run.out / STORE, run.lab.name) as store:
            for problem in cohort.problems:
                console.print(f"note: {problem}", markup=False, highlight=False)
            todo = [e for e in cohort.entries if store.find(e.student, keys[e.student]) is None]
            known = len(cohort.entries) - len(todo)
            console.print(f"{len(cohort.entries)} submissions, {known} of them graded before")
            late = {e.student: why for e in cohort.entries if (why := e.late(run.deadline))}
            store.save_run({"late": late, "problems": cohort.problems})
            try:
                if todo:
                    _grade(run, todo, keys, store, console)
            finally:
                page = _write(run.out, run.lab, store)
    return page


def grade_for_gradescope(run: GradingRun) -> Path:
    """Grade one notebook, `run.submissions`, and return the path of Gradescope's results.json.

    Raises:
        SandboxError: as in `grade_class`.
    """
    _check_places(run)
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
    if not (out / STORE).is_file():
        raise StoreError(f"There are no grades in {out}: it has no file {STORE}.")
    with Store(out / STORE, lab.name) as store:
        store.override(student, exercise, points, reason)
        return _write(out, lab, store)


def _check_places(run: GradingRun, *others: Path) -> None:
    """Raise a SandboxError if submissions could read what is secret."""
    if run.sandboxed:
        places = (run.lab.folder, *lab_files(run.lab), run.submissions, run.out, *others)
        check_places(places)


def _keys(run: GradingRun, cohort: Cohort) -> dict[str, str]:
    """Return student -> key. A file that has vanished is moved from the entries to the problems."""
    lab, sandbox_used = lab_version(run.lab), "sandbox" if run.sandboxed else "no sandbox"
    keys = {}
    for entry in list(cohort.entries):
        try:
            handed_in = content(entry.file)
        except OSError as error:
            cohort.entries.remove(entry)
            said = f"The file of {entry.student} cannot be read any more ({error.strerror}); "
            cohort.problems.append(f"{said}it is not graded.")
            continue
        keys[entry.student] = key(handed_in, lab, f"{run.limits}, {sandbox_used}")
    return keys


def _grade(
    run: GradingRun,
    entries: list[Entry],
    keys: Mapping[str, str],
    store: Store,
    console: Console,
) -> None:
    """Judge the submissions that have no grade yet, and save each draft and each grade."""
    files = {entry.student: entry.file for entry in entries}
    tasks = []
    for entry in entries:
        draft = None
        if data := store.draft(entry.student, keys[entry.student]):
            with contextlib.suppress(TypeError, KeyError):  # of another version: judge it again
                draft = Draft.from_data(data)
        tasks.append(Task(entry, draft))
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
        for wave, draft in judge_in_waves(run.lab, judge, tasks):
            grade = draft.grade
            student = grade.student
            if draft.wave is not None:
                store.save_draft(student, keys[student], draft.as_data())
            else:
                # What failed without the student's fault is graded again by the next command.
                again = draft.lost or not files[student].exists()
                store.save("" if again else keys[student], grade)
                full = "full points" if grade.points == grade.possible else "less"
                counts["unreadable" if grade.problem else full] += 1
                progress.advance(bar)
            raise_lost_interrupt()
            shown = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
            progress.update(bar, description=_named(wave), counts=shown)


def _named(wave: str) -> str:
    names = {PUBLIC: "public tests", HIDDEN: "hidden tests"}
    return names.get(wave, f"exercise {wave} with right answers")


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
    """Start the judges of this machine."""
    with (
        _worker_factory(run, console) as factory,
        local_judges(run.lab, factory, run.jobs) as judge,
    ):
        yield judge


def _write(out: Path, lab: Lab, store: Store) -> Path:
    """Write all grades and pages, with what the latest run found out about the class."""
    grades, overrides, run = store.grades(), store.overrides(), store.latest_run()
    late, problems = run.get("late", {}), run.get("problems", [])
    exports.write_csv(out / "grades.csv", grades, overrides, late)
    exports.write_json(out / "grades.json", grades, overrides, late)
    exports.write_junit(out / "grades.xml", grades, overrides, late)
    exports.write_canvas(out / "canvas.csv", grades, overrides, lab.title)
    exports.write_moodle(out / "moodle.csv", grades, overrides)
    stubs = {number: exercise.stub for number, exercise in lab.exercises.items()}
    pairs = similar_answers(grades, stubs=stubs)
    return report.write_report(out, lab.title, grades, problems, overrides, pairs, late)
