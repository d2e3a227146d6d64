"""What `check` shows in a notebook."""

import base64
import io
import sys
import types

from ankeras.grading import check, plugin
from ankeras.grading.check import checker
from ankeras.grading.packed import packed_file

import pytest
from PIL import Image

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
