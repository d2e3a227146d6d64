"""What `check` shows in a notebook."""

import base64
import io
import sys
import types

from ankeras.grading import check, plugin
from ankeras.grading.check import checker
from ankeras.grading.packed import packed_file

import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image
from traitlets.config import Config

PICTURE = """
import numpy as np

from ankeras.grading import exercise, expect


@exercise("1.1", points=2)
def test_an_image(student):
    \"\"\"A white image.\"\"\"
    white = np.ones((4, 8, 3))
    expect.close(student.image, white, "the image", picture=True)
"""


@pytest.fixture
def notebook(numbers, monkeypatch):
    """Return a function that runs a cell of a notebook in the lab's folder."""
    monkeypatch.chdir(numbers())
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)

    def run(cell: str) -> types.ModuleType:
        exec(cell, vars(main))
        return main

    return run


def _shown(verdict) -> tuple[str, str]:
    bundle = verdict._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    return bundle["text/plain"], bundle["text/html"]


def test_right_answers(notebook):
    notebook("def double(x):\n    return x + x\n\ndef quadruple(x):\n    return 4 * x")
    text, html = _shown(checker("01_numbers")("1.1"))
    assert text == "1"  # the hidden test is not there
    assert "Two times x, for an array." in html
    assert "1 of 1 points" in html
    text, html = _shown(checker("01_numbers")())
    assert text == "2"
    assert "<th>total</th><th>2 of 2</th>" in html


def test_a_wrong_answer_is_explained(notebook):
    notebook("def double(x):\n    return x\n\ndef quadruple(x):\n    return 4 * x")
    verdict = checker("01_numbers")("1.1")
    text, html = _shown(verdict)
    assert text == "0"
    for part in ("0 of 1 points", "<td>expected</td>", "<td>found</td>", "Hint: Multiply by 2."):
        assert part in html
    assert "not yet: Two times x, for an array." in repr(verdict)
    assert "hint: Multiply by 2." in repr(verdict)
    assert _shown(checker("01_numbers")())[0] == "1"


def test_html_in_answers_is_shown_as_text(notebook):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    for cell in (
        f"def double(x):\n    return {hostile!r}",
        f"def double(x):\n    return [{hostile!r}]",
        f"def double(x):\n    raise ValueError({hostile!r})",
        f"double = type({hostile!r}, (), {{}})",
        f"def double(x):\n    raise type({hostile!r}, (Exception,), {{}})",
    ):
        notebook(cell)
        for verdict in (checker("01_numbers")("1.1"), checker("01_numbers")()):
            html = _shown(verdict)[1]
            assert "<script" not in html
            assert "<img" not in html
        assert "&lt;script&gt;" in _shown(checker("01_numbers")("1.1"))[1], cell


def test_images_are_shown(notebook, tmp_path, monkeypatch):
    (tmp_path / "test_lab.py").write_text(PICTURE)
    monkeypatch.chdir(tmp_path)
    notebook("import numpy as np\nimage = np.zeros((4, 8, 3))\nimage[1, 1] = np.nan")
    html = _shown(checker("02_images")("1.1"))[1]
    parts = html.split("data:image/png;base64,")[1:]
    images = [Image.open(io.BytesIO(base64.b64decode(part.split('"')[0]))) for part in parts]
    assert [image.getextrema() for image in images] == [((255, 255),) * 3, ((0, 0),) * 3]
    assert all(image.width == 2 * image.height for image in images)
    notebook("image = np.zeros((8, 4, 3))")
    assert "<img" not in _shown(checker("02_images")("1.1"))[1]  # of a wrong shape


def test_changed_definitions_are_checked(notebook):
    checker("01_numbers")("1.1")
    notebook("def double(x):\n    print('noise')\n    return 2 * x")
    assert _shown(checker("01_numbers")("1.1"))[0] == "1"
    notebook("del double")
    assert "double is not defined: has its cell been run?" in repr(checker("01_numbers")("1.1"))


def test_a_test_leaves_nothing_behind(notebook, numbers, tmp_path, capsys):
    test = tmp_path / "labs" / "01_numbers" / "test_lab.py"
    text = test.read_text().replace("expect.", "student.run_beside(triple)\n    expect.")
    test.write_text(f"{text}\n\ndef triple():\n    print('noise')\n")
    main = notebook("def double(x):\n    print('noise')\n    return 2 * x")
    assert _shown(checker("01_numbers")("1.1"))[0] == "1"
    assert not hasattr(main, "triple")
    assert not [name for name in sys.modules if tmp_path.name in name]
    assert capsys.readouterr() == ("", "")


def test_an_endless_loop_ends(notebook, monkeypatch):
    monkeypatch.setattr(check, "SECONDS", 0.3)
    monkeypatch.setattr(plugin, "SECONDS", 0.3)
    notebook("def double(x):\n    while True:\n        pass")
    assert "an endless loop?" in repr(checker("01_numbers")("1.1"))


def test_edited_tests_are_read_again(notebook, tmp_path):
    notebook("def double(x):\n    return 3 * x")
    ask = checker("01_numbers")
    assert ask("1.1").points == 0
    test = tmp_path / "labs" / "01_numbers" / "test_lab.py"
    test.write_text(test.read_text().replace("2 * x", "3 * x"))
    assert ask("1.1").points == 1


def test_a_folder_with_brackets(notebook, numbers, tmp_path, monkeypatch):
    folder = tmp_path / "labs" / "01_numbers"
    monkeypatch.chdir(folder.rename(folder.with_name("numbers [2]")))
    notebook("def double(x):\n    return 2 * x")
    assert checker("01_numbers")("1.1").points == 1


def test_mistakes_are_sentences(notebook, tmp_path, monkeypatch):
    with pytest.raises(
        ValueError, match=r"exercise '7'. Write the number like this: check\(\"1.2\""
    ):
        checker("01_numbers")("7")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"Put this file into the folder of this notebook"):
        checker("01_numbers")
    (tmp_path / "test_lab.py").write_text(packed_file("", "02_other", "Another lab"))
    with pytest.raises(FileNotFoundError, match=r"is of lab 02_other\. Move this notebook into"):
        checker("01_numbers")


DOUBLE = "# Exercise 1.1 (2 points)\ndef double(x):\n    return x + x"
NOT_DONE = 'raise NotImplementedError("exercise 1.1: your code here")'
STUB = f"# Exercise 1.1\ndef double(x):\n    {NOT_DONE}"
QUADRUPLE = "# Exercise 1.2 (1 point)\ndef quadruple(x):\n    return double(double(x))"


@pytest.fixture
def jupyter(numbers, monkeypatch, tmp_path):
    """Return a function that runs cells in IPython, and returns what the last one shows."""
    monkeypatch.chdir(numbers())
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # put back afterwards
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))

    def run(*cells: str | tuple[str, str]):
        for cell in cells:
            text, name = cell if isinstance(cell, tuple) else (cell, None)
            found = shell.run_cell(text, store_history=True, cell_id=name)
        return found.result

    run("from ankeras.grading.check import checker\ncheck = checker('01_numbers')")
    yield run
    InteractiveShell.clear_instance()


def test_in_a_notebook_the_text_of_the_cells_is_judged(jupyter):
    verdict = jupyter(DOUBLE, QUADRUPLE, "check()")
    assert (verdict.points, verdict.exercises[0].notes, verdict.exercises[1].notes) == (2, [], [])
    assert "exercise 1.1: 1 of 2 points (1 more by hidden tests)" in repr(verdict)
    assert "exercise 1.2: 1 of 1 points\n" in repr(verdict)
    assert "<th>2 of 3 (1 more by hidden tests)</th>" in _shown(verdict)[1]
    for bad in ("return x", "return (", "raise NotImplementedError"):
        assert jupyter(DOUBLE.replace("return x + x", bad), "check('1.1')").points == 0
    assert "SyntaxError" in repr(jupyter(DOUBLE.replace("x + x", "x +"), "check('1.1')"))
    assert "in line 3 of your cell: return x +" in repr(jupyter("check('1.1')"))
    assert jupyter(f"{DOUBLE}\ncheck('1.1')").points == 1  # in the cell itself


def test_a_cell_that_only_tries_an_answer_does_not_replace_it(jupyter):
    assert jupyter(DOUBLE, "# Exercise 1.1: a try\nprint(double(2))", "check('1.1')").points == 1
    stub = DOUBLE.replace(
        "return x + x", 'raise NotImplementedError("exercise 1.1: your code here")'
    )
    assert jupyter(stub, "check('1.1')").points == 1
    helper = DOUBLE.replace("def", "FACTOR = 2\ndef")
    assert jupyter(helper, "check('1.1')").points == 1
    assert jupyter(DOUBLE.replace("x + x", "x +"), "check('1.1')").points == 0  # not an old text


def test_a_helper_of_another_cell_comes_along(jupyter):
    helper = "def twice(x):\n    return 3 * x"
    answer = DOUBLE.replace("x + x", "twice(x)")
    assert jupyter(helper, answer, "check('1.1')").points == 0
    verdict = jupyter(helper.replace("3", "2"), "check('1.1')")  # its cell was corrected
    assert verdict.points == 1
    assert "note: the answer uses what other cells define: twice" in repr(verdict)


def test_a_name_that_only_the_running_notebook_has_is_named(jupyter):
    answer = DOUBLE.replace("x + x", "factor * x")
    verdict = jupyter("globals().update(factor=2)", answer, "check('1.1')")
    assert verdict.points == 0
    assert "factor is in the notebook, but not in what you hand in" in repr(verdict)
    verdict = jupyter(DOUBLE, "def double(x):\n    return 5", "check('1.1')")
    assert verdict.points == 1
    note = "double in the notebook is not the double of this cell: the cell 'def double(x):' defin"
    assert note in _shown(verdict)[1].replace("&#39;", "'")


def test_cells_are_known_by_their_ids(jupyter):
    one = DOUBLE.partition("\n")[2]
    assert jupyter((one, "exercise-1-1"), "check('1.1')").points == 1
    verdict = jupyter((one.replace("x + x", "x"), "exercise-1-1"), "check('1.1')")
    assert verdict.points == 0
    wrong = "not yet: Two times x, for an array."
    assert wrong in repr(verdict)
    assert jupyter((DOUBLE, "a-copy"), "check('1.1')").points == 1
    broken = DOUBLE.replace("return x", "return (x")
    assert jupyter((broken, "another-copy"), "check('1.1')").points == 1  # the last whole answer
    assert jupyter((broken, "a-copy"), "check('1.1')").points == 0


def test_an_exercise_that_is_not_done(jupyter):
    stub = DOUBLE.replace(
        "return x + x", 'raise NotImplementedError("exercise 1.1: your code here")'
    )
    assert "not done yet (in line 3 of your cell: raise N" in repr(jupyter(stub, "check('1.1')"))


def test_an_exercise_that_was_not_run(jupyter):
    verdict = jupyter("check()")
    assert "The cell of exercise 1.1 is missing: it has not been run." in repr(verdict)


def test_cells_that_run_again_show_nothing(jupyter, capsys):
    import matplotlib.pyplot as plt  # noqa: PLC0415

    capsys.readouterr()
    cell = f"{DOUBLE}\nimport matplotlib.pyplot as plt\nplt.figure()\nprint('noise')"
    jupyter(cell, "plt.close('all')")
    assert capsys.readouterr().out.count("noise") == 1
    assert jupyter("verdict = check('1.1')", "verdict").points == 1
    assert "noise" not in capsys.readouterr().out
    assert plt.get_fignums() == []
