"""Grades one submission: the tests run in this process, the submission's code in confined workers.

A submission is judged in waves. In the first two waves it runs with its own answers only: first the
public tests, whose messages the student reads, then the hidden tests in another worker. Then there
is one wave for each later exercise: a test that failed runs again in a new worker, with the lab's
right answers to earlier exercises. So a mistake costs points only once.

No wave begins before the last one has ended for the whole class (see `judges.py`). So nobody can
gain by the right answers that a worker holds: those exercises are judged for everyone. No text of a
wave that follows the public tests is shown to a student.
"""

import contextlib
import dataclasses
import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ankeras import __version__
from ankeras.grading.lab import HIDDEN, PUBLIC, SOLUTION, Lab
from ankeras.grading.plugin import Grading, OpenExercise, judge
from ankeras.grading.prove import test_files
from ankeras.grading.remote import (
    ENDED,
    RemoteSession,
    SandboxError,
    Worker,
    WorkerFactory,
    check_layers,
    too_long,
)
from ankeras.grading.results import ExerciseResult, Grade, TestResult
from ankeras.grading.session import StudentError
from ankeras.grading.submission import Submission, SubmissionError, read_submission

import numpy as np
import pytest

MAX_KEPT = 100_000  # characters of an answer that are stored
# If an earlier exercise is wrong, an exercise may take this part of its time with the student's own
# earlier answers. The rest is kept for the run with right ones.
OWN_SHARE = 0.25


def lab_files(lab: Lab) -> list[Path]:
    """Return the files of a lab that grading needs."""
    return [lab.folder / SOLUTION, *test_files(lab.folder)]


def lab_version(lab: Lab) -> str:
    """Return a hash of the version of ankeras and of the files that grading needs."""
    digest = hashlib.sha256(__version__.encode())
    for file in lab_files(lab):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def waves(lab: Lab) -> list[str]:
    """Return the waves in their order: the files of tests, then the exercises after the first."""
    return [*(file.name for file in test_files(lab.folder)), *list(lab.exercises)[1:]]


@dataclass
class Draft:
    """What is known about a submission between two waves.

    Attributes:
        grade: the grade so far.
        submission: the student's answers; None if they could not be read.
        wave: the index of the next wave that this submission needs; None if the grade is final.
        seconds: exercise number -> how long its tests have taken so far.
        ended: the exercises whose cell ended its process, or took too long. Later exercises are run
            without these cells.
        lost: whether the judge failed, and not the submission.
    """

    grade: Grade
    submission: Submission | None = None
    wave: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    lost: bool = False

    def give_up(self, reason: str) -> "Draft":
        """Make this the final grade, since no judge can go on, and return it."""
        self.grade.problem, self.wave, self.lost = reason, None, True
        return self

    def as_data(self) -> dict[str, Any]:
        """Return the draft as data that can be written as JSON."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_data(data: dict[str, Any]) -> "Draft":
        """Return the draft from which `as_data` made the data."""
        submission = data["submission"] and Submission(**data["submission"])
        return Draft(**{**data, "grade": Grade.from_data(data["grade"]), "submission": submission})

    def answer(self, number: str) -> str:
        """Return the source of the cell of an exercise; "" if there is none."""
        return self.submission.answers.get(number, "") if self.submission else ""


def grade_file(
    lab: Lab, student: str, file: Path, factory: WorkerFactory, seed: int | None = None
) -> Grade:
    """Grade the notebook of one student in all waves, and return the grade.

    Args:
        lab: the lab of the notebook.
        student: the id of the student.
        file: the notebook.
        factory: starts the workers.
        seed: the seed of the inputs that the tests draw. Default: a random one.

    Returns:
        The grade. It has a `problem` if the file can't be read.

    Raises:
        SandboxError: if no worker starts, or a layer of its sandbox is missing. This is not the
            student's fault.
    """
    draft = begin(lab, student, file, seed)
    while draft.wave is not None:
        judge_wave(lab, draft, factory)
    return draft.grade


def begin(lab: Lab, student: str, file: Path, seed: int | None = None) -> Draft:
    """Read the notebook of one student, and return the draft before the first wave.

    Args:
        lab, student, file, seed: as in `grade_file`.
    """
    drawn = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
    grade = Grade(student, file.name, lab.name, [], lab.points, seed=drawn)
    try:
        submission = read_submission(file, lab.exercises)
    except SubmissionError as error:
        grade.problem = str(error)
        return Draft(grade)
    grade.answers = {n: source[:MAX_KEPT] for n, source in submission.answers.items()}
    grade.notes = [
        *submission.notes,
        *(
            f"exercise {n} has {len(source)} characters: only {MAX_KEPT} are stored and compared"
            for n, source in submission.answers.items()
            if len(source) > MAX_KEPT
        ),
    ]
    grade.exercises = [ExerciseResult(number) for number in lab.exercises]
    return Draft(grade, submission, wave=0)


def judge_wave(lab: Lab, draft: Draft, factory: WorkerFactory) -> None:
    """Judge a submission in its next wave, and find out which wave it needs after it.

    Args:
        lab: the lab.
        draft: the submission. It is changed.
        factory: starts the workers.

    Raises:
        SandboxError: as in `grade_file`.
    """
    assert draft.wave is not None
    started = time.monotonic()
    names = waves(lab)
    name = names[draft.wave]
    if name in (PUBLIC, HIDDEN):
        _run_own(lab, draft, lab.folder / name, factory)
    else:
        _run_again(lab, draft, name, factory)
    draft.grade.seconds += time.monotonic() - started
    draft.wave = next(
        (
            index
            for index in range(draft.wave + 1, len(names))
            if names[index] == HIDDEN or _may_gain(lab, draft, names[index], factory)
        ),
        None,
    )
    possible = sum(exercise.possible for exercise in draft.grade.exercises)
    if draft.wave is None and abs(possible - lab.points) > 1e-6:
        draft.grade.problem = "not all tests were run, or their points do not add up: check the lab"


def _run_own(lab: Lab, draft: Draft, tests: Path, factory: WorkerFactory) -> None:
    """Run a file of tests on all exercises, with the student's own earlier answers."""
    run = _Run(lab, draft, factory, {})
    found = run.judge(tests)
    hidden = tests.name == HIDDEN
    if not hidden:  # a student reads the notes
        draft.grade.notes += [f"exercise {e.number}: {note}" for e in found for note in e.notes]
    for number, code in run.taken.items():  # a copy must be found there, too
        parts = dict.fromkeys([draft.grade.answers.get(number, ""), *code.values()])
        draft.grade.answers |= {number: "\n\n".join(parts)[:MAX_KEPT]} if code else {}
    for exercise in draft.grade.exercises:
        own = [
            test for result in found if result.number == exercise.number for test in result.tests
        ]
        exercise.tests += own
        if _has_ended(own):
            notes = draft.grade.remarks if hidden else draft.grade.notes
            which = f"the hidden tests of exercise {exercise.number}" if hidden else ""
            notes.append(f"{which or f'exercise {exercise.number}'}: the process ended")


def _run_again(lab: Lab, draft: Draft, number: str, factory: WorkerFactory) -> None:
    """Run the failed tests of an exercise again, with right answers to earlier exercises.

    First only the answers that are not fully right are replaced. If this does not help, all are: an
    earlier answer may be right and still have changed the process (patched functions, warnings as
    errors), and this must not cost points in a later exercise.
    """
    exercises = {exercise.number: exercise for exercise in draft.grade.exercises}
    exercise = exercises[number]
    earlier = list(lab.exercises)[: list(lab.exercises).index(number)]
    wrong = [n for n in earlier if not exercises[n].right]
    for replaced in (wrong, earlier) if 0 < len(wrong) < len(earlier) else (earlier,):
        right = {n: lab.exercises[n].source for n in replaced}
        for tests in test_files(lab.folder):
            failed = {
                test.name: test
                for test in exercise.tests
                if not test.passed and test.hidden == (tests.name == HIDDEN)
            }
            if failed and _may_gain(lab, draft, number, factory):
                exercise.replaced = list(replaced)
                again = _Run(lab, draft, factory, right, number).judge(tests)
                _keep_the_better(failed, [test for result in again for test in result.tests])
                if any(_has_ended(result.tests) for result in again):
                    said = f"exercise {number} after right answers: the process ended"
                    draft.grade.remarks += [said] * (said not in draft.grade.remarks)


def _keep_the_better(failed: dict[str, TestResult], again: list[TestResult]) -> None:
    for test in again:
        if test.name in failed:
            if test.passed:
                vars(failed[test.name]).update(vars(test))
            else:
                failed[test.name].again = test.message


def _has_ended(tests: list[TestResult]) -> bool:
    return any(test.message.startswith(ENDED) for test in tests)


def _may_gain(lab: Lab, draft: Draft, number: str, factory: WorkerFactory) -> bool:
    """Whether right answers to earlier exercises may give points to this one."""
    (exercise,) = (exercise for exercise in draft.grade.exercises if exercise.number == number)
    return (
        not exercise.right
        and not any(test.message.startswith("The cell of exercise") for test in exercise.tests)
        and not _is_stub(lab, draft, number)
        and draft.seconds.get(number, 0.0) < factory.limits.seconds
    )


def _is_stub(lab: Lab, draft: Draft, number: str) -> bool:
    """Whether an answer is the cell that students were given, below any first line.

    It needs no worker to fail.
    """
    texts = draft.answer(number), lab.exercises[number].stub
    answer, stub = (text.strip().partition("\n")[2].strip() for text in texts)
    return answer == stub


class _InOrder(Grading):
    """Runs the tests in the order of the exercises.

    A worker runs the exercises of a submission one after the other, as its notebook does.

    Args:
        lab: the lab, which gives the order.
        open_exercise, only, seed: as in `Grading`.
    """

    def __init__(
        self, lab: Lab, open_exercise: OpenExercise, seed: int, only: str | None = None
    ) -> None:
        super().__init__(open_exercise, only, seed)
        self.order = list(lab.exercises)

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Sort the tests by the exercises of the lab."""
        super().pytest_collection_modifyitems(config, items)
        items.sort(key=self._place)

    def _place(self, item: pytest.Item) -> int:
        mark = item.get_closest_marker("exercise")
        return self.order.index(mark.args[0]) if mark else len(self.order)


class _Run:
    """Runs a file of tests on a submission in a new worker, and in the next if that one has ended.

    Args:
        lab: the lab.
        draft: the submission.
        factory: starts the workers.
        right: exercise number -> the right answer that is used instead of the student's.
        only: the number of the only exercise to judge. Default: all exercises.
    """

    def __init__(
        self,
        lab: Lab,
        draft: Draft,
        factory: WorkerFactory,
        right: dict[str, str],
        only: str | None = None,
    ) -> None:
        self.lab = lab
        self.draft = draft
        self.factory = factory
        self.right = right
        self.worker: Worker | None = None
        self.sessions: dict[str, RemoteSession] = {}
        self.taken: dict[str, dict[str, str]] = {}  # exercise -> what it uses of other cells
        self.trouble: SandboxError | None = None
        self.grading = _InOrder(lab, self.open, draft.grade.seed, only)

    def judge(self, tests: Path) -> list[ExerciseResult]:
        """Run the tests, and return the results of each exercise."""
        try:
            found = judge([tests], self.grading)
            self.taken = {e.number: self.grading.taken(e.number) for e in found}
        finally:
            self.close()
            for number, session in self.sessions.items():
                self.draft.seconds[number] = session.allowed - session.seconds
        if self.trouble is not None:  # pytest has counted it as a wrong answer
            raise self.trouble
        return found

    def open(self, folder: Path, number: str) -> RemoteSession:
        """Run the cell of an exercise, after the cells that it may use."""
        assert self.draft.submission is not None
        answer = self.draft.answer(number)
        if answer and _is_stub(self.lab, self.draft, number):
            raise _not_done(answer)
        allowed, used = self._allowed(number), self.draft.seconds.get(number, 0.0)
        if used >= allowed:
            raise too_long(allowed)
        session = self.sessions[number] = self._connect().session(allowed, used)
        session.open()  # `sessions` has it by now: the time counts even if this takes too long
        self._run_earlier(session, number)
        alive = session.worker.failure is None
        try:
            session.run_answer(*self.draft.submission.answer(number))
        finally:
            if alive and session.worker.failure is not None:
                self.draft.ended.append(number)
        return session

    def _allowed(self, number: str) -> float:
        """Return how many seconds all runs of an exercise may take until the end of this one."""
        seconds = self.factory.limits.seconds
        earlier = list(self.lab.exercises)[: list(self.lab.exercises).index(number)]
        known = [*self.grading.exercises(), *self.draft.grade.exercises]
        is_wrong = any(not exercise.right for exercise in known if exercise.number in earlier)
        return seconds * OWN_SHARE if is_wrong and not self.right else seconds

    def _run_earlier(self, session: RemoteSession, number: str) -> None:
        """Run the given cells, and the answers to the exercises before this one."""
        assert self.draft.submission is not None
        for i, cell in enumerate(self.lab.cells):
            if cell.exercise is None:
                if cell.given:
                    session.define(cell.source, f"<given {i}>")
                continue
            earlier = cell.exercise.number
            if earlier == number:
                return
            if earlier in self.right:
                session.define(self.right[earlier], f"<answer {earlier}>")
            elif earlier not in self.draft.ended:
                with contextlib.suppress(StudentError):  # as in a notebook, later cells still run
                    session.run_answer(*self.draft.submission.answer(earlier))

    def _connect(self) -> Worker:
        """Return the worker, or a new one if it has ended."""
        if self.worker is None or self.worker.failure is not None:
            self.close()
            try:
                self.worker = self.factory.connect()
                if self.worker.standing:  # a layer may fail later than in the first test
                    check_layers(self.worker.standing)
            except SandboxError as error:
                self.trouble = error
                raise
            self.draft.grade.sandbox = ", ".join(self.worker.standing)
        return self.worker

    def close(self) -> None:
        """End the worker."""
        if self.worker is not None:
            self.worker.close()
            self.worker = None


def _not_done(stub: str) -> StudentError:
    """Return the error that the cell raises that students were given."""
    lines = stub.splitlines()
    number = next(i for i, line in enumerate(lines) if "raise NotImplementedError" in line)
    return StudentError("NotImplementedError", "", number + 1, lines[number].strip())
