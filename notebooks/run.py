"""Run the notebooks from top to bottom and keep what they show.

python notebooks/run.py --out DIR      # as a student would: DIR gets notebooks, HTML, figures
python notebooks/run.py --quick        # with little training, as a check; also labs without answers
python notebooks/run.py 05_vae         # names select: notebooks, and labs with their solutions
"""

import argparse
import base64
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from ankeras.grading.find import find_labs
from ankeras.grading.release import student_notebook
from ankeras.grading.warm import preload

import matplotlib
import nbformat
from IPython.core.interactiveshell import InteractiveShell
from matplotlib_inline.backend_inline import configure_inline_support
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

FOLDER = Path(__file__).parent
LABS = FOLDER.parent / "labs"
AT_ONCE = 2  # quick runs side by side


def sources(*, empty: bool = False) -> dict[str, tuple[Path, str]]:
    """Return (where it runs, JSON) of each notebook and each solved lab, by name, in order.

    Args:
        empty: also each lab as students get it: no cell may fail while no exercise is done.
    """
    found = {
        file.stem: (FOLDER, file.read_text(encoding="utf-8"))
        for file in sorted(FOLDER.glob("[0-9]*.ipynb"))
    }
    for lab in find_labs(LABS):
        found[f"labs/{lab.name}"] = (lab.folder, student_notebook(lab, solved=True))
        if empty:
            found[f"labs/{lab.name}, empty"] = (lab.folder, student_notebook(lab))
    return found


def run(name: str, folder: Path, text: str, out: Path) -> str:
    """Execute one notebook in a fresh kernel and save it, its HTML and its figures.

    Args:
        name: of what is saved.
        folder: where it runs.
        text: the notebook as JSON.
        out: the folder for the executed notebook, NAME.html and NAME/figure-*.png.

    Returns:
        "" or, if a cell failed, its traceback.
    """
    notebook = nbformat.reads(text, as_version=4)
    client = NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(folder)}})
    error = ""
    try:
        client.execute()
    except CellExecutionError as failure:
        error = str(failure)
    nbformat.write(notebook, out / f"{name}.ipynb")
    (out / f"{name}.html").write_text(
        HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8"
    )
    figures = out / name
    figures.mkdir(exist_ok=True)
    pictures = [
        output["data"]["image/png"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    for number, picture in enumerate(pictures, start=1):
        (figures / f"figure-{number:02}.png").write_bytes(base64.b64decode(picture))
    return error


def run_and_keep(
    chosen: dict[str, tuple[Path, str]], out: Path | None
) -> Iterator[tuple[str, str, float]]:
    """Execute notebooks in kernels, one after the other, and keep what they show.

    Yields:
        Name, "" or the traceback of a cell that failed, and seconds of each notebook.
    """
    with tempfile.TemporaryDirectory() as temporary:
        out = out or Path(temporary)
        out.mkdir(parents=True, exist_ok=True)
        for name, (folder, text) in chosen.items():
            start = time.perf_counter()
            error = run(name.replace("/", "-"), folder, text, out)
            yield name, error, time.perf_counter() - start


def run_quickly(chosen: dict[str, tuple[Path, str]]) -> Iterator[tuple[str, str, float]]:
    """Execute notebooks in forked processes, two at once, and keep nothing of them.

    The import of TensorFlow and the start of a kernel take longer than most quick notebooks. So
    this process imports TensorFlow once and forks a process for each notebook. It must run no
    operation: after one, every forked process would hang.

    Yields:
        Name, "" or the output that ends with a traceback, and processor seconds of each notebook.
    """
    preload()
    waiting = list(chosen.items())
    running: dict[int, tuple[str, Path]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                name, (folder, text) = waiting.pop(0)
                printed = Path(temporary) / name.replace("/", "-")
                child = os.fork()
                if child == 0:
                    _execute(folder, text, printed)
                running[child] = name, printed
            child, status, used = os.wait4(-1, 0)
            name, printed = running.pop(child)
            error = (printed.read_text(encoding="utf-8") or f"status {status}") if status else ""
            yield name, error, used.ru_utime + used.ru_stime


def _execute(folder: Path, text: str, printed: Path) -> NoReturn:
    """Run the cells in IPython, print to a file, and end this process."""
    status = 1
    try:
        file = os.open(printed, os.O_CREAT | os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(file, descriptor)
        os.chdir(folder)
        shell = _shell()
        cells = nbformat.reads(text, as_version=4).cells
        sources = [cell.source for cell in cells if cell.cell_type == "code"]
        status = 0 if all(shell.run_cell(source).success for source in sources) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _shell() -> InteractiveShell:
    """Return IPython, which draws figures and tables as it does in a notebook."""
    shell = InteractiveShell.instance()
    assert shell.display_formatter is not None
    shell.display_formatter.active_types = shell.display_formatter.format_types
    matplotlib.use("module://matplotlib_inline.backend_inline")
    configure_inline_support(shell, "inline")
    return shell


def main() -> int:
    """Run the notebooks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="such as 01 02; default: all")
    parser.add_argument("--quick", action="store_true", help="cut the training short")
    parser.add_argument("--out", type=Path, help="folder for the results; default: none are kept")
    options = parser.parse_args()
    if options.quick:
        os.environ["ANKERAS_QUICK"] = "1"
    chosen = {
        name: source
        for name, source in sources(empty=options.quick).items()
        if not options.names or name.removeprefix("labs/").startswith(tuple(options.names))
    }
    if options.quick and options.out:
        parser.error("--quick keeps no results: leave out --out")
    if not chosen:
        parser.error(f"no notebook is named {' or '.join(options.names)}")

    runs = run_quickly(chosen) if options.quick else run_and_keep(chosen, options.out)
    failed = 0
    for name, error, seconds in runs:
        print(f"{name:44}{'FAILED' if error else 'ok':8}{seconds:6.0f} s", flush=True)
        if error:
            print(error, file=sys.stderr)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
