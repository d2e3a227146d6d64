"""A lab's tests give the same results in this process and in a confined worker."""

import os
from collections.abc import Iterator
from pathlib import Path

from ankeras.grading.grade import Draft, _Run, grade_file
from ankeras.grading.lab import Lab, read_lab
from ankeras.grading.plugin import Grading, OpenExercise, judge, local_session
from ankeras.grading.prove import proof_source, read_proof, test_files
from ankeras.grading.remote import WarmProcess, probe
from ankeras.grading.results import Grade
from ankeras.grading.sandbox import Limits, missing, readable
from ankeras.grading.student import Channel
from ankeras.grading.submission import Submission, read_submission

import keras
import pytest

LABS = Path(__file__).parents[2] / "labs"
NAMES = sorted(file.parent.name for file in LABS.glob("*/mutants.py"))

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="labs teach TensorFlow's GradientTape"
)


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    with WarmProcess(Limits(seconds=60)) as warm:
        if absent := missing(probe(warm)):
            pytest.skip(f"this machine can't isolate submissions: no {', '.join(absent)}")
        yield warm


def answers(lab: Lab) -> Iterator[tuple[str, str, str]]:
    """Yield (exercise, name, source) of right, missing and every third wrong answer."""
    for number, exercise in lab.exercises.items():
        yield number, "solution", exercise.source
        yield number, "stub", exercise.stub
    mutants, alternatives = read_proof(lab)
    for entry in (*mutants[::3], *alternatives):
        yield entry.exercise, entry.name, proof_source(lab, entry)


def passed(lab: Lab, number: str, open_exercise: OpenExercise) -> dict[str, bool]:
    def open_seeded(folder: Path, number: str) -> Channel:
        session = open_exercise(folder, number)
        session.define("import keras\nkeras.utils.set_random_seed(7)", "<seed>")
        return session

    grading = Grading(open_seeded, only=number, seed=7)
    found = judge(test_files(lab.folder), grading)
    return {test.name: test.passed for exercise in found for test in exercise.tests}


# All labs take minutes: ANKERAS_ALL_LABS=1 pytest tests/grading/test_parity.py
@pytest.mark.parametrize("name", NAMES if os.environ.get("ANKERAS_ALL_LABS") else ["05_vae"])
def test_verdicts_are_those_of_a_notebook(name, warm):
    lab = read_lab(LABS / name)
    different = []
    for number, what, source in answers(lab):
        submission = Submission({number: source})
        here = passed(lab, number, lambda _, n, s=submission: local_session(lab, s, n))
        right = {n: exercise.source for n, exercise in lab.exercises.items() if n != number}
        run = _Run(lab, Draft(Grade("", "", name, [], lab.points), submission), warm, right)
        there = passed(lab, number, run.open)
        run.close()
        assert here
        if here != there:
            different.append((number, what, here, there))
    assert different == []


ONE = "# Exercise 1.1 (2 points)\ndef double(x):\n    return x + x"
TWO = "# Exercise 1.2 (1 point)\ndef quadruple(x):\n    return double(double(x))"
HONEST = {
    "magic": (f"%%time\n{ONE}", f"{TWO}\n%time quadruple(1)\n!ls\ndouble?"),
    "helper in a training cell": (
        "FACTOR = 2\nmodel.fit(X)\nhistory = model.fit(X)",
        ONE.replace("x + x", "FACTOR * x"),
        TWO,
    ),
    "no heading": (ONE.partition("\n")[2], TWO),
    "one cell": (f"{ONE}\n{TWO}",),
    "a try-out that raises": (f"{ONE}\nprint(double(X_train))", TWO),
    "files": (
        f"{ONE}\nimport os\nwith open('/tmp/ankeras-test', 'w') as file:\n    file.write('2')\n"
        "FACTOR = int(open('/tmp/ankeras-test').read())\nos.remove('/tmp/ankeras-test')\n"
        "def double(x):\n    return FACTOR * x",
        TWO.replace("\n    ", "\n    open('a.txt', 'w').close()\n    "),
    ),
    "await": (f"import asyncio\n{ONE}\nawait asyncio.sleep(0.01)\nright = 2 * await f()", TWO),
}


@pytest.mark.parametrize("name", HONEST)
def test_a_right_notebook_gets_all_points_in_both_ways(name, numbers, hand_in, warm, monkeypatch):
    if name == "files" and any(path.is_relative_to("/tmp") for path in readable()):
        pytest.skip("Python lies in /tmp here, so workers can't have this folder for themselves")
    lab = read_lab(numbers())
    file = hand_in(*HONEST[name])
    monkeypatch.chdir(lab.folder)
    submission = read_submission(file, lab.exercises)
    grading = Grading(lambda folder, number: local_session(lab, submission, number))
    found = judge(test_files(lab.folder), grading)
    assert [(e.points, e.possible) for e in found] == [(2, 2), (1, 1)]
    grade = grade_file(lab, "ada", file, warm)
    assert (grade.points, grade.possible) == (3, 3), [
        test.message for each in grade.exercises for test in each.tests
    ]


def test_what_comes_from_other_cells_is_noted_and_stored(numbers, hand_in, warm):
    lab = read_lab(numbers())
    helper = "FACTOR = 2\nimport os\ndef twice(x):\n    return os.path and FACTOR * x"
    file = hand_in(helper, ONE.replace("x + x", "twice(x)"), TWO)
    grade = grade_file(lab, "ada", file, warm)
    assert grade.points == 3
    assert grade.notes == ["exercise 1.1: the answer uses what other cells define: FACTOR, twice"]
    assert "def twice(x):" in grade.answers["1.1"]
    assert grade.answers["1.2"] == TWO
