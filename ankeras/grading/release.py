"""From a teacher's lab to what students get: the notebook, the public tests, two commands."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ankeras.grading.lab import NOTEBOOK, PUBLIC, SOLUTION, Lab, LabError, read_lab
from ankeras.grading.notebook import build_notebook
from ankeras.grading.prove import collect_tests, public_points

README = """# {title}

Open the notebook, fill in the cells that start with `# Exercise`, and run the `check` below each:

    python -m jupyter lab lab.ipynb

The same checks in a terminal, with the points:

    python -m pytest .

Both need Python with the course's package `ankeras` installed. Hand in `lab.ipynb`. What counts is
the cell of each exercise: keep in it what it needs, and keep its first line. Cells that you add or
move do no harm. Your teacher runs further tests; an answer that is right for every size passes.
"""


def find_labs(folder: Path, names: Sequence[str] = ()) -> list[Lab]:
    """Read labs.

    Args:
        folder: where they lie.
        names: of the labs. Default: all.

    Raises:
        LabError: if one is not there, or is wrong.
    """
    chosen = list(names) or sorted(file.parent.name for file in folder.glob(f"*/{SOLUTION}"))
    if not chosen:
        raise LabError(folder, 0, f"there are no labs here (folders with a {SOLUTION})")
    return [read_lab(folder / name) for name in chosen]


def build(lab: Lab) -> Path:
    """Write the student's notebook into the lab's folder, and return its path.

    Raises:
        LabError: if the lab is wrong.
    """
    file = lab.folder / NOTEBOOK
    file.write_text(student_notebook(lab), encoding="utf-8")
    return file


def student_notebook(lab: Lab, *, solved: bool = False) -> str:
    """Return the student's notebook as JSON; `solved`: with the solutions and their marks.

    Raises:
        LabError: if the lab is wrong.
    """
    return build_notebook(lab, public_points(lab, collect_tests(lab)), solved=solved)


def release(lab: Lab, out: Path, *, nbgrader: bool = False) -> Path:
    """Make what students get: notebook, public tests, README; nothing of solutions or hidden tests.

    Args:
        lab: to be released.
        out: a folder that does not exist yet, or a file ending in .zip.
        nbgrader: the solved notebook with nbgrader's marks instead, for the `source` folder of
            an nbgrader course, which makes the students' notebook itself.

    Raises:
        LabError: if the lab is wrong.
        FileExistsError: if `out` is there already.
    """
    if out.exists():
        raise FileExistsError(f"{out} is there already: name another, or remove it.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / lab.name
        folder.mkdir()
        notebook = student_notebook(lab, solved=nbgrader)
        (folder / NOTEBOOK).write_text(notebook, encoding="utf-8")
        shutil.copy(lab.folder / PUBLIC, folder)
        (folder / "README.md").write_text(README.format(title=lab.title), encoding="utf-8")
        if out.suffix == ".zip":
            shutil.make_archive(str(out.with_suffix("")), "zip", scratch, lab.name)
        else:
            shutil.copytree(folder, out)
    return out
