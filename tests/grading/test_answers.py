"""Which cell of a notebook answers an exercise, and which other code comes along."""

from ankeras.grading.answers import Cell, find_answers
from ankeras.grading.definitions import defined_names, find_definitions, needed_names, statements

import pytest

ONE = "# Exercise 1.1 (2 points)\ndef double(x):\n    return x + x"
TWO = "# Exercise 1.2 (1 point)\ndef quadruple(x):\n    return double(double(x))"
STUB = (
    '# Exercise 1.1\ndef double(x):\n    raise NotImplementedError("exercise 1.1: your code here")'
)


def _answers(*cells: str | Cell) -> dict[str, str]:
    return find_answers([c if isinstance(c, Cell) else Cell(c) for c in cells]).answers


@pytest.mark.parametrize(
    "heading",
    [
        "#Exercise 1.2",
        "# exercise 1.2:",
        "# EXERCISE 1.2 (3 points)",
        "## Exercise 1.2",
        "# Ex. 1.2",
        "# ex1.2",
        "# Exercise no. 1.2",
        "# %% Exercise 1.2",
        "#@title Exercise 1.2 { display-mode: 'form' }",
        "# **Exercise 1.2.**",
        "# My answer to exercise 1.2",
        "\n\n  # Exercise 1.2",
        "import math\n%matplotlib inline\n\n# helpers\n# Exercise 1.2",
    ],
)
def test_a_heading_in_any_usual_spelling(heading):
    source = f"{heading}\nx = 1"
    assert _answers(source) == {"1.2": source}


def test_a_long_comment_is_read_once():
    for hostile in ("#\n" * 300_000, "# " * 300_000, "# Exercise" + " ." * 300_000):
        assert _answers(hostile) == {}


@pytest.mark.parametrize(
    "text",
    [
        "# see exercise 1.2",
        "x = 1  # Exercise 1.2",
        "if x:\n    # Exercise 1.2",
        "# Exp 1.2",
        "# Exercise\n1.2",
    ],
)
def test_a_comment_that_is_no_heading(text):
    assert _answers(text) == {}


def test_a_cell_without_its_heading_is_found_by_its_name():
    assert _answers(Cell("x = 1", "exercise-1-2")) == {"1.2": "x = 1"}
    copied = Cell("# Exercise 1.3\ny = 1", "exercise-1-2")  # a heading says more than the name
    assert _answers(copied) == {"1.3": copied.source}


def test_of_several_cells_the_last_whole_one_counts():
    other = ONE.replace("x + x", "2 * x")
    for below in (
        STUB,  # nothing is filled in
        "# Exercise 1.1\nprint(double(3))",  # it defines nothing of the answer
        "# Exercise 1.1\ndef double(x:",  # it is no code
    ):
        found = find_answers([Cell(ONE), Cell(other), Cell(below)])
        assert found.answers == {"1.1": other}
        assert found.notes == ("exercise 1.1 has several cells: the last whole one counts",)
    assert _answers(other, ONE) == {"1.1": ONE}
    assert _answers(STUB) == {"1.1": STUB}
    assert _answers("# Exercise 1.1\ndef double(x:") == {"1.1": "# Exercise 1.1\ndef double(x:"}


def test_an_answer_below_its_stub():
    answer = "def double(x):\n    return 2 * x"
    found = find_answers([Cell(STUB), Cell(answer), Cell("print(double(1))"), Cell(TWO)])
    assert found.answers == {"1.1": answer, "1.2": TWO}
    assert found.notes == ("the answer to exercise 1.1 is in a cell without its heading",)


def test_two_exercises_in_one_cell_keep_their_lines():
    found = find_answers([Cell(f"import math\n{ONE}\n{TWO}")])
    assert found.answers == {"1.1": f"import math\n{ONE}\n", "1.2": "\n" * 4 + TWO}
    assert found.notes == ("one cell has several exercises: 1.1, 1.2",)
    assert found.points == {"1.1": 2, "1.2": 1}


def test_an_exercise_in_a_cell_of_text_is_named():
    found = find_answers([Cell(ONE, kind="markdown"), Cell(TWO, kind="raw"), Cell(TWO)])
    why = "its heading is in a cell of the type markdown. Only code cells count"
    assert found.missing == {"1.1": why}
    assert found.notes == (f"exercise 1.1: {why}",)
    assert found.answer("1.1") == ("1.1", "", [TWO], f"The cell of exercise 1.1 is missing: {why}.")


def test_the_nearest_code_before_an_answer_comes_first():
    found = find_answers([Cell("a = 1"), Cell("b = 1"), Cell(ONE), Cell("c = 1"), Cell("d = 1")])
    assert found.others("1.1") == ["b = 1", "a = 1", "c = 1", "d = 1"]
    assert found.others("1.2") == ["d = 1", "c = 1", ONE, "b = 1", "a = 1"]


def _taken(names: set[str], *cells: str) -> list[str]:
    found = find_definitions(sorted(names), cells, lambda name: name in {"np", "print"})
    return [each.text.strip() for each in found]


def test_names_are_followed_through_the_cells():
    answer = "def f(x):\n    y = g(x)\n    return y + SIDE + np.pi\nprint(TRIED)"
    assert needed_names(statements(answer)) == {"g", "SIDE", "np"}
    cells = (
        "SIDE: int = HALF * 2\nHALF = 0",  # names are followed by cells, not by lines
        "import math\nprint(math)\n@cached\ndef g(x):\n    return math.sqrt(x)",
        "HALF = 7\nfrom functools import cache as cached",
    )
    assert _taken({"g", "SIDE", "np"}, *cells) == [
        "HALF = 0",
        "SIDE: int = HALF * 2",
        "from functools import cache as cached",
        "import math",
        "@cached\ndef g(x):\n    return math.sqrt(x)",
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "n = 3",
        "n = m = (1, -2.5, 'a' * 2)",
        "n: dict = {}\nn['a'] = 1",
        "n = []\nn.append(1)",
        "n = keras.initializers.RandomNormal(0, 0.02)",
        "n = np.arange(6).reshape(2, 3)",
        "n = lambda x: model.predict(x)",
        "try:\n    import a as n\nexcept ImportError:\n    n = None",
        "class Own:\n    pass\nn = Own()",
    ],
)
def test_definitions_that_come_along(cell):
    assert _taken({"n"}, cell)


@pytest.mark.parametrize(
    "cell",
    [
        "n = model.fit(x)",
        "n = load_digits()",
        "def slow(x):\n    return x\nn = slow(3)",
        "n = keras.Model(a, b)\nhistory = n.fit(x)",
        "for n in range(3):\n    print(n)",
        "with open('a') as n:\n    pass",
        "n = await f()",
        "n = (",
    ],
)
def test_definitions_that_may_take_long_are_left(cell):
    assert _taken({"n"}, cell) == []


def test_what_a_cell_defines():
    cell = "import a.b as c\nx = y = 1\ndef f():\n    z = 1\nfor i in f():\n    j = 1"
    assert defined_names(cell) == {"c", "x", "y", "f", "i", "j"}
    assert defined_names("def f(:\nclass G:\n  pass") == {"f", "G"}
