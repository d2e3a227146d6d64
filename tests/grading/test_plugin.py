"""How pytest judges a student's notebook, in the terminal and in files."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib import metadata
from pathlib import Path

from ankeras.grading import plugin
from ankeras.grading.lab import read_lab
from ankeras.grading.release import release
from ankeras.grading.session import Session

import pytest

ONE = "# Exercise 1.1 (2 points)\ndef double(x):\n    return x + x"
TWO = "# Exercise 1.2 (1 point)\ndef quadruple(x):\n    return double(double(x))"
LABS = Path(__file__).parents[2] / "labs"


def _points(grades: dict) -> list[float]:
    return [exercise["points"] for exercise in grades["exercises"]]


def _messages(grades: dict, number: str) -> list[str]:
    (exercise,) = [e for e in grades["exercises"] if e["number"] == number]
    return [test["message"] for test in exercise["tests"]]


def test_the_solution_is_judged_by_default(numbers, terminal):
    text = terminal(numbers())
    assert "\n1.1    2 of 2  right\n1.2    1 of 1  right\ntotal  3 of 3\n" in text


def test_a_right_notebook_gets_all_points(grade, hand_in):
    grades = grade(hand_in(ONE, TWO))
    assert (grades["points"], grades["possible"]) == (3, 3)
    assert _points(grades) == [2, 1]
    tests = {test["name"]: test for e in grades["exercises"] for test in e["tests"]}
    assert tests["test_double"]["title"] == "Two times x, for an array."
    hidden = {name: test["hidden"] for name, test in tests.items()}
    assert hidden == {"test_double": False, "test_double_of_zero": True, "test_quadruple": False}


def test_a_wrong_answer_is_explained(grade, hand_in):
    grades = grade(hand_in(ONE.replace("x + x", "x"), TWO))
    assert _points(grades) == [1, 1]  # zero stays zero; 1.2 uses the right answer to 1.1
    text = grades["terminal"]
    assert "1.1    1 of 2  not yet: Two times x, for an array." in text
    assert "hint: Multiply by 2." in text
    assert "test_lab.py" not in text.split("= FAILURES =")[-1].split("= points =")[0]


def test_a_hint_names_an_earlier_mistake_in_the_same_exercise(numbers, terminal, hand_in):
    double_of_zero = 'expect.equal(student.double(0), 0, "double(0)"'
    quadruple = 'expect.equal(student.quadruple(3), 12, "quadruple(3)"'
    folder = numbers(
        ("test_hidden.py", double_of_zero, f'{double_of_zero}, "Start at 0."'),
        ("test_lab.py", quadruple, f'{quadruple}, "Double it twice."'),
    )
    both = hand_in(ONE.replace("x + x", "x + 1"), TWO.replace("double(x)", "double(x) + 1"))
    text = terminal(folder, "--submission", both)
    assert "hint: Multiply by 2." in text
    earlier = "Two times x, for an array"
    assert f'hint: This may be the same mistake as in "{earlier}". If not: Start at 0.' in text
    assert "hint: Double it twice." in text
    text = terminal(folder, "--submission", hand_in(ONE.replace("x + x", "2 * x or 1"), TWO))
    assert "This may be the same mistake" in text
    only = hand_in(ONE.replace("x + x", "2 * x + (type(x) is int)"), TWO)
    assert "hint: Start at 0." in terminal(folder, "--submission", only)


@pytest.mark.parametrize(
    "cells",
    [
        (TWO, "x = 1", ONE),
        ("raise ValueError", ONE, "check('1.1')", TWO, "while True: pass"),
        (ONE.replace("x + x", "x"), TWO, ONE),
        (ONE, TWO, '# Exercise 1.1\nraise NotImplementedError("exercise 1.1: your code here")'),
        (f"\n\n{ONE}", TWO.replace("# Exercise", "#exercise")),
    ],
    ids=["moved", "added", "copied", "copied stub", "heading"],
)
def test_other_cells_do_no_harm(grade, hand_in, cells):
    assert _points(grade(hand_in(*cells))) == [2, 1]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "The cell of exercise 1.1 is missing."),
        ("def double(x):\n    return 2 x", "SyntaxError: invalid syntax"),
        ("def double(x):\nreturn 2 * x", "IndentationError: expected an indented block"),
        ("def double(x):\n    raise NotImplementedError('todo')", "not done yet (in line 3"),
        ("def double(x):\n    raise SystemExit", "your code raised SystemExit in line 3 of your"),
        ("raise SystemExit(0)", "your code raised SystemExit: 0 in line 2 of your cell"),
        ("def double(x):\n    2 * x", "nothing (None): is a return missing?"),
        ("double = None", "'NoneType' object is not callable"),
        ("def Double(x):\n    return 2 * x", "double is not defined"),
        ("def double(x, y):\n    return 2 * x", "TypeError: double() missing 1 required"),
        ("def double(x):\n    return Wrong()", "NameError: name 'Wrong' is not defined in line 3"),
    ],
)
def test_a_broken_answer_costs_only_its_own_points(grade, hand_in, answer, why):
    cells = [TWO] if answer is None else [f"# Exercise 1.1 (2 points)\n{answer}", TWO]
    grades = grade(hand_in(*cells))
    assert _points(grades) == [0, 1]
    for message in _messages(grades, "1.1"):
        assert why in message, message


@pytest.mark.parametrize(
    "answer", ["while True:\n    pass", "def double(x):\n    while True:\n        pass"]
)
def test_an_endless_loop_ends_with_a_sentence(grade, hand_in, monkeypatch, answer):
    monkeypatch.setattr(plugin, "SECONDS", 0.3)
    grades = grade(hand_in(f"# Exercise 1.1\n{answer}", TWO))
    assert _points(grades) == [0, 1]
    sentence = "the tests of this exercise took more than 0.3 s: an endless loop?"
    assert _messages(grades, "1.1") == [sentence, sentence]


def test_an_endless_cell_is_run_once(grade, hand_in, monkeypatch, tmp_path):
    monkeypatch.setattr(plugin, "SECONDS", 0.3)
    log = tmp_path / "log"
    endless = f"# Exercise 1.1\nopen({str(log)!r}, 'a').write('x')\nwhile True:\n    pass"
    grade(hand_in(endless, TWO))
    assert log.read_text() == "x"


def test_notes_are_printed(grade, hand_in):
    helper = "import math\ndef twice(x):\n    return x + x"
    text = grade(hand_in(helper, ONE.replace("x + x", "twice(x)"), TWO, TWO))["terminal"]
    assert "total  3 of 3\n" in text
    assert "\nnote: exercise 1.2 has several cells: the last whole one counts\n" in text
    assert "\nnote: exercise 1.1: the answer uses what other cells define: twice\n" in text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"cells": [{"cell_type": "co', "is no valid notebook: the file is damaged or incomplete"),
        ("[1, 2]", "is no notebook: it has no cells"),
        ('{"cells": []}', "has no exercise of this lab. Is it the notebook of another lab?"),
    ],
)
def test_a_file_without_exercises_of_the_lab_gets_a_message(grade, tmp_path, content, why):
    file = tmp_path / "mine.ipynb"
    file.write_text(content)
    grades = grade(file)
    assert (grades["points"], grades["possible"]) == (0, 3)
    for number in ("1.1", "1.2"):
        assert all(why in message for message in _messages(grades, number))


def test_the_notebook_of_another_lab(grade, hand_in):
    grades = grade(hand_in("# Exercise 7.1 (3 points)\ndef double(x):\n    return 2 * x"))
    assert grades["points"] == 0
    assert "another lab" in grades["terminal"]


def test_a_script_can_be_handed_in(grade, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(f"# %%\n{ONE}\n\n# %%\n{TWO}\n")
    assert grade(file)["points"] == 3


def test_the_same_seed_draws_the_same_inputs(numbers, hand_in, terminal, tmp_path):
    folder = numbers(("test_lab.py", '"double(x)"', "str(x)"))
    mine = hand_in(ONE.replace("x + x", "x"), TWO)

    def found(seed: int) -> str:
        text = terminal(folder, "--submission", mine, "--grading-seed", seed)
        assert f"--grading-seed {seed}" in text
        return text.split("an array.\n")[1].split("\n")[0]

    assert found(1) == found(1) != found(2)


def test_junit_xml_holds_the_sentences(grade, hand_in, tmp_path):
    file = tmp_path / "junit.xml"
    grade(
        hand_in(ONE.replace("x + x", "x[0]"), "# Exercise 1.2\nx = (", name="a.ipynb"),
        f"--junitxml={file}",
    )
    cases = {case.get("name"): case for case in ET.parse(file).iter("testcase")}
    assert set(cases) == {"test_double", "test_double_of_zero", "test_quadruple"}
    texts = {name: "".join(case.itertext()) for name, case in cases.items()}
    assert "expected: an array of shape (3,)" in texts["test_double"]
    assert "in line 3 of your cell: return x[0]" in texts["test_double_of_zero"]
    assert "SyntaxError" in texts["test_quadruple"]
    assert all(len(case) == 1 for case in cases.values())


def test_a_parametrized_test_is_passed_as_a_whole(numbers, hand_in, terminal, monkeypatch):
    many = '@pytest.mark.parametrize("x", [0, 1, 2])\ndef test_quadruple(student, x):'
    folder = numbers(
        ("test_lab.py", "def test_quadruple(student):", many),
        ("test_lab.py", "quadruple(3), 12", "quadruple(x), 4 * x"),
        ("test_lab.py", "from ankeras", "import pytest\nfrom ankeras"),
    )
    monkeypatch.chdir(folder.rename(folder.with_name("[numbers] of [one]")))
    assert "1.2    1 of 1  right" in terminal(".", "--submission", hand_in(ONE, TWO))
    square = "# Exercise 1.2\ndef quadruple(x):\n    return x**2 * (2 if x == 1 else 1)"
    text = terminal(".", "--submission", hand_in(ONE, square))
    assert "1.1    2 of 2  right" in text
    assert "1.2    0 of 1  not yet: Four times x." in text


def test_in_a_students_folder_an_exercise_uses_the_students_answers(
    numbers, hand_in, tmp_path, terminal
):
    folder = tmp_path / "student"
    folder.mkdir()
    (numbers() / "test_lab.py").rename(folder / "test_lab.py")

    def points(*cells: str) -> list[str]:
        hand_in(*cells, name="student/lab.ipynb")
        rows = terminal(folder).splitlines()
        return [row.split()[1] for row in rows if row.startswith(("1.1 ", "1.2 "))]

    given = "# Given\nfactor = 2"
    assert points(given, ONE.replace("x + x", "factor * x"), TWO) == ["1", "1"]
    assert points(TWO, ONE) == ["1", "1"]
    assert points(ONE.replace("x + x", "3 * x"), TWO) == ["0", "0"]
    assert points(f"{ONE} (", TWO.replace("double(double(x))", "4 * x")) == ["0", "1"]
    assert points("# Given\nimport nothing_of_this_name", ONE, TWO) == ["0", "0"]


def test_mistakes_on_the_command_line_are_sentences(numbers, capfd, terminal, tmp_path):
    folder = numbers()
    for words, why in (
        (("--submission", tmp_path / "x.ipynb"), "--submission: there is no file"),
        (("--grades", tmp_path / "no" / "grades.json"), "--grades: there is no folder"),
    ):
        terminal(folder, *words)
        assert why in capfd.readouterr().err


def test_other_tests_run_as_usual(tmp_path, terminal):
    (tmp_path / "test_other.py").write_text("def test_it():\n    assert 1 + 1 == 2\n")
    text = terminal(tmp_path)
    assert "1 passed" in text
    assert "points" not in text


def test_inputs_differ_from_test_to_test(numbers):
    one = '@exercise("1.1", points=1)\ndef test_{}(rng):\n    expect.equal(0, rng.random(), "x")\n'
    folder = numbers()
    start = "from ankeras.grading import exercise, expect\n\n"
    (folder / "test_lab.py").write_text(start + "".join(one.format(i) for i in range(3)))
    grading = plugin.Grading(lambda folder, number: None, seed=1)
    (found,) = plugin.judge([folder / "test_lab.py"], grading)
    assert len({test.expected for test in found.tests}) == 3


def run_pytest(folder: Path, *words: object) -> str:
    """Run pytest in a new process, as in a terminal, and return what it prints."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, words)]
    environment = {n: value for n, value in os.environ.items() if n != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return f"{done.stdout}{done.stderr}\nstatus {done.returncode}"


def test_pytest_elsewhere_does_not_load_the_plugin(tmp_path):
    (tmp_path / "test_other.py").write_text("def test_it():\n    pass\n")
    text = run_pytest(tmp_path, ".", "--submission", "test_other.py")
    assert "unrecognized arguments: --submission" in text
    assert text.endswith("status 4")
    text = run_pytest(tmp_path, ".", "--trace-config")
    assert "1 passed" in text
    assert "ankeras" not in text
    assert not [e for e in metadata.entry_points(group="pytest11") if "ankeras" in e.value]


def test_pytest_judges_a_lab_from_the_root_and_from_inside(numbers, hand_in):
    folder = numbers()
    root = folder.parents[1]
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\ntestpaths = ['tests']\n")
    shutil.copy(LABS / "conftest.py", folder.parent)
    hand_in(ONE.replace("x + x", "3 * x"), TWO, name="labs/01_numbers/mine.ipynb")
    for where, words in (
        (root, ("labs/01_numbers", "--submission", "labs/01_numbers/mine.ipynb")),
        (folder, ("--submission", "mine.ipynb")),
        (folder, (".", "--submission", folder / "mine.ipynb")),
        (folder.parent, (".", "--submission=01_numbers/mine.ipynb")),
    ):
        text = run_pytest(where, *words)
        assert "1.1    1 of 2  not yet: Two times x, for an array." in text
        assert "total  2 of 3" in text
    text = run_pytest(root, ".")  # pytest finds this conftest.py only while it collects
    assert "total  3 of 3" in text
    assert text.endswith("status 0")


def test_the_labs_of_the_course_have_the_option():
    words = ("labs/05_vae", "--submission", "labs/05_vae/solution.py", "--collect-only", "-q")
    text = run_pytest(LABS.parent, *words)
    assert "labs/05_vae/test_hidden.py: " in text
    assert text.endswith("status 0")
    assert (LABS / "conftest.py").read_text() == plugin.CONFTEST


def test_a_release_is_judged_wherever_it_is_unpacked(numbers, tmp_path, hand_in):
    folder = numbers()
    shutil.copy(LABS / "conftest.py", folder.parent)
    for name in ("first", "second"):
        out = release(read_lab(folder), tmp_path / "home" / name)
        hand_in(ONE, TWO, name=f"home/{name}/lab.ipynb")
        assert "total  2 of 3 (1 more by hidden tests)" in run_pytest(out)
        text = run_pytest(out, ".", "--submission", tmp_path / "home" / "first" / "lab.ipynb")
        assert "1.1    1 of 2 (1 more by hidden tests)  right\n1.2    1 of 1  right" in text
    text = run_pytest(tmp_path / "home", "--import-mode=importlib")  # two conftest.py
    assert "4 passed" in text


def test_a_judge_loads_no_conftest(numbers):
    folder = numbers()
    (folder / "conftest.py").write_text("raise RuntimeError")
    grading = plugin.Grading(lambda folder, number: Session({"double": abs, "quadruple": abs}))
    found = plugin.judge([folder / "test_lab.py"], grading)
    assert [(exercise.points, exercise.possible) for exercise in found] == [(0, 1), (0, 1)]
    assert "expected: 12" not in found[0].tests[0].message
    assert found[1].tests[0].expected == "12"
