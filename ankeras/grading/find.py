"""Finds labs by name: `05_vae`, `labs/05_vae` and `labs/05_vae/` are the same lab everywhere."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from ankeras.grading.errors import GradingError
from ankeras.grading.lab import SOLUTION, Lab, LabError, read_lab

LABS = Path("labs")  # where labs are, unless a command is told another folder


def find_labs(folder: Path, names: Sequence[str] = ()) -> list[Lab]:
    """Read labs and return them.

    Args:
        folder: the folder of the labs, as a user names it from outside or from inside of it.
        names: the names of labs, or the paths of their folders. Default: all labs in the folder.

    Raises:
        LabError: if there are no labs, or if a lab has a mistake.
        GradingError: if there is no lab of a name. The message lists similar names.
    """
    folder = labs_folder(folder)
    chosen = list(names) or _names(folder)
    if not chosen:
        raise LabError(folder, 0, f"there are no labs here (folders with a {SOLUTION})")
    return [read_lab(_find(folder, name)) for name in chosen]


def find_lab(name: str, folder: Path = LABS) -> Lab:
    """Read one lab and return it. Arguments and exceptions are those of `find_labs`."""
    return find_labs(folder, [name])[0]


def labs_folder(folder: Path) -> Path:
    """Return the folder itself, or "." if the current folder is the one that is meant."""
    return Path() if not folder.is_dir() and Path.cwd().name == folder.name else folder


def _find(folder: Path, name: str) -> Path:
    path = Path(name)
    if path.name in ("", ".."):  # such as ".", in the folder of a lab
        path = path.resolve()
    places = [folder / path.name, path]
    if len(path.parts) > 1:
        places.reverse()
    for place in places:
        if place.is_dir():
            return place
    known = _names(folder)
    similar = [other for other in known if path.name.lower() in other]
    similar = similar or difflib.get_close_matches(path.name, known) or known
    where = folder.resolve().name
    listed = f": do you mean {' or '.join(similar)}?" if similar else "."
    raise GradingError(f"There is no lab {name!r} in the folder {where}{listed}")


def _names(folder: Path) -> list[str]:
    return sorted(file.parent.name for file in folder.glob(f"*/{SOLUTION}"))
