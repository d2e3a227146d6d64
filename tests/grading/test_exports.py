"""The files with grades that other programs read."""

import csv
import io
import json
from dataclasses import dataclass, replace
from xml.etree import ElementTree

from ankeras.grading import exports
from ankeras.grading.overrides import total
from ankeras.grading.results import ExerciseResult, Grade, TestResult

import pytest


@dataclass
class ByHand:
    points: float
    reason: str = "seen on paper"


def grade(student: str, **passed: bool) -> Grade:
    tests = [
        TestResult("1.1", 2, "test_sum", "The sum is right."),
        TestResult("1.2", 0.5, "test_mean", "The mean is right."),
        TestResult("1.2", 0.5, "test_secret", "Another mean is right.", hidden=True),
    ]
    for test in tests:
        if not passed.get(test.name, True):
            test.fail(AssertionError(f"{test.name}: 3 is not 4"))
    of = [ExerciseResult("1.1", tests[:1]), ExerciseResult("1.2", tests[1:])]
    return Grade(student, "lab.ipynb", "05_vae", of, 3.0, answers={"1.1": "x"}, seconds=4.25)


GOOD = grade("anna")
BAD = grade("bob", test_sum=False, test_secret=False)
BROKEN = Grade("eve", "eve.ipynb", "05_vae", [], 3.0, problem="eve.ipynb is no notebook.")
CLASS = [GOOD, BAD, BROKEN]
LATE = {"anna": "2030-02-01 00:01:00: the date of the file lab.ipynb"}


def rows(file) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))


def test_totals_with_changes_by_hand():
    assert [total(g, {}) for g in CLASS] == [3, 0.5, 0]
    assert total(BAD, {("bob", "1.1"): ByHand(1.5), ("anna", ""): ByHand(0)}) == 2
    assert total(GOOD, {("anna", ""): ByHand(0), ("anna", "1.1"): ByHand(1)}) == 0
    assert total(BROKEN, {("eve", "1.1"): ByHand(2)}) == 2


def test_csv_has_one_row_per_student(tmp_path):
    exports.write_csv(tmp_path / "g.csv", CLASS, {("bob", "1.1"): ByHand(1.5)}, LATE)
    head = ["student", "exercise 1.1", "exercise 1.2", "total", "late", "late by", "status"]
    assert rows(tmp_path / "g.csv") == [
        [*head, "problem"],
        ["anna", "2", "1", "3", "late", LATE["anna"], "graded", ""],
        ["bob", "1.5", "0.5", "2", "", "", "changed by hand", ""],
        ["eve", "", "", "0", "", "", "not graded", "eve.ipynb is no notebook."],
    ]


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "  =1",
    "a;=1+1",
    "a\n=1",
    'a;"=1+1;"',
    'a;" "" =1"',
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(tmp_path, text):
    hostile = Grade(text, "f", "lab", [], 1.0, problem=text)
    for write in (
        lambda file: exports.write_csv(file, [hostile], {}, {text: text}),
        lambda file: exports.write_canvas(file, [hostile], {}, "Lab (1)"),
        lambda file: exports.write_moodle(file, [hostile], {}),
    ):
        write(tmp_path / "g.csv")
        cells = [cell for row in rows(tmp_path / "g.csv") for cell in row]
        parts = [part.lstrip(' "') for cell in cells for part in cell.replace("\n", ";").split(";")]
        assert any(part.startswith("'") for part in parts)
        assert not any(part.startswith(("=", "+", "-", "@", "\t")) for part in parts)


def test_points_below_zero_stay_numbers(tmp_path):
    exports.write_csv(tmp_path / "g.csv", [GOOD], {("anna", ""): ByHand(-1)}, {})
    assert rows(tmp_path / "g.csv")[1][3] == "-1"


def test_json_is_read_again(tmp_path):
    given = {("bob", "1.1"): ByHand(1.5)}
    odd = grade("\ud800 ü")
    exports.write_json(tmp_path / "g.json", [BAD, odd], given, {"bob": "why"})
    bob, other = json.loads((tmp_path / "g.json").read_text("utf-8"))
    assert (bob["points"], bob["possible"], bob["late"]) == (2, 3, True)
    assert (bob["late by"], other["late by"]) == ("why", "")
    assert bob["overrides"] == {"1.1": {"points": 1.5, "reason": "seen on paper"}}
    assert Grade.from_data(bob["grade"]) == BAD
    assert other["student"] == odd.student


def test_junit_counts_and_explains(tmp_path):
    strange = grade("\x00<&\x1b\ud800")
    exports.write_junit(tmp_path / "g.xml", [*CLASS, strange], {}, {"bob": "why"})
    suites = ElementTree.parse(tmp_path / "g.xml").getroot().findall("testsuite")
    counts = [[s.get(k) for k in ("name", "tests", "failures", "errors")] for s in suites]
    assert counts[:3] == [
        ["anna", "3", "0", "0"],
        ["bob", "3", "2", "0"],
        ["eve", "1", "0", "1"],
    ]
    found = suites[1].find("testcase/failure")
    assert found is not None
    assert found.get("message") == "test_sum: 3 is not 4"
    properties = {p.get("name"): p.get("value") for p in suites[1].iter("property")}
    assert properties == {"points": "0.5", "possible": "3", "late": "true"}


def test_canvas_finds_its_students(tmp_path):
    downloaded = replace(grade("doejane_1234"), canvas_id="1234")
    plain = grade("smith_123456")  # the name of a folder
    everyone = [GOOD, BROKEN, downloaded, plain]
    exports.write_canvas(tmp_path / "c.csv", everyone, {}, "Lab 5 (77)")
    assert rows(tmp_path / "c.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 5 (77)"],
        ["    Points Possible", "", "", "", "", "3"],
        ["anna", "", "anna", "anna", "", "3"],
        ["eve", "", "eve", "eve", "", "0"],
        [downloaded.student, "1234", "", "", "", "3"],
        ["smith_123456", "", "smith_123456", "smith_123456", "", "3"],
    ]


def test_moodle_finds_its_participants(tmp_path):
    ids = ["42", "Participant 7", "joe@uni.edu", "lab_5", "smith_123456"]
    downloaded = replace(grade("Jane Doe_1234567"), moodle_id="1234567")
    everyone = [downloaded, *map(grade, ids)]
    exports.write_moodle(tmp_path / "m.csv", everyone, {})
    head, *body = rows(tmp_path / "m.csv")
    assert head[:5] == ["Identifier", "Full name", "Email address", "Grade", "Maximum grade"]
    assert "Last modified (grade)" in head  # Moodle does not accept a worksheet without it
    numbers = [row[0].removeprefix("Participant ") for row in body]
    assert numbers == ["1234567", "", "7", "", "", ""]  # no number is guessed from a plain name
    assert body[0][1:5] == ["Jane Doe", "", "3", "3"]
    assert body[3][2] == "joe@uni.edu"


def test_gradescope_shows_no_messages_of_hidden_tests(tmp_path):
    given = {("bob", "1.1"): ByHand(1.5)}
    exports.write_gradescope(tmp_path / "g", [BAD, BROKEN], given, {"bob": "why"})
    text = (tmp_path / "g" / "bob.json").read_text("utf-8")
    found = json.loads(text)
    assert "test_secret" not in text
    assert "score" not in found  # it would tell the points of the hidden tests
    assert "execution_time" not in found  # a hidden test can be slow on purpose
    assert sum(test["score"] for test in found["tests"]) == 2
    assert "handed in late" in found["output"]
    assert "seen on paper" in found["output"]
    *tests, changed = found["tests"]
    assert [(t["score"], t["max_score"], t["status"], t["visibility"]) for t in tests] == [
        (0, 2, "failed", "visible"),
        (0.5, 0.5, "passed", "visible"),
        (0, 0.5, "failed", "after_published"),
    ]
    assert (changed["score"], changed["visibility"]) == (1.5, "after_published")
    assert found["tests"][0]["output"] == "test_sum: 3 is not 4"
    broken = json.loads((tmp_path / "g" / "eve.json").read_text("utf-8"))
    assert (broken["score"], broken["output"]) == (0, BROKEN.problem)
