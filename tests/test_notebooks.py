"""Tests of the notebooks: built from their sources, without outputs, and usable on Colab."""

import importlib.util
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
_spec = importlib.util.spec_from_file_location("build", FOLDER / "build.py")
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

SOURCES = build.sources()


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_notebook_is_built_from_its_source(source):
    assert source.with_suffix(".ipynb").read_text() == build.build(source), (
        "run `python notebooks/build.py` after editing a source"
    )


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_notebook_has_no_outputs_and_installs_on_colab(source):
    notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert "google.colab" in code[0].source
    assert "\n    %pip install" in code[0].source
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert notebook.cells[0].source.startswith("# ")
    sources = (
        "data.load(",
        "data.faces(",
        "data.photo(",
        "ankeras.gans.toy",
    )  # the package's data only
    assert any(source in "".join(cell.source for cell in code) for source in sources)


def test_each_notebook_has_a_source():
    assert [path.stem for path in sorted(FOLDER.glob("*.ipynb"))] == [s.stem for s in SOURCES]
