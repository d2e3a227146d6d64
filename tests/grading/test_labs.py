"""Labs 1 to 9 are proven, and all labs are counted in labs/README.md.

The later labs are proven in another file: the files are shared out among processes.
"""

from pathlib import Path

from ankeras.grading.lab import read_lab
from ankeras.grading.lab_table import markdown_table

import keras
import pytest

LABS = Path(__file__).parents[2] / "labs"
NAMES = sorted(file.parent.name for file in LABS.glob("*/solution.py"))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="labs teach TensorFlow's GradientTape"
)
@pytest.mark.parametrize("name", [name for name in NAMES if name < "10"])
def test_a_lab_is_proven(name, check_proof):
    check_proof(name)


def test_the_table_is_up_to_date():
    table = markdown_table([read_lab(LABS / name) for name in NAMES])
    text = (LABS / "README.md").read_text()
    assert table in text, "run: ankeras labs table --write labs/README.md"
    *_, mutants, _, _ = table.splitlines()[-1].split("|")
    assert int(mutants) >= 100
