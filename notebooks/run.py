"""Run the notebooks from top to bottom and keep what they show.

python notebooks/run.py --out DIR      # as a student would: DIR gets notebooks, HTML, figures
python notebooks/run.py --quick        # the same code with little training, as a check
python notebooks/run.py 05_vae         # names select: notebooks, and labs with their solutions
"""

import argparse
import base64
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ankeras.grading.release import find_labs, student_notebook

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

FOLDER = Path(__file__).parent
LABS = FOLDER.parent / "labs"


def sources() -> dict[str, tuple[Path, str]]:
    """Return (where it runs, JSON) of each notebook and each solved lab, by name, in order."""
    found = {
        file.stem: (FOLDER, file.read_text(encoding="utf-8"))
        for file in sorted(FOLDER.glob("[0-9]*.ipynb"))
    }
    for lab in find_labs(LABS):
        found[f"labs/{lab.name}"] = (lab.folder, student_notebook(lab, solved=True))
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
        for name, source in sources().items()
        if not options.names or name.removeprefix("labs/").startswith(tuple(options.names))
    }
    if not chosen:
        parser.error(f"no notebook is named {' or '.join(options.names)}")

    def timed(name: str) -> tuple[str, float]:
        start = time.perf_counter()
        folder, text = chosen[name]
        return run(name.replace("/", "-"), folder, text, out), time.perf_counter() - start

    failed = 0
    # In the quick setting a notebook mostly starts; unreduced, two would share the cores.
    at_once = 2 if options.quick else 1
    with tempfile.TemporaryDirectory() as temporary:
        out = options.out or Path(temporary)
        out.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(at_once) as pool:
            for name, (error, seconds) in zip(chosen, pool.map(timed, chosen), strict=True):
                verdict = "FAILED" if error else "ok"
                print(f"{name:34}{verdict:8}{seconds:6.0f} s", flush=True)
                if error:
                    print(error, file=sys.stderr)
                    failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
