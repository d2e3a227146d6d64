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
from ankeras.grading.plugin import Grading, judge
from ankeras.grading.prove import test_files
from ankeras.grading.remote import ENDED, Door, RemoteSession, Worker
from ankeras.grading.results import ExerciseResult, Grade
from ankeras.grading.submission import Submission, SubmissionError, read_submission

import numpy as np


def lab_version(lab: Lab) -> str:
    """Return what changes whenever the lab's grading could: a hash of its files."""
    digest = hashlib.sha256(ankeras.__version__.encode())
    for file in (lab.folder / SOLUTION, *test_files(lab.folder)):
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
    """
    possible = sum(exercise.points for exercise in lab.exercises.values())
    drawn = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
    grade = Grade(student, file.name, lab.name, [], possible, seed=drawn)
    started = time.monotonic()
    try:
        submission = read_submission(file, lab.exercises)
    except SubmissionError as error:
        grade.problem = str(error)
        return grade
    grade.answers = submission.answers
    grade.notes = list(submission.notes)
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
    grade.seconds = time.monotonic() - started
    return grade


class _Workers:
    """Opens a submission's exercises in one worker, and in a new one when that has ended."""

    def __init__(self, lab: Lab, submission: Submission, door: Door) -> None:
        self.lab = lab
        self.submission = submission
        self.door = door
        self.worker: Worker | None = None
        self.guests: set[str] = set()  # exercises whose worker had held others before
        self.standing: list[str] = []
        self.notes: list[str] = []

    def judge(self, tests: Sequence[Path], seed: int) -> list[ExerciseResult]:
        """Run tests on all exercises; one that crashed beside others has a second chance alone."""
        found = judge(tests, Grading(self.open, seed=seed))
        for i, exercise in enumerate(found):
            if exercise.number in self.guests and self._crashed(exercise):
                self.close()
                again = judge(tests, Grading(self.open, only=exercise.number, seed=seed))
                found[i] = again[0]
            if self._crashed(found[i]):
                self.notes.append(f"exercise {exercise.number}: the process ended")
        return found

    def open(self, folder: Path, number: str) -> RemoteSession:
        """Run an exercise's cell after right answers to the earlier ones."""
        if number not in self.submission.answers:
            raise SubmissionError(f"The cell of exercise {number} is missing.")
        if self.worker is None or self.worker.failure is not None:
            self.close()
            self.worker = self.door.connect()
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

    @staticmethod
    def _crashed(exercise: ExerciseResult) -> bool:
        return any(test.message.startswith(ENDED) for test in exercise.tests)
