"""Packed tests judge as the plain ones do, and do not show what they compute."""

from ankeras.grading.packed import packed_file
from ankeras.grading.plugin import Grading, judge
from ankeras.grading.session import Session

import pytest

LAST = 'expect.equal(student.quadruple(3), 12, "quadruple(3)")\n'
BESIDE = f"""{LAST}
    expect.equal(student.run_beside(fourfold, 2), 8, "a function beside the answers")
    expect.equal(student.run_beside(Given).value, "ü", "a class beside the answers")


def fourfold(x):
    return quadruple(x)


class Given:
    value = "ü"
"""


@pytest.mark.parametrize(("quadruple", "points"), [(lambda x: 4 * x, 1), (lambda x: 12, 0)])
def test_packed_tests_judge_as_plain_ones(numbers, tmp_path, quadruple, points):
    plain = numbers(("test_lab.py", LAST, BESIDE)) / "test_lab.py"
    packed = tmp_path / "test_lab.py"
    packed.write_text(packed_file(plain.read_text(), "01_numbers", "Lab 1. Numbers"))
    assert "fourfold" not in packed.read_text()
    found = []
    for file in (plain, packed):
        names = {"double": lambda x: x, "quadruple": quadruple}
        grading = Grading(lambda *_, names=names: Session(dict(names)), seed=1)
        found.append([(e.points, e.tests) for e in judge([file], grading)])
    assert found[0] == found[1]
    assert [of_exercise[0] for of_exercise in found[1]] == [0, points]
