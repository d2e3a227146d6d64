"""What a folder of images holds, and what of it is left out."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ankeras.data.image_files import SUFFIXES

# What systems write into folders, besides hidden files and folders.
LITTER = ("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir")


class Contents(NamedTuple):
    """What lies in a folder, sorted by name, without hidden files and litter of systems.

    Attributes:
        images: files with one of `SUFFIXES`.
        others: other files.
        folders: sub-folders.
    """

    images: list[Path]
    others: list[Path]
    folders: list[Path]


def contents(folder: Path) -> Contents:
    """Return what lies in a folder."""
    found = Contents([], [], [])
    for entry in sorted(folder.iterdir()):
        if _is_litter(entry.name):
            continue
        if entry.is_dir():
            found.folders.append(entry)
        # A link to nothing counts as an image, so that reading it says what is wrong.
        elif entry.suffix.lower() in SUFFIXES and (entry.is_file() or entry.is_symlink()):
            found.images.append(entry)
        else:
            found.others.append(entry)
    return found


def images_in(folder: Path, left_out: list[Path]) -> list[Path]:
    """Return the images that lie in a folder, sorted by name.

    Args:
        folder: a folder.
        left_out: the other files and the sub-folders of the folder are appended to it.

    Raises:
        ValueError: if there are more files that are left out than images.
    """
    found = contents(folder)
    unused = found.others + found.folders
    check_left_out(folder, len(found.images), unused)
    left_out += unused
    return found.images


def check_left_out(folder: Path, n_images: int, left_out: list[Path]) -> None:
    """Raise ValueError if more files of a folder are left out than read."""
    if sum(map(n_files, left_out)) > n_images:
        raise ValueError(
            f"{folder}: {_count(n_images, 'image')} would be read, but "
            f"{describe(left_out, folder)} would be left out. Images must lie directly in their "
            f"folder and end in {', '.join(SUFFIXES)}; move other files elsewhere."
        )


def report(folder: Path, left_out: list[Path], notes: Sequence[str] = ()) -> None:
    """Print one line that says what of a folder is left out, and other notes, if there are any."""
    if left_out:
        notes = [*notes, f"left out {describe(left_out, folder)}"]
    if notes:
        print(f"{folder}: {'; '.join(notes)}.")


def describe(paths: list[Path], root: Path) -> str:
    """Return a list of files, by their endings, and of folders: "2 files (.txt is not read)"."""
    folders = [path for path in paths if path.is_dir()]
    files = [path for path in paths if path not in folders]
    parts = []
    if files:
        endings = sorted({path.suffix.lower() or "no ending" for path in files})
        verb = "is" if len(endings) == 1 else "are"
        parts.append(f"{_count(len(files), 'file')} ({_some(endings)} {verb} not read)")
    if folders:
        names = [f"{f.relative_to(root)} ({_count(n_files(f), 'file')})" for f in folders]
        noun = "folder" if len(folders) == 1 else "folders"
        parts.append(f"the {noun} {_some(names)}")
    return " and ".join(parts)


def n_files(path: Path) -> int:
    """Return the number of files in a folder and its sub-folders, without litter; 1 for a file."""
    if not path.is_dir():
        return 1
    n = 0
    for _, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not _is_litter(name)]
        n += sum(not _is_litter(name) for name in files)
    return n


def _some(names: list[str], most: int = 4) -> str:
    shown = names if len(names) <= most else [*names[:most], f"{len(names) - most} more"]
    return ", ".join(shown)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in LITTER
