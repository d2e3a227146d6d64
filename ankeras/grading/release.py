"""Makes what students get from a teacher's lab: the notebook, the public tests, and a README."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ankeras.grading.lab import NOTEBOOK, PUBLIC, SOLUTION, Lab, LabError, read_lab
from ankeras.grading.notebook import build_notebook
from ankeras.grading.plugin import CONFTEST
from ankeras.grading.prove import collect_tests, public_points

README = """# {title}

Open the notebook:

    python -m jupyter lab lab.ipynb

Fill in the cells that start with `# Exercise`. Run the `check` below each of them. You can also run
all checks in a terminal and see your points:

    python -m pytest .

You need Python with the package `ankeras` of the course. Hand in `lab.ipynb`. Only the cells of the
exercises count. Put all code that an answer needs into the cell of its exercise, and do not change
the first line of the cell. You may add and move cells. Your teacher runs more tests than you have:
they use other inputs and other sizes.
"""


def find_labs(folder: Path, names: Sequence[str] = ()) -> list[Lab]:
    """Read labs and return them.

    Args:
        folder: the folder of the labs.
        names: the names of the labs. Default: all labs in the folder.

    Raises:
        LabError: if a lab is missing or has a mistake.
    """
    chosen = list(names) or sorted(file.parent.name for file in folder.glob(f"*/{SOLUTION}"))
    if not chosen:
        raise LabError(folder, 0, f"there are no labs here (folders with a {SOLUTION})")
    return [read_lab(folder / name) for name in chosen]


def build(lab: Lab) -> Path:
    """Write the student's notebook into the lab's folder, and return its path.

    Raises:
        LabError: if the lab has a mistake.
    """
    file = lab.folder / NOTEBOOK
    file.write_text(student_notebook(lab), encoding="utf-8")
    return file


def student_notebook(lab: Lab, *, solved: bool = False) -> str:
    """Return the student's notebook as JSON.

    Args:
        lab: the lab.
        solved: keep the solutions and the marks around them.

    Raises:
        LabError: if the lab has a mistake.
    """
    return build_notebook(lab, public_points(lab, collect_tests(lab)), solved=solved)


def add_conftest(folder: Path) -> None:
    """Write the conftest.py that lets pytest judge labs, if the folder has none."""
    file = folder / "conftest.py"
    if not file.exists():
        file.write_text(CONFTEST, encoding="utf-8")


def release(lab: Lab, out: Path, *, nbgrader: bool = False) -> Path:
    """Write the folder or zip that students get, and return its path.

    It contains the notebook without solutions, the public tests, a README, and a conftest.py with
    which `pytest` prints the points. It contains no solutions and no hidden tests.

    Args:
        lab: the lab to release.
        out: a folder or a .zip file that does not exist yet.
        nbgrader: write the notebook with the solutions and nbgrader's marks. It is for the folder
            `source` of an nbgrader course: nbgrader makes the students' notebook from it.

    Raises:
        LabError: if the lab has a mistake.
        FileExistsError: if `out` exists already.
    """
    if out.exists():
        raise FileExistsError(f"{out} exists already: choose another name, or remove it.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / lab.name
        folder.mkdir()
        notebook = student_notebook(lab, solved=nbgrader)
        (folder / NOTEBOOK).write_text(notebook, encoding="utf-8")
        shutil.copy(lab.folder / PUBLIC, folder)
        add_conftest(folder)
        (folder / "README.md").write_text(README.format(title=lab.title), encoding="utf-8")
        if out.suffix == ".zip":
            shutil.make_archive(str(out.with_suffix("")), "zip", scratch, lab.name)
        else:
            shutil.copytree(folder, out)
    return out
