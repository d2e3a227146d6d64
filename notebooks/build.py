"""Write each notebook from its source: NN_name.py (percent format) becomes NN_name.ipynb.

The notebook has one more cell, after the title: on Colab it installs the package. After editing a
source, run `python notebooks/build.py`. Running it again changes nothing.
"""

from pathlib import Path

from ankeras.grading.notebook import colab_cell

import jupytext
import nbformat
from nbformat.v4 import new_code_cell

FOLDER = Path(__file__).parent


def sources() -> list[Path]:
    """Return the notebooks' sources in order."""
    return sorted(FOLDER.glob("[0-9]*.py"))


def build(source: Path) -> str:
    """Return the notebook of a source as JSON, without outputs and with stable cell ids."""
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.cells.insert(1, new_code_cell(colab_cell("..")))  # after the title
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{source.stem[:2]}-{number:02}"
        cell["metadata"] = {}
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


if __name__ == "__main__":
    for path in sources():
        path.with_suffix(".ipynb").write_text(build(path), encoding="utf-8")
