"""The catalogue: every system of this package, one row each, collected from the systems' files.

A file that holds a system ends with its `ROWS`. README's table and the tests read the catalogue.

    ankeras systems                      print the table
    ankeras systems --write README.md    write it into a file, in place of the old table
"""

import importlib
import pkgutil
import re
from pathlib import Path

from ankeras import (
    autoencoders,
    builders,
    diffusion,
    gans,
    image_to_image,
    input_gradients,
    inverse_problems,
    language,
    likelihood,
)
from ankeras.training.catalogue_row import Row

HEAD = "| system | in the package | lecture | paper | notebook |\n|---|---|---|---|---|\n"
PACKAGES = (
    builders,
    autoencoders,
    gans,
    image_to_image,
    inverse_problems,
    likelihood,
    diffusion,
    language,
    input_gradients,
)


def collect() -> tuple[Row, ...]:
    """Return the rows of all files, in the order of the notebooks."""
    rows: list[Row] = []
    for package in PACKAGES:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            rows += getattr(importlib.import_module(module.name), "ROWS", ())
    return tuple(sorted(rows, key=lambda row: row.notebook))


SYSTEMS = collect()
TRAINED = tuple(row for row in SYSTEMS if row.tiny is not None)  # the others are functions


def markdown_table() -> str:
    """Return the table of systems as it is in the README."""
    return HEAD + "\n".join(
        f"| {row.name} | [`{row.api}`]({row.file}) | {row.lecture} | {row.paper or '-'} "
        f"| {row.notebook} |"
        for row in SYSTEMS
    )


def write_table(file: Path) -> None:
    """Replace the table of systems in a Markdown file.

    Raises:
        ValueError: if the file holds no such table.
    """
    text = file.read_text(encoding="utf-8")
    old = re.compile(re.escape(HEAD) + r"(?:\|.*\n?)*")
    if not old.search(text):
        raise ValueError(f"{file} holds no table of systems.")
    file.write_text(old.sub(lambda _: markdown_table() + "\n", text), encoding="utf-8")
