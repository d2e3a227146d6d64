"""A lab is read, or its mistake is named with the file and the line."""

from pathlib import Path

from ankeras.grading.lab import LabError, read_lab

import jupytext
import pytest

SOLUTION = "solution.py"
LABS = Path(__file__).parents[2] / "labs"
FIRST, SECOND = '# %% exercise="1.1" points=2', '# %% exercise="1.2" points=1'
BODY = "    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n"
TITLE = "# %% [markdown]\n# # Lab 1. Numbers\n#\n# Doubles.\n"
MISTAKES = {  # name: (old text, new text, text of the named line, which such line, message)
    "unclosed": (
        BODY,
        BODY.replace("    ### END SOLUTION\n", ""),
        "BEGIN SOLUTION",
        1,
        "BEGIN SOLUTION without ### END SOLUTION",
    ),
    "unopened": (
        BODY,
        BODY.replace("    ### BEGIN SOLUTION\n", ""),
        "END SOLUTION",
        1,
        "without ### BEGIN",
    ),
    "begun twice": (
        BODY,
        BODY.replace("return", "### BEGIN SOLUTION\n    return"),
        "BEGIN",
        2,
        "a second ### BEGIN SOLUTION before",
    ),
    "ended twice": (BODY, f"{BODY}    ### END SOLUTION\n", "END SOLUTION", 2, "without ### BEGIN"),
    "no mark": (BODY, "    return 2 * x\n", FIRST, 1, "has no solution"),
    "misspelt": (BODY, BODY.replace("N\n", "N!\n", 1), "BEGIN SOLUTION", 1, "this is no mark"),
    "after blank lines": (
        f"{FIRST}\n",
        f"{FIRST}\n\n\n### END SOLUTION\n",
        "END SOLUTION",
        1,
        "without ### BEGIN",
    ),
    "outside": (
        "from math import pi",
        "### BEGIN SOLUTION",
        "BEGIN SOLUTION",
        1,
        "outside the cell of an exercise",
    ),
    "twice": (SECOND, FIRST, FIRST, 2, "exercise 1.1 exists twice"),
    "without points": (FIRST, '# %% exercise="1.1"', '# %% exercise="1.1"', 1, "has no points"),
    "no points": (FIRST, FIRST.replace("2", "0"), FIRST.replace("2", "0"), 1, "has no points"),
    "points in words": (FIRST, FIRST.replace("2", '"two"'), "two", 1, "has no points"),
    "no number": (FIRST, FIRST.replace("1.1", "one"), "one", 1, "a number like \"1.2\", not 'one'"),
    "no title": (TITLE, "# %%\nx = 1\n", "# %%", 1, "the first cell must be the title of the lab"),
    "text before": (TITLE, f"import os\n\n{TITLE}", "import os", 1, "must begin with a cell"),
    "text without a mark": ("# Doubles.", "Doubles.", "Doubles.", 1, 'must begin with "#"'),
    "a cell in a string": (
        '    """Return 2 x."""',
        '    """\n# %% x\n    """',
        "# %% x",
        1,
        "a cell starts inside a string",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_line(numbers, mistake):
    old, new, named, nth, why = MISTAKES[mistake]
    folder = numbers((SOLUTION, old, new))
    rows = (folder / SOLUTION).read_text().splitlines()
    line = [i for i, row in enumerate(rows, 1) if named in row][nth - 1]
    with pytest.raises(LabError) as error:
        read_lab(folder)
    assert str(error.value).startswith(f"{folder / SOLUTION}:{line}: ")
    assert why in str(error.value)


def test_a_lab_without_exercises_or_without_its_file(tmp_path):
    with pytest.raises(LabError, match=r"solution.py:0: there is no such file"):
        read_lab(tmp_path)
    (tmp_path / SOLUTION).write_text(TITLE)
    with pytest.raises(LabError, match=r"solution.py:1: no exercise"):
        read_lab(tmp_path)


def test_what_is_read(numbers):
    lab = read_lab(numbers())
    assert (lab.name, lab.title) == ("01_numbers", "Lab 1. Numbers")
    assert [(e.number, e.points) for e in lab.exercises.values()] == [("1.1", 2), ("1.2", 1)]
    assert [cell.kind for cell in lab.cells].count("exercise") == 2
    assert [cell.source for cell in lab.cells if cell.given] == ["from math import pi"]


def test_the_stub_keeps_everything_except_the_solution(numbers):
    exercises = read_lab(numbers()).exercises
    assert exercises["1.1"].stub == (
        '# Exercise 1.1 (2 points)\ndef double(x):\n    """Return 2 x."""\n'
        '    raise NotImplementedError("exercise 1.1: your code here")'
    )
    assert exercises["1.2"].heading == "# Exercise 1.2 (1 point)"


def test_all_solutions_of_a_cell_are_removed(numbers):
    more = f"{BODY}\n\ndef triple(x):\n    if x:\n        {BODY.strip().replace('2', '3')}\n"
    stub = read_lab(numbers((SOLUTION, BODY, more))).exercises["1.1"].stub
    assert stub.count("raise NotImplementedError") == 2
    assert "return" not in stub
    compile(stub, "stub", "exec")


def test_an_exercise_uses_given_cells_and_right_answers(numbers):
    lab = read_lab(numbers())
    assert [name for name, _ in lab.before("1.1")] == ["<given 1>"]
    assert [name for name, _ in lab.before("1.2")] == ["<given 1>", "<answer 1.1>"]


def test_a_text_may_hold_empty_lines(numbers):
    text = "# %% [markdown]\n\n# One.\n\n# Two.\n\n# %% [markdown]\n\n"
    texts = [c.source for c in read_lab(numbers((SOLUTION, FIRST, text + FIRST))).cells]
    assert "\nOne.\n\nTwo." in texts
    assert "" in texts


def test_magics_do_not_start_cells(numbers):
    folder = numbers((SOLUTION, "check()\n", "# %%time\ncheck()\n\n# %pip install nothing\n"))
    assert len(read_lab(folder).cells) == len(read_lab(folder).exercises) + 5
    assert read_lab(folder).cells[-1].source == "%%time\ncheck()\n\n%pip install nothing"


@pytest.mark.parametrize("file", sorted(LABS.glob(f"*/{SOLUTION}")), ids=lambda f: f.parent.name)
def test_a_lab_reads_as_jupytext_reads_it(file):
    cells = jupytext.reads(file.read_text(encoding="utf-8"), fmt="py:percent").cells
    lab = read_lab(file.parent)
    assert [(cell.kind == "markdown", cell.source) for cell in lab.cells] == [
        (cell.cell_type == "markdown", cell.source) for cell in cells
    ]
    exercises = [cell.metadata for cell in cells if "exercise" in cell.metadata]
    assert [e.points for e in lab.exercises.values()] == [of["points"] for of in exercises]
    assert list(lab.exercises) == [of["exercise"] for of in exercises]
    assert [cell.given for cell in lab.cells] == ["given" in cell.metadata for cell in cells]
