"""Grades one submission: the tests run in this process, the submission's code in confined workers.

The public tests run first. The hidden tests run in a second worker. So a worker whose messages
reach the student never learns anything from a hidden test.
"""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from ankeras import __version__
from ankeras.grading.lab import SOLUTION, Lab
from ankeras.grading.plugin import Grading, OpenExercise, judge
from ankeras.grading.prove import test_files
from ankeras.grading.remote import (
    ENDED,
    RemoteSession,
    SandboxError,
    Worker,
    WorkerFactory,
    check_layers,
)
from ankeras.grading.results import ExerciseResult, Grade
from ankeras.grading.session import NOT_DONE
from ankeras.grading.submission import Submission, SubmissionError, read_submission

import numpy as np
import pytest

MAX_KEPT = 100_000  # characters of an answer that are stored


def lab_files(lab: Lab) -> list[Path]:
    """Return the files of a lab that grading needs."""
    return [lab.folder / SOLUTION, *test_files(lab.folder)]


def lab_version(lab: Lab) -> str:
    """Return a hash of the version of ankeras and of the files that grading needs."""
    digest = hashlib.sha256(__version__.encode())
    for file in lab_files(lab):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def grade_file(
    lab: Lab, student: str, file: Path, factory: WorkerFactory, seed: int | None = None
) -> Grade:
    """Grade the notebook of one student, and return the grade.

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
            f"exercise {n} has {len(source)} characters: only {MAX_KEPT} are stored and compared"
            for n, source in submission.answers.items()
            if len(source) > MAX_KEPT
        ),
    ]
    by_number = {number: ExerciseResult(number) for number in lab.exercises}
    for tests in test_files(lab.folder):
        workers = _Workers(lab, submission, factory)
        try:
            for found in workers.judge([tests], drawn):
                by_number[found.number].tests += found.tests
                if not any(test.hidden for test in found.tests):  # a student reads the notes
                    grade.notes += [f"exercise {found.number}: {note}" for note in found.notes]
        finally:
            workers.close()
        grade.sandbox = ", ".join(workers.standing)
        grade.notes = list(dict.fromkeys([*grade.notes, *workers.notes]))
        for number, code in workers.taken.items():  # a copy must be found there, too
            parts = dict.fromkeys([grade.answers.get(number, ""), *code.values()])
            grade.answers[number] = "\n\n".join(filter(None, parts))[:MAX_KEPT]
    grade.exercises = list(by_number.values())
    if abs(sum(exercise.possible for exercise in grade.exercises) - lab.points) > 1e-6:
        grade.problem = "not all tests were run, or their points do not add up: check the lab"
    grade.seconds = time.monotonic() - started
    return grade


class _InOrder(Grading):
    """Runs the tests in the order of the exercises.

    The worker of an exercise has the right answers to the earlier ones. So an exercise must be
    finished before a later one is opened.

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


class _Workers:
    """Opens the exercises of a submission in one worker, and in a new one after that has ended."""

    def __init__(self, lab: Lab, submission: Submission, factory: WorkerFactory) -> None:
        self.lab = lab
        self.submission = submission
        self.factory = factory
        self.worker: Worker | None = None
        self.shared: set[str] = set()  # exercises whose worker ran other exercises before
        self.standing: list[str] = []
        self.trouble: SandboxError | None = None
        self.notes: list[str] = []
        self.taken: dict[str, dict[str, str]] = {}  # exercise -> what it uses of other cells

    def judge(self, tests: Sequence[Path], seed: int) -> list[ExerciseResult]:
        """Run tests on all exercises, and return the results.

        An exercise that fails in the same worker as earlier ones is judged again in a new worker.
        An earlier exercise may have changed the process (patched functions, started threads, turned
        warnings into errors), and this must not cost points in a later one.
        """
        first = self._judge(tests, seed)
        found = [self._alone(tests, seed, e.number) if self._needs_retry(e) else e for e in first]
        for exercise in found:
            if any(test.message.startswith(ENDED) for test in exercise.tests):
                self.notes.append(f"exercise {exercise.number}: the process ended")
        return found

    def _needs_retry(self, exercise: ExerciseResult) -> bool:
        failed = [test for test in exercise.tests if not test.passed]
        wrong = any(not test.message.startswith(NOT_DONE) for test in failed)
        return wrong and exercise.number in self.shared

    def _alone(self, tests: Sequence[Path], seed: int, number: str) -> ExerciseResult:
        self.close()
        (found,) = self._judge(tests, seed, number)
        return found

    def _judge(
        self, tests: Sequence[Path], seed: int, only: str | None = None
    ) -> list[ExerciseResult]:
        grading = _InOrder(self.lab, self.open, seed, only)
        found = judge(tests, grading)
        self.taken |= {e.number: code for e in found if (code := grading.taken(e.number))}
        if self.trouble is not None:  # pytest has counted it as a wrong answer
            raise self.trouble
        return found

    def open(self, folder: Path, number: str) -> RemoteSession:
        """Run the cell of an exercise, after right answers to the earlier exercises."""
        if self.worker is None or self.worker.failure is not None:
            self.close()
            try:
                self.worker = self.factory.connect()
                if self.worker.standing:  # a layer may fail later than in the first test
                    check_layers(self.worker.standing)
            except SandboxError as error:
                self.trouble = error
                raise
            self.standing = self.worker.standing
        elif self.worker.sessions:
            self.shared.add(number)
        session = self.worker.open()
        for name, source in self.lab.before(number):
            session.define(source, name)
        session.run_answer(*self.submission.answer(number))
        return session

    def close(self) -> None:
        """End the worker."""
        if self.worker is not None:
            self.worker.close()
            self.worker = None
