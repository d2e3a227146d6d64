"""Makes what students get from a teacher's lab: the notebook, the public tests, and a README."""

import contextlib
import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from ankeras.grading.lab import NOTEBOOK, PUBLIC, Lab
from ankeras.grading.notebook import build_notebook, colab_cell, released_cell
from ankeras.grading.packed import packed_file
from ankeras.grading.plugin import CONFTEST
from ankeras.grading.prove import collect_tests, public_points

from packaging.requirements import InvalidRequirement, Requirement

README = """# {title}

{install}

Open the notebook:

    python -m jupyter lab lab.ipynb

Fill in the cells that start with `# Exercise`. Run the `check` below each of them. You can also run
all checks in a terminal and see your points:

    python -m pytest .

You can also upload `lab.ipynb` to Colab, without the other files.

Hand in `lab.ipynb`. Only the cells of the exercises count. Put all code that an answer needs into
the cell of its exercise, and do not change the first line of the cell. You may add and move cells.
Your teacher runs more tests than you have: they use other inputs and other sizes.
"""
WITH_ADDRESS = """Install the package `ankeras` once, with Python 3.11, 3.12 or 3.13:

    python -m pip install "{address}\""""
WITHOUT_ADDRESS = """You need Python 3.11, 3.12 or 3.13 with the package `ankeras`. Ask your teacher
how to install it."""
ARCHIVES = (".whl", ".zip", ".tar.gz")


def build(lab: Lab) -> Path:
    """Write the student's notebook into the lab's folder, and return its path.

    Raises:
        LabError: if the lab has a mistake.
    """
    file = lab.folder / NOTEBOOK
    file.write_text(student_notebook(lab), encoding="utf-8")
    return file


def student_notebook(lab: Lab, *, solved: bool = False) -> str:
    """Return the notebook of the lab's own folder as JSON.

    Args:
        lab: the lab.
        solved: keep the solutions and the marks around them.

    Raises:
        LabError: if the lab has a mistake.
    """
    return _notebook(lab, colab_cell("../.."), solved)


def add_conftest(folder: Path) -> None:
    """Write the conftest.py that lets pytest judge labs, if the folder has none."""
    file = folder / "conftest.py"
    if not file.exists():
        file.write_text(CONFTEST, encoding="utf-8")


def pip_address(address: str) -> str:
    """Return the address of a package as pip takes it.

    Args:
        address: of a git repository or a wheel (a URL), a folder or file of this machine, or the
            name of a package in an index, with or without a version.

    Raises:
        ValueError: if it is none of these.
    """
    archive = urlsplit(address).path.endswith(ARCHIVES)
    if address.startswith(("http://", "https://")):
        return address if archive else f"git+{address}"
    if re.fullmatch(r"git\+\w+://\S+", address):
        return address
    if not archive:
        with contextlib.suppress(InvalidRequirement):
            found = Requirement(address)
            if found.url is None or "://" in found.url:  # "git@host:course" is read as a name, too
                return str(found)
    path = Path(address).expanduser()
    if path.exists():
        return str(path.resolve())
    raise ValueError(
        f"pip cannot install {address!r}: give the URL of a git repository or of a wheel, a path "
        "that exists, or the name of a package."
    )


def release(lab: Lab, out: Path, *, install: str = "", nbgrader: bool = False) -> Path:
    """Write the folder or zip that students get, and return its path.

    It contains the notebook without solutions, the public tests, a README, and a conftest.py with
    which `pytest` prints the points. It contains no solutions and no hidden tests, and the public
    tests are packed: they compute the right values. The notebook works alone, too.

    Args:
        lab: the lab to release.
        out: a folder or a .zip file that does not exist yet.
        install: the address from which students install the package, as in `pip_address`. "":
            README and notebook tell them to ask the teacher for it.
        nbgrader: write the notebook with the solutions and nbgrader's marks. It is for the folder
            `source` of an nbgrader course: nbgrader makes the students' notebook from it.

    Raises:
        LabError: if the lab has a mistake.
        ValueError: if pip cannot install from `install`.
        FileExistsError: if `out` exists already.
    """
    if out.exists():
        raise FileExistsError(f"{out} exists already: choose another name, or remove it.")
    address = pip_address(install) if install else ""
    checks = packed_file((lab.folder / PUBLIC).read_text(encoding="utf-8"), lab.name, lab.title)
    how = (WITH_ADDRESS if address else WITHOUT_ADDRESS).format(address=address)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / lab.name
        folder.mkdir()
        notebook = _notebook(lab, released_cell(address, checks), nbgrader)
        readme = README.format(title=lab.title, install=how)
        for name, text in ((NOTEBOOK, notebook), (PUBLIC, checks), ("README.md", readme)):
            (folder / name).write_text(text, encoding="utf-8")
        add_conftest(folder)
        if out.suffix == ".zip":
            shutil.make_archive(str(out.with_suffix("")), "zip", scratch, lab.name)
        else:
            shutil.copytree(folder, out)
    return out


def _notebook(lab: Lab, first: str, solved: bool) -> str:
    return build_notebook(lab, public_points(lab, collect_tests(lab)), first, solved=solved)
