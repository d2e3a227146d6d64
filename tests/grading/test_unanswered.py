"""A released notebook alone, on Colab and with "Run All": checks are there, and nothing stops."""

import sys
import types

from ankeras.grading.lab import read_lab
from ankeras.grading.release import release

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell

# Colab's module is there before the first cell; what pip would install is printed.
COLAB = """
import sys, types

sys.modules["google.colab"] = types.ModuleType("google.colab")
get_ipython().register_magic_function(lambda line: print("pip", line), magic_name="pip")
"""
TRIED = """
# %%
found = {}
found["one"] = double(1)

# %%
def of_one():
    return found["one"]

of_one()

# %%
half, twice = 0.5, double(2)

# %%
twice

# %% [markdown]
# The double of the double.
"""
NEEDS = "This cell needs exercise {}, which is not done yet."


@pytest.fixture
def alone(numbers, tmp_path):
    """Return what releases the lab, with cells that try the answers, and returns its notebook."""

    def write(install: str = ""):
        markdown = "\n# %% [markdown]\n# The double of the double.\n"
        lab = read_lab(numbers(("solution.py", markdown, TRIED)))
        file = release(lab, tmp_path / "release", install=install) / "lab.ipynb"
        notebook = nbformat.read(file, as_version=4)
        notebook.cells.insert(0, new_code_cell(COLAB))
        return notebook

    return write


def _run_all(notebook, folder) -> dict[str, str]:
    """Run all cells in the folder, until one fails, and return what each cell has shown, by id."""
    folder.mkdir(exist_ok=True)
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}})
    error = ""
    try:
        client.execute()
    except CellExecutionError as failed:
        error = f"{failed.ename}: {failed.evalue}"
    shown = {"error": error}
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        texts = [
            output.get("text") or output.get("data", {}).get("text/plain") for output in outputs
        ]
        shown[cell.id] = "".join(text for text in texts if text)
    return shown


def test_run_all_on_an_empty_lab_says_which_exercise_each_cell_needs(alone, tmp_path):
    notebook = alone("ankeras>=0.1")
    answer = "# Exercise 1.1 (2 points)\ndef double(x):\n    return 2 * x"
    later = [answer, 'check("1.1")', "of_one()"]
    notebook.cells += [new_code_cell(source, id=f"later-{i}") for i, source in enumerate(later)]
    shown = _run_all(notebook, tmp_path / "downloads")
    assert shown["cell-01"] == 'pip install -q "ankeras>=0.1"\n'
    assert (tmp_path / "downloads" / "test_lab.py").exists()
    needed = [shown[f"cell-{i:02}"].strip() for i in (5, 6, 7, 8)]
    first = NEEDS.format("1.1")
    assert needed == [first, f"{first} (KeyError: 'one')", first, first]
    assert shown["check-1-1"] == shown["check-1-2"] == "0"
    assert shown["later-1"] == "1"  # checked by the packed test
    # The exercise is done: what is missing now is a mistake like any other.
    assert shown["error"] == "KeyError: 'one'"


def test_without_an_address_colab_stops_with_one_sentence(alone, tmp_path, monkeypatch):
    (first,) = [cell.source for cell in alone().cells if cell.id == "cell-01"]
    monkeypatch.chdir(tmp_path)
    python = TransformerManager().transform_cell(first)
    exec(python, {})  # elsewhere, the package is there already
    (tmp_path / "test_lab.py").unlink()
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    with pytest.raises(ValueError, match=r"^The address of the package is missing: ask your teach"):
        exec(python, {})
    assert not (tmp_path / "test_lab.py").exists()
