"""Writes files completely or not at all, under names that are safe on every system."""

import contextlib
import errno
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from ankeras.grading.errors import GradingError

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,59}")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # in Windows


@contextlib.contextmanager
def full_disk_named(folder: Path) -> Iterator[None]:
    """Make the error of a full disk a sentence that names the folder.

    Raises:
        GradingError: instead of the OSError of a full disk, or of a quota that is used up.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise GradingError(
            f"The disk with {folder} is full. Free some space there, and start the same command "
            "again: the grades that exist already are kept."
        ) from error


def write_text(file: Path, text: str) -> None:
    """Write a text as UTF-8. A program that reads the file meanwhile gets the old or the new text.

    Args:
        file: the path. Its folder must exist.
        text: characters that UTF-8 cannot hold (half of a surrogate pair, from a notebook) become
            "?".

    Raises:
        GradingError: if the disk is full.
    """
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with full_disk_named(file.parent):
            partial.write_bytes(text.encode("utf-8", "replace"))
            partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def safe_names(ids: Iterable[str]) -> dict[str, str]:
    """Return a file name (without ending) for every id.

    The name is the id itself if that is safe. Otherwise it is the safe part of the id, and a hash
    of the id. All names are different, also on a disk that does not tell upper from lower case.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for id_ in sorted(set(ids), key=lambda i: (not _is_plain(i), i)):
        name = id_ if _is_plain(id_) else _shortened(id_)
        while name.casefold() in taken:
            name += f"-{_digest(id_)}"
        taken.add(name.casefold())
        names[id_] = name
    return names


def _is_plain(id_: str) -> bool:
    return bool(PLAIN.fullmatch(id_)) and not RESERVED.fullmatch(id_)


def _shortened(id_: str) -> str:
    letters = unicodedata.normalize("NFKD", id_).encode("ascii", "ignore").decode()
    return f"{re.sub(r'[^A-Za-z0-9]+', '_', letters).strip('_')[:40]}-{_digest(id_)}".lstrip("-")


def _digest(id_: str) -> str:
    return hashlib.sha256(id_.encode("utf-8", "backslashreplace")).hexdigest()[:10]
