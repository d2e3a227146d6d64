"""What students get is complete, has no solutions, and works with nbgrader."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from ankeras.cli import main
from ankeras.grading.find import LABS, find_lab, find_labs
from ankeras.grading.lab import LabError, read_lab
from ankeras.grading.plugin import CONFTEST
from ankeras.grading.prove import prove
from ankeras.grading.release import build, pip_address, release, student_notebook

import keras
import nbformat
import pytest

COURSE = Path(__file__).parents[2] / "labs"
ANSWERS = {
    "1.1": "def double(x):\n    return x + x",
    "1.2": "def quadruple(x):\n    return double(double(x))",
}


def _cells(file: Path) -> dict[str, str]:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    return {cell.id: cell.source for cell in notebook.cells}


def _fill_in(file: Path, answers: dict[str, str]) -> None:
    """Replace the cells of the exercises below their first lines, as a student does."""
    notebook = json.loads(file.read_text())
    for cell in notebook["cells"]:
        heading = "".join(cell["source"]).split("\n")[0]
        for number, answer in answers.items():
            if heading.startswith(f"# Exercise {number} "):
                cell["source"] = f"{heading}\n{answer}"
    file.write_text(json.dumps(notebook))


def _run(*words: object, folder: Path) -> str:
    """Run a program of this environment and return what it prints."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", *map(str, words)]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{done.stdout}{done.stderr}\nstatus {done.returncode}"


@pytest.mark.parametrize("name", sorted(f.parent.name for f in COURSE.glob("*/solution.py")))
def test_a_labs_notebook_is_built_from_its_source(name):
    written = (COURSE / name / "lab.ipynb").read_text(encoding="utf-8")
    assert written == student_notebook(read_lab(COURSE / name)), f"run `ankeras labs build {name}`"


def test_building_again_changes_nothing(numbers):
    lab = read_lab(numbers())
    first = build(lab).read_bytes()
    assert build(lab).read_bytes() == first
    assert build(read_lab(lab.folder)).read_bytes() == first


def test_a_cell_keeps_its_id_when_its_text_changes(numbers):
    folder = numbers()
    before = _cells(build(read_lab(folder)))
    assert list(before)[4:6] == ["exercise-1-1", "check-1-1"]
    assert before["check-1-1"] == 'check("1.1")'
    solution = folder / "solution.py"
    solution.write_text(solution.read_text().replace("Return 2 x.", "Double it."))
    after = _cells(build(read_lab(folder)))
    assert list(after) == list(before)
    assert "Double it." in after["exercise-1-1"]


def test_the_students_notebook_has_no_solution(numbers):
    lab = read_lab(numbers())
    text = student_notebook(lab)
    for secret in ("2 * x", "double(double(x))", "SOLUTION", "test_double_of_zero", "Mutant"):
        assert secret not in text
    assert text.count("your code here") == 2
    notebook = nbformat.reads(text, as_version=4)
    assert all(
        not c.outputs and c.execution_count is None for c in notebook.cells if "outputs" in c
    )
    assert "return 2 * x" in student_notebook(lab, solved=True)


def test_the_first_code_cell_installs_the_package_on_colab(numbers):
    cells = _cells(build(read_lab(numbers())))
    assert list(cells)[:2] == ["cell-00", "cell-01"]
    assert "google.colab" in cells["cell-01"]
    assert '"../.." if Path("../../pyproject.toml")' in cells["cell-01"]
    assert "\n    %pip install" in cells["cell-01"]


def test_a_release_says_how_the_package_is_installed(numbers, tmp_path):
    lab = read_lab(numbers())
    address = "git+https://example.org/course/ankeras"
    folder = release(lab, tmp_path / "with", install="https://example.org/course/ankeras")
    assert f'python -m pip install "{address}"\n' in (folder / "README.md").read_text()
    assert f'\n    %pip install -q "{address}"\n' in _cells(folder / "lab.ipynb")["cell-01"]
    folder = release(lab, tmp_path / "without")
    assert "Ask your teacher\nhow to install it." in (folder / "README.md").read_text()
    assert '\nADDRESS = ""\n' in _cells(folder / "lab.ipynb")["cell-01"]


def test_addresses_become_what_pip_takes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ankeras").mkdir()  # the name of a package is no folder that happens to be there
    wheel = tmp_path / "ankeras-0.1-py3-none-any.whl"
    wheel.touch()
    for address, expected in {
        "https://example.org/a.git": "git+https://example.org/a.git",
        "git+ssh://git@example.org/a@v1": "git+ssh://git@example.org/a@v1",
        "https://example.org/a.whl#sha256=1": "https://example.org/a.whl#sha256=1",
        "ankeras": "ankeras",
        "ankeras >= 0.1": "ankeras>=0.1",
        wheel.name: str(wheel),
        ".": str(tmp_path),
    }.items():
        assert pip_address(address) == expected
    for address in ("git@example.org:a", "./nothing", "nothing.whl", "two words"):
        with pytest.raises(ValueError, match="give the URL of a git repository or of a wheel"):
            pip_address(address)


def test_a_lab_is_not_built_while_it_is_wrong(numbers):
    folder = numbers(("solution.py", "points=2", "points=5"))
    with pytest.raises(LabError, match="add up to 2"):
        build(read_lab(folder))
    assert not (folder / "lab.ipynb").exists()


def test_students_get_nothing_secret(numbers, tmp_path):
    lab = read_lab(numbers())
    release(lab, tmp_path / "out" / "lab")
    release(lab, tmp_path / "out" / "lab.v2.zip")
    with zipfile.ZipFile(tmp_path / "out" / "lab.v2.zip") as archive:
        archive.extractall(tmp_path / "unzipped")
    for folder in (tmp_path / "out" / "lab", tmp_path / "unzipped" / "01_numbers"):
        texts = {file.name: file.read_text() for file in folder.rglob("*")}
        assert set(texts) == {"lab.ipynb", "test_lab.py", "conftest.py", "README.md"}
        assert 'LAB = "01_numbers"' in texts["test_lab.py"]
        assert texts["README.md"].startswith("# Lab 1. Numbers\n")
        for secret in ("double(double(x))", "SOLUTION", "test_double_of_zero", "Mutant"):
            assert secret not in "".join(texts.values())
        assert "2 * x" not in "".join(texts.values())  # the tests compute it


def test_a_release_overwrites_nothing(numbers, tmp_path):
    lab = read_lab(numbers())
    for name in ("lab", "lab.zip"):
        (tmp_path / name).write_text("mine")
        with pytest.raises(FileExistsError, match="exists already"):
            release(lab, tmp_path / name)
        assert (tmp_path / name).read_text() == "mine"


def test_pytest_works_in_the_released_folder(numbers, tmp_path):
    folder = release(read_lab(numbers()), tmp_path / "student")
    _fill_in(folder / "lab.ipynb", {"1.1": ANSWERS["1.1"], "1.2": "quadruple = 4"})
    text = _run("pytest", ".", "--junitxml=junit.xml", "--grades=grades.json", folder=folder)
    assert "1.1    1 of 2 (1 more by hidden tests)  right" in text
    assert "1.2    0 of 1  not yet: Four times x." in text
    assert text.endswith("status 1")
    assert json.loads((folder / "grades.json").read_text())["points"] == 1
    assert 'failures="1"' in (folder / "junit.xml").read_text()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the new lab has TensorFlow")
def test_a_new_lab_builds_and_is_proven(tmp_path, capsys):
    labs = ["--labs", str(tmp_path / "labs")]
    assert main(["labs", "new", "09_diffusion", *labs]) == 0
    assert (tmp_path / "labs" / "conftest.py").read_text() == CONFTEST
    assert main(["labs", "build", *labs]) == 0
    assert main(["labs", "check", "09_diffusion", *labs]) == 0
    text = capsys.readouterr().out
    assert "09_diffusion: proven; 1 exercises, 1 tests, 3 of 3 wrong answers fail" in text
    cells = _cells(tmp_path / "labs" / "09_diffusion" / "lab.ipynb")
    assert next(iter(cells.values())).startswith("# Lab 9. Diffusion\n")


def test_labs_with_equal_file_names_are_not_mixed(numbers, tmp_path):
    """Files of tests have the same names in all labs."""
    folder = numbers()
    other = folder.with_name("02_thirds")
    other.mkdir()
    for file in folder.iterdir():
        text = file.read_text().replace("2 * x", "3 * x").replace("x + x", "x + x + x")
        text = text.replace("12", "27").replace("4 * x", "9 * x")
        (other / file.name).write_text(text)
    assert [prove(lab).errors for lab in find_labs(tmp_path / "labs")] == [(), ()]


@pytest.mark.parametrize(
    "name", ["01_numbers", "01_numbers/", "labs/01_numbers", "labs/01_numbers/"]
)
@pytest.mark.parametrize("inside", [False, True])
def test_a_lab_has_one_name_everywhere(numbers, monkeypatch, capsys, name, inside):
    labs = numbers().parent
    monkeypatch.chdir(labs if inside else labs.parent)
    assert main(["labs", "build", name]) == 0
    assert (labs / "01_numbers" / "lab.ipynb").exists()
    assert main(["labs", "new", name.replace("01_numbers", "02_next")]) == 0
    assert (labs / "02_next" / "solution.py").exists()
    assert (labs / "conftest.py").read_text() == CONFTEST
    assert [lab.name for lab in find_labs(LABS)] == ["01_numbers", "02_next"]
    capsys.readouterr()
    assert main(["grade", name, "nowhere", "--out", "grades"]) == 1
    assert "nowhere" in capsys.readouterr().err  # the lab is found
    assert main(["override", name, "nowhere", "ada", "1", "--reason", "x"]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_a_lab_may_be_the_current_folder_or_anywhere(numbers, monkeypatch, tmp_path):
    folder = numbers()
    monkeypatch.chdir(folder)
    assert find_lab(".").name == "01_numbers"
    monkeypatch.chdir(tmp_path.parent)
    assert find_lab(str(folder)).name == find_lab("01_numbers", folder.parent).name == "01_numbers"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["new", "diffusion"], "A lab is named like"),
        (["new", "../09_x"], "A lab is named like"),
        (["new", "01_numbers"], "exists"),
        (["check", "09_x"], "There is no lab '09_x' in the folder labs: do you mean 01_numbers?"),
        (["build", "labs/number/"], "do you mean 01_numbers?"),
        (["release", "01_numbers", "--out", "new", "--install", "x y"], "pip cannot install 'x y'"),
        (["release", "01_numbers", "--out", "."], "exists already"),
        (["build", "--labs", "nothing"], "there are no labs here"),
    ],
)
def test_mistakes_are_one_sentence(numbers, monkeypatch, capsys, words, why):
    monkeypatch.chdir(numbers().parents[1])
    assert main(["labs", *words]) == 1
    error = capsys.readouterr().err
    assert why in error
    assert error.startswith("ankeras: ")
    assert error.count("\n") == 1


def test_check_fails_where_a_lab_is_not_proven(numbers, monkeypatch, capsys):
    folder = numbers(("mutants.py", '("2 * x", "x * x")', '("2 * x", "x * 2")'))
    assert main(["labs", "check", "--labs", str(folder.parent)]) == 1
    captured = capsys.readouterr()
    assert '"the square" is not caught by test_double' in captured.out
    assert "01_numbers: not proven (mistakes: 1); 2 exercises, 3 tests, 5 of 6" in captured.out
    assert captured.err == "ankeras: some labs have mistakes: see above\n"


def test_nbgrader_gives_full_points_and_none(numbers, tmp_path):
    from nbgrader.api import Gradebook  # noqa: PLC0415 - its import takes a second

    course = tmp_path / "course"
    words = ["release", "01_numbers", "--out", str(course / "source" / "01_numbers"), "--nbgrader"]
    assert main(["labs", *words, "--labs", str(numbers().parent)]) == 0

    def nbgrader(*words: object) -> str:
        return _run("nbgrader", *words, folder=course)

    made = nbgrader("generate_assignment", "01_numbers", "--create")
    assert made.endswith("status 0"), made
    released = course / "release" / "01_numbers"
    text = (released / "lab.ipynb").read_text()
    assert "SOLUTION" not in text
    assert "return 2 * x" not in text
    assert text.count("YOUR CODE HERE") == 2
    for student in ("ada", "bob"):
        folder = course / "submitted" / student / "01_numbers"
        folder.mkdir(parents=True)
        for file in released.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    mine = course / "submitted" / "ada" / "01_numbers" / "lab.ipynb"
    _fill_in(mine, ANSWERS)
    checked = nbgrader("validate", mine)
    assert "Success! Your notebook passes all the tests." in checked, checked
    graded = nbgrader("autograde", "01_numbers", "--create")
    assert graded.endswith("status 0"), graded
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        found = {name: book.find_submission("01_numbers", name) for name in ("ada", "bob")}
        assert {name: (s.score, s.max_score) for name, s in found.items()} == {
            "ada": (2, 2),
            "bob": (0, 2),
        }
