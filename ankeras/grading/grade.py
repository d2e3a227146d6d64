"""Grading one submission: the judge's tests here, the submission's code in confined workers.

The public tests are run first, the hidden ones in a second worker: what a hidden test says about
itself never reaches a process whose messages the student will read.
"""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import ankeras
from ankeras.grading.lab import SOLUTION, Lab
from ankeras.grading.plugin import Grading, OpenExercise, judge
from ankeras.grading.prove import test_files
from ankeras.grading.remote import ENDED, Door, RemoteSession, SandboxError, Worker, require
from ankeras.grading.results import ExerciseResult, Grade
from ankeras.grading.session import NOT_DONE
from ankeras.grading.submission import Submission, SubmissionError, read_submission

import numpy as np
import pytest

MAX_KEPT = 100_000  # characters of an answer


def lab_files(lab: Lab) -> list[Path]:
    """Return the files that grading needs."""
    return [lab.folder / SOLUTION, *test_files(lab.folder)]


def lab_version(lab: Lab) -> str:
    """Return what changes whenever the lab's grading could: a hash of its files."""
    digest = hashlib.sha256(ankeras.__version__.encode())
    for file in lab_files(lab):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def grade_file(lab: Lab, student: str, file: Path, door: Door, seed: int | None = None) -> Grade:
    """Grade what a student handed in.

    Args:
        lab: that it is for.
        student: the id.
        file: the notebook.
        door: where workers are to be had.
        seed: of the inputs that the tests draw. Default: nobody knows it beforehand.

    Returns:
        The grade; with a `problem`, if the file can't be read.

    Raises:
        SandboxError: if no worker is to be had, or one with a layer missing; that is not the
            student's fault.
    """
    drawn = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
    grade = Grade(student, file.name, lab.name, [], lab.points, seed=drawn)
    started = time.monotonic()
    try:
        submission = read_submission(file, lab.exercises)
    except SubmissionError as error:
        grade.problem = str(error)
        return grade
    grade.answers = {n: source[:MAX_KEPT] for n, source in submission.answers.items()}
    grade.notes = [
        *submission.notes,
        *(
            f"exercise {n} has {len(source)} characters, of which {MAX_KEPT} are kept and compared"
            for n, source in submission.answers.items()
            if len(source) > MAX_KEPT
        ),
    ]
    by_number = {number: ExerciseResult(number) for number in lab.exercises}
    for tests in test_files(lab.folder):
        workers = _Workers(lab, submission, door)
        try:
            for found in workers.judge([tests], drawn):
                by_number[found.number].tests += found.tests
        finally:
            workers.close()
        grade.sandbox = ", ".join(workers.standing)
        grade.notes += [note for note in workers.notes if note not in grade.notes]
    grade.exercises = list(by_number.values())
    if abs(sum(exercise.possible for exercise in grade.exercises) - lab.points) > 1e-6:
        grade.problem = "not all tests were run, or their points do not add up: see the lab"
    grade.seconds = time.monotonic() - started
    return grade


class _InOrder(Grading):
    """Is done with an exercise before a later one is opened, whose worker holds its right answer.

    Args:
        lab: that gives the order.
        open_exercise, only, seed: as of a `Grading`.
    """

    def __init__(
        self, lab: Lab, open_exercise: OpenExercise, seed: int, only: str | None = None
    ) -> None:
        super().__init__(open_exercise, only, seed)
        self.order = list(lab.exercises)

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Order the tests."""
        super().pytest_collection_modifyitems(config, items)
        items.sort(key=self._place)

    def _place(self, item: pytest.Item) -> int:
        mark = item.get_closest_marker("exercise")
        return self.order.index(mark.args[0]) if mark else len(self.order)


class _Workers:
    """Opens a submission's exercises in one worker, and in a new one when that has ended."""

    def __init__(self, lab: Lab, submission: Submission, door: Door) -> None:
        self.lab = lab
        self.submission = submission
        self.door = door
        self.worker: Worker | None = None
        self.guests: set[str] = set()  # exercises whose worker had held others before
        self.standing: list[str] = []
        self.trouble: SandboxError | None = None
        self.notes: list[str] = []

    def judge(self, tests: Sequence[Path], seed: int) -> list[ExerciseResult]:
        """Run tests on all exercises; one that failed beside others has a second chance alone.

        What an earlier one left behind (patched functions, threads, warnings as errors) is not the
        later one's fault.
        """
        first = self._judge(tests, seed)
        found = [self._alone(tests, seed, e.number) if self._is_spoilt(e) else e for e in first]
        for exercise in found:
            if any(test.message.startswith(ENDED) for test in exercise.tests):
                self.notes.append(f"exercise {exercise.number}: the process ended")
        return found

    def _is_spoilt(self, exercise: ExerciseResult) -> bool:
        failed = [test for test in exercise.tests if not test.passed]
        wrong = any(not test.message.startswith(NOT_DONE) for test in failed)
        return wrong and exercise.number in self.guests

    def _alone(self, tests: Sequence[Path], seed: int, number: str) -> ExerciseResult:
        self.close()
        (found,) = self._judge(tests, seed, number)
        return found

    def _judge(
        self, tests: Sequence[Path], seed: int, only: str | None = None
    ) -> list[ExerciseResult]:
        found = judge(tests, _InOrder(self.lab, self.open, seed, only))
        if self.trouble is not None:  # pytest took it for a wrong answer
            raise self.trouble
        return found

    def open(self, folder: Path, number: str) -> RemoteSession:
        """Run an exercise's cell after right answers to the earlier ones."""
        if number not in self.submission.answers:
            raise SubmissionError(f"The cell of exercise {number} is missing.")
        if self.worker is None or self.worker.failure is not None:
            self.close()
            try:
                self.worker = self.door.connect()
                if self.worker.standing:  # a layer that stood at the probe may fail later
                    require(self.worker.standing)
            except SandboxError as error:
                self.trouble = error
                raise
            self.standing = self.worker.standing
        elif self.worker.sessions:
            self.guests.add(number)
        session = self.worker.open()
        for name, source in self.lab.before(number):
            session.define(source, name)
        session.define(self.submission.answers[number], f"<exercise {number}>")
        return session

    def close(self) -> None:
        """End the worker."""
        if self.worker is not None:
            self.worker.close()
            self.worker = None
