"""Shows the widget of a pretrained model outside of a notebook, as a page in the browser.

    ankeras explore faces-vae

writes a notebook with one cell, `explore.open("faces-vae")`, and shows it with voila: the page has
the widget without the code, and a kernel of Python behind it. The other way would be a static page
with the decoder in ONNX, run by onnxruntime-web. It would need no Python. But all that happens
between two pictures (hyperplanes, projections, the face reader, the drawing of faces) would have to
be written a second time, in JavaScript, and be kept in step with this package; each network would
have to be exported, and a runtime in WebAssembly be shipped. With voila, nothing is written twice.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ankeras.explore.opening import check_view


def serve(name: str, view: str | None = None) -> None:
    """Show the widget of a pretrained model as a page in the browser, until it is interrupted.

    Args:
        name, view: as in `explore.open`.

    Raises:
        ValueError: if there is no such model or view, voila is not installed, or voila fails.
    """
    view = check_view(name, view)
    if importlib.util.find_spec("voila") is None:
        raise ValueError(
            "`ankeras explore` shows its page with voila, which is not installed: run "
            "pip install 'ankeras[explore]'."
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.ipynb"
        file.write_text(json.dumps(notebook(name, view)), encoding="utf-8")
        if subprocess.run([sys.executable, "-m", "voila", str(file)], check=False).returncode:
            raise ValueError("voila could not show the page: its messages above say why.")


def notebook(name: str, view: str) -> dict[str, Any]:
    """Return a notebook that shows the widget: a title and one cell."""
    code = f"from ankeras import explore\n\nexplore.open({name!r}, {view!r})"
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# {name}"},
        {
            "cell_type": "code",
            "id": "widget",
            "metadata": {},
            "source": code,
            "execution_count": None,
            "outputs": [],
        },
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel},
        "cells": cells,
    }
