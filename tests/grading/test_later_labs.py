"""Labs 10 and later are proven."""

from pathlib import Path

import keras
import pytest

LABS = Path(__file__).parents[2] / "labs"
NAMES = sorted(file.parent.name for file in LABS.glob("[1-9]?_*/solution.py"))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="labs teach TensorFlow's GradientTape"
)
@pytest.mark.parametrize("name", NAMES)
def test_a_lab_is_proven(name, check_proof):
    check_proof(name)
