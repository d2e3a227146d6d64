"""Measure how long a student of a lab waits: for the first cells, and for each check.

python bench/first_check.py [NAME ...]

Each lab is released, its exercises are filled in, and its cells run in a kernel as in Jupyter.
Cells that only train or show pictures are left out.
"""

import sys
import tempfile
import time
from pathlib import Path

from ankeras.grading.find import find_labs
from ankeras.grading.release import release
from ankeras.grading.submission import GIVEN, HEADING

import nbformat
from nbclient import NotebookClient

LABS = Path(__file__).parents[1] / "labs"


def waits(folder: Path, answers: dict[str, str]) -> tuple[float, dict[str, float]]:
    """Return the seconds until the first exercise, and the seconds of each check.

    The first number contains the start of the kernel and the imports.

    Args:
        folder: the released lab.
        answers: exercise number -> the cell with the right answer.
    """
    notebook = nbformat.read(folder / "lab.ipynb", as_version=4)
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}})
    checks: dict[str, float] = {}
    number, first = "", 0.0
    start = time.perf_counter()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            heading = HEADING.match(cell.source)
            if heading:
                first = first or time.perf_counter() - start
                number = heading[1]
                cell.source = f"{heading[0]}\n{answers[number]}"
            is_check = cell.source == f'check("{number}")'
            if cell.cell_type == "code" and (
                not number or heading or is_check or cell.source.startswith(GIVEN)
            ):
                begin = time.perf_counter()
                client.execute_cell(cell, index)
                if is_check:
                    checks[number] = time.perf_counter() - begin
    return first, checks


def main() -> None:
    """Print a line per lab."""
    print("seconds: kernel and first cells; first check; the other checks")
    for lab in find_labs(LABS, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as temporary:
            folder = release(lab, Path(temporary) / lab.name)
            answers = {number: exercise.source for number, exercise in lab.exercises.items()}
            first, checks = waits(folder, answers)
            seconds = [f"{each:.1f}" for each in checks.values()]
            print(f"{lab.name:30} {first:5.1f}; {seconds[0]}; {' '.join(seconds[1:])}", flush=True)


if __name__ == "__main__":
    main()
