"""Every lab of the course is proven: right answers pass, each wrong one is caught."""

from pathlib import Path

from ankeras.grading.lab import read_lab
from ankeras.grading.prove import markdown_table, prove

import keras
import pytest

LABS = Path(__file__).parents[2] / "labs"
NAMES = sorted(file.parent.name for file in LABS.glob("*/solution.py"))

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="labs teach TensorFlow's GradientTape"
)


@pytest.mark.parametrize("name", NAMES)
def test_a_lab_is_proven(name, capsys):
    proof = prove(read_lab(LABS / name))
    with capsys.disabled():
        print(f"\n{markdown_table([proof])}")
    assert proof.errors == ()
    row = markdown_table([proof]).splitlines()[2]
    assert row in (LABS / "README.md").read_text(), "the table in labs/README.md is not up to date"


def test_there_are_a_hundred_mutants():
    table = (LABS / "README.md").read_text()
    (total,) = [row for row in table.splitlines() if row.startswith("| all |")]
    caught, mutants = map(int, total.rsplit("|", 2)[1].split("/"))
    assert caught == mutants >= 100
