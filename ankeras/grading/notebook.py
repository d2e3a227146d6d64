"""The student's notebook, made from the teacher's solution.

Building it again changes nothing: cell ids are stable, and there are no outputs. Cells carry
nbgrader's metadata, so that a course with nbgrader can use the same notebook.
"""

from typing import Any

from ankeras.grading.lab import Cell, Lab
from ankeras.grading.submission import GIVEN

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

_COLAB = """\
# On Colab this cell installs the package; elsewhere it does nothing.
import sys
from pathlib import Path

REPOSITORY = ""  # on Colab: the address of the course's repository, from your teacher
if "google.colab" in sys.modules:
    SOURCE = "{root}" if Path("{root}/pyproject.toml").exists() else f"git+{{REPOSITORY}}"
    %pip install -q {{SOURCE}}"""


def colab_cell(root: str) -> str:
    """Return the code of a notebook's first code cell: it installs the package on Colab.

    Args:
        root: the path from the notebook's folder to the repository's folder, such as "..".
    """
    return _COLAB.format(root=root)


def build_notebook(lab: Lab, public_points: dict[str, float], *, solved: bool = False) -> str:
    """Return the notebook as JSON.

    Args:
        lab: the lab to build.
        public_points: exercise -> the points of its public tests.
        solved: keep the solutions and their marks.
    """
    title, *others = lab.cells
    cells: list[Any] = []
    for i, cell in enumerate([title, Cell("code", colab_cell("../..")), *others]):
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
