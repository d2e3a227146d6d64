"""The results of grading as plain data: of one test, of one exercise, of one student."""

import base64
import dataclasses
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ankeras.grading.expect import WrongAnswer

import numpy as np
from PIL import Image

PICTURE_SIDE = 96  # pixels


@dataclass
class TestResult:
    """The result of one test.

    Attributes:
        exercise, points: from the mark of the test.
        name, title: of the test. The title is the first line of its docstring.
        hidden: whether the student has no copy of the test.
        passed: whether the answer is right.
        message: the whole reason why the test failed; "" if it passed.
        what, expected, found, hint: the comparison that failed; "" if the reason is another one.
        pictures: (expected, found) as base64 PNG, or None.
        again: why it failed again with right answers to earlier exercises. The text may contain
            these answers, so it is for the teacher only.
    """

    __test__ = False

    exercise: str
    points: float
    name: str
    title: str
    hidden: bool = False
    passed: bool = True
    message: str = ""
    what: str = ""
    expected: str = ""
    found: str = ""
    hint: str = ""
    pictures: tuple[str, str] | None = None
    again: str = ""

    def fail(self, error: BaseException) -> None:
        """Set the reason why the test failed. Only the first reason is kept."""
        if not self.passed:
            return
        self.passed = False
        self.message = str(error) or "the answer is wrong"
        if isinstance(error, WrongAnswer):
            self.what, self.hint = error.what, error.hint
            self.expected, self.found = error.expected, error.found
            if error.pictures is not None:
                expected, found = map(_png, error.pictures)
                self.pictures = (expected, found) if expected and found else None


@dataclass
class ExerciseResult:
    """The results of the tests of one exercise.

    Attributes:
        number: of the exercise.
        tests: the results of its tests.
        replaced: the earlier exercises to which it was given right answers, when tests that had
            failed were run again; empty if they were not.
        hidden_points: the points of tests that only the teacher has.
        notes: what the student should know, one text each.
    """

    number: str
    tests: list[TestResult] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    hidden_points: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether all tests passed."""
        return all(test.passed for test in self.tests)

    @property
    def points(self) -> float:
        """The points that the student has earned."""
        return sum(test.points for test in self.tests if test.passed)

    @property
    def possible(self) -> float:
        """The points that a right answer earns, by the tests that were run."""
        return sum(test.points for test in self.tests)


def score(exercises: Sequence[ExerciseResult], unit: str = " points") -> str:
    """Return the points of exercises, such as "2 of 3 points (1 more by hidden tests)"."""
    hidden = sum(exercise.hidden_points for exercise in exercises)
    earned = sum(exercise.points for exercise in exercises)
    whole = sum(exercise.possible for exercise in exercises) + hidden
    more = f" ({hidden:g} more by hidden tests)" if hidden else ""
    return f"{earned:g} of {whole:g}{unit}{more}"


@dataclass
class Grade:
    """The grade of one student's submission.

    Attributes:
        student: the id of the student.
        file: the name of the file that was handed in.
        lab: the name of the lab.
        exercises: the results of the exercises; empty if the file could not be read.
        possible: the points of the whole lab.
        problem: why the file could not be graded; "" if it was graded.
        notes: unusual things about the submission, one text each. The student reads them.
        remarks: the same for the teacher only: what hidden tests or right answers brought to light.
        answers: exercise number -> source of the student's cell.
        seconds: how long grading took.
        seed: the seed of the inputs that the tests drew.
        sandbox: the layers of the sandbox, such as "namespaces, landlock, seccomp"; "" if there
            was none, or if no answer had to be run.
        canvas_id, moodle_id: the number by which the platform knows the student; "" if the file
            was not downloaded from there.
    """

    student: str
    file: str
    lab: str
    exercises: list[ExerciseResult]
    possible: float
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    seed: int = 0
    sandbox: str = ""
    remarks: list[str] = field(default_factory=list)
    canvas_id: str = ""
    moodle_id: str = ""

    @property
    def points(self) -> float:
        """The points that the student has earned."""
        return sum(exercise.points for exercise in self.exercises)

    def as_data(self) -> dict[str, Any]:
        """Return the grade as data that can be written as JSON."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_data(data: dict[str, Any]) -> "Grade":
        """Return the grade from which `as_data` made the data."""
        exercises = [
            ExerciseResult(**{**e, "tests": [_test(test) for test in e["tests"]]})
            for e in data["exercises"]
        ]
        return Grade(**{**data, "exercises": exercises})


def _test(data: dict[str, Any]) -> TestResult:
    pictures = data["pictures"]
    return TestResult(**{**data, "pictures": tuple(pictures) if pictures else None})


def _png(image: np.ndarray) -> str:
    """Return an image, (height, width[, 1 or 3]) in [0, 1], as base64 PNG; "" if it is no image."""
    values = np.asarray(image, dtype=float)
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[-1] not in (1, 3) or 0 in values.shape:
        return ""
    pixels = np.rint(np.nan_to_num(values).clip(0, 1) * 255).astype(np.uint8)
    height = max(PICTURE_SIDE * pixels.shape[0] // pixels.shape[1], 1)
    picture = Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)
    buffer = io.BytesIO()
    size = (PICTURE_SIDE, min(height, 4 * PICTURE_SIDE))
    picture.resize(size, Image.Resampling.NEAREST).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
