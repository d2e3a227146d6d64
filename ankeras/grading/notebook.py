"""The student's notebook, made from the teacher's solution.

Building it again changes nothing: cell ids are stable, and there are no outputs. Cells carry
nbgrader's metadata, so that a course with nbgrader can use the same notebook.
"""

from typing import Any

from ankeras.grading.lab import PUBLIC, Cell, Lab
from ankeras.grading.submission import GIVEN

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

_START = """\
# On Colab, this cell installs the package.
import sys
from pathlib import Path
"""
_INSTALL = """
if "google.colab" in sys.modules:
    %pip install -q "{address}\""""
_ASK = """
ADDRESS = {address}
if "google.colab" in sys.modules:
    if not ADDRESS:
        raise ValueError(
            "The address of the package is missing: ask your teacher for it, write it into this "
            'cell as ADDRESS = "...", and run the cell again.'
        )
    %pip install -q "{{ADDRESS}}\""""
_CHECKS = """

# If this notebook was moved without its folder, the checks of the exercises are written here.
if not Path("{file}").exists():
    Path("{file}").write_text({text!r}, encoding="utf-8")"""


def colab_cell(root: str) -> str:
    """Return the first code cell of a notebook of the repository: it installs the package on Colab.

    Args:
        root: the path from the notebook's folder to the repository's folder, such as "..".
    """
    address = f'"{root}" if Path("{root}/pyproject.toml").exists() else ""'
    return _START + _ASK.format(address=address)


def released_cell(address: str, checks: str) -> str:
    """Return the first code cell of a released notebook, which also works without its folder.

    It installs the package on Colab, and writes the file of the checks if there is none.

    Args:
        address: what pip installs. "": the student must ask for it.
        checks: the text of the file of the checks.
    """
    install = _INSTALL.format(address=address) if address else _ASK.format(address='""')
    return _START + install + _CHECKS.format(file=PUBLIC, text=checks)


def build_notebook(
    lab: Lab, public_points: dict[str, float], first: str, *, solved: bool = False
) -> str:
    """Return the notebook as JSON.

    Args:
        lab: the lab to build.
        public_points: exercise -> the points of its public tests.
        first: the first code cell, which installs the package.
        solved: keep the solutions and their marks.
    """
    title, *others = lab.cells
    cells: list[Any] = []
    for i, cell in enumerate([title, Cell("code", first), *others]):
        if cell.exercise is None:
            new = new_markdown_cell if cell.kind == "markdown" else new_code_cell
            source = f"{GIVEN}\n{cell.source}" if cell.given else cell.source
            cells.append(new(source, id=f"cell-{i:02}"))
            continue
        cells += [_exercise(cell, solved), _check(cell, public_points)]
    notebook = new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "ankeras": {"lab": lab.name},
        },
    )
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=4) + "\n"


def _exercise(cell: Cell, solved: bool) -> Any:
    exercise = cell.exercise
    assert exercise is not None
    name = f"exercise-{exercise.number.replace('.', '-')}"
    source = f"{exercise.heading}\n{exercise.source}" if solved else exercise.stub
    return new_code_cell(source, id=name, metadata=_nbgrader(name, solution=True))


def _check(cell: Cell, public_points: dict[str, float]) -> Any:
    exercise = cell.exercise
    assert exercise is not None
    name = f"check-{exercise.number.replace('.', '-')}"
    points = public_points[exercise.number]
    metadata = _nbgrader(name, grade=True, locked=True, points=points)
    return new_code_cell(f'check("{exercise.number}")', id=name, metadata=metadata)


def _nbgrader(name: str, **options: Any) -> dict[str, Any]:
    flags = {"grade": False, "locked": False, "solution": False, "task": False, **options}
    return {"nbgrader": {"grade_id": name, "schema_version": 3, **flags}}
