"""Lists the files among the submissions: in a folder or in a zip, and in zips inside it.

Students make these files, so nothing in them is trusted. No link is followed. Only notebooks are
unpacked from a zip, and only up to a limit. Files that are not read are listed with the reason.

A student can write any date into an own zip. So for a file in it, the date of the zip counts.
"""

import contextlib
import os
import re
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ankeras.grading.errors import GradingError
from ankeras.grading.submission import MAX_BYTES, SUFFIXES, shown


@dataclass(frozen=True)
class ZipLimits:
    """How much is unpacked.

    Attributes:
        bytes: of all unpacked notebooks together.
        members: the number of files and folders in all zips together.
    """

    bytes: int
    members: int


OF_CLASS = ZipLimits(8 * 2**30, 200_000)
OF_STUDENT = ZipLimits(4 * MAX_BYTES, 10_000)


class CohortError(GradingError):
    """The submissions, the pattern or the roster can't be used. The message says why."""


@dataclass(frozen=True)
class Found:
    """A file or folder among the submissions.

    Attributes:
        parts: the parts of its path, as the teacher sees it. The last part of a folder is "".
        path: the same path as one line of text.
        file: where the file can be read, if it is a notebook.
        trouble: why it was not read; "" if there is no trouble.
        saved: when it was handed in, in seconds since 1970; None if that is not known.
        dated_by: what says so, such as "the date of the file".
        blocks: whether the unread file may be, or may contain, the notebook that counts. Then the
            student is not graded.
    """

    parts: tuple[str, ...]
    path: str
    file: Path | None = None
    trouble: str = ""
    blocks: bool = False
    saved: float | None = None
    dated_by: str = ""


Owner = Callable[[tuple[str, ...]], str]  # the parts of a zip's path -> its student


def collect(folder_or_zip: Path, unpack_into: Path, owner: Owner) -> list[Found]:
    """Return all files of a folder or zip, and of the zips in it. Hidden files are left out.

    Args:
        folder_or_zip: the folder or zip of all submissions.
        unpack_into: a folder outside it, for the files of zips.
        owner: says to whom a zip belongs. All zips of one student together have one limit.

    Raises:
        CohortError: if `folder_or_zip` is neither a folder nor a zip, or can't be read.
    """
    unpacker = _Unpacker(unpack_into, owner)
    if folder_or_zip.is_dir():
        if unpack_into.resolve().is_relative_to(folder_or_zip.resolve()):
            raise CohortError(
                f"{unpack_into} is inside the submissions: choose a folder outside them."
            )
        found: list[Found] = []
        for item in _walk(folder_or_zip):
            if item.file is not None and suffix(item.file.name) == ".zip":
                found += unpacker.unpack_of_student(item, item.file)
            else:
                found.append(item)
        return found
    if folder_or_zip.is_file() and suffix(folder_or_zip.name) == ".zip":
        return unpacker.unpack_class(folder_or_zip)
    raise CohortError(f"{folder_or_zip} is neither a folder nor a .zip file.")


def suffix(name: str) -> str:
    """Return the ending of a file name in lower case, such as ".ipynb"."""
    return Path(name).suffix.lower()


def _walk(top: Path) -> Iterator[Found]:
    """Yield all files below a folder. Zips are yielded with `file` set, as notebooks are."""
    folders: list[tuple[str, ...]] = [()]
    while folders:
        parts = folders.pop(0)
        try:
            with os.scandir(top.joinpath(*parts)) as listing:
                inside = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            if not parts:
                raise CohortError(f"{top} cannot be read: {error.strerror}.") from None
            yield _refused((*parts, ""), f"cannot be read ({error.strerror})", blocks=True)
            continue
        if parts:
            yield _seen((*parts, ""))
        for entry in inside:
            path = (*parts, entry.name)
            if _is_hidden(entry.name):
                continue
            if not entry.is_symlink() and entry.is_dir():
                folders.append(path)
            else:
                yield _look_at(entry, path)


def _look_at(entry: os.DirEntry[str], path: tuple[str, ...]) -> Found:
    if entry.is_symlink():
        return _refused(path, "is a symbolic link, and links are not followed")
    if not entry.is_file():
        return _refused(path, "is a pipe or a device, and no file")
    if suffix(entry.name) not in (*SUFFIXES, ".zip"):
        return _seen(path)
    try:
        Path(entry.path).open("rb").close()
        saved = entry.stat().st_mtime
    except OSError as error:
        return _refused(path, f"cannot be read ({error.strerror})", blocks=True)
    return _seen(path, Path(entry.path), saved, f"the date of the file {shown(entry.name)}")


@dataclass
class _Budget:
    """How much may still be unpacked."""

    limits: ZipLimits
    bytes: int = field(init=False)
    members: int = field(init=False)

    def __post_init__(self) -> None:
        self.bytes, self.members = self.limits.bytes, self.limits.members


class _Unpacker:
    """Unpacks notebooks from zips into numbered folders.

    The path in the zip is not used for the unpacked file, so no file can be written elsewhere.
    """

    def __init__(self, folder: Path, owner: Owner) -> None:
        self.folder = folder
        self.owner = owner
        self.budgets: dict[str, _Budget] = {}  # by student
        self.count = 0

    def unpack_class(self, file: Path) -> list[Found]:
        """Unpack the zip of all submissions, and return its files."""
        try:
            archive = zipfile.ZipFile(file)
        except Exception:  # a damaged zip raises many kinds of exceptions
            raise CohortError(f"{file} is no zip, or it is damaged.") from None
        with archive:
            return self._unpack(archive, (), (file.name,), _Budget(OF_CLASS), None)

    def unpack_of_student(self, item: Found, file: Path) -> list[Found]:
        """Unpack the zip of a student, and return its files.

        Args:
            item: the zip as it was found.
            file: where it can be read.
        """
        if _is_too_large(file, OF_STUDENT):
            return [_refused(item.parts, "is too large, or has too many files", blocks=True)]
        try:
            archive = zipfile.ZipFile(file)
        except Exception:  # a damaged zip raises many kinds of exceptions
            return [_refused(item.parts, "is no zip, or it is damaged", blocks=True)]
        budget = self.budgets.setdefault(self.owner(item.parts), _Budget(OF_STUDENT))
        with archive:
            return self._unpack(archive, item.parts, item.parts, budget, item)

    def _unpack(
        self,
        archive: zipfile.ZipFile,
        parts: tuple[str, ...],
        where: tuple[str, ...],
        budget: _Budget,
        of_student: Found | None,
    ) -> list[Found]:
        found: list[Found] = []
        members = archive.infolist()
        if len(members) > budget.members:
            why = f"has more than {budget.limits.members} files"
            if budget.members < budget.limits.members:
                why += ", together with the other zips of this student"
            return [_refused(where, why, blocks=True)]
        budget.members -= len(members)
        for info in members:
            name = _member_name(info)
            path = (*parts, *_split(name))
            kind = suffix(name)
            if _leaves_folder(name):
                why = f"{shown('/'.join((*parts, name)))} leads out of its folder"
                found.append(Found(parts, "", trouble=why))
            elif any(_is_hidden(part) for part in path):
                continue
            elif stat.S_ISLNK(info.external_attr >> 16):
                found.append(_refused(path, "is a symbolic link, and links are not followed"))
            elif kind not in (*SUFFIXES, ".zip") or path[-1] == "":
                found.append(_seen(path))
            elif kind == ".zip" and parts:
                found.append(_refused(path, "is in a zip inside a zip", blocks=True))
            else:
                target = self._target(path[-1])
                why = _copy(archive, info, target, min(budget.bytes, MAX_BYTES))
                if why:
                    found.append(_refused(path, why, blocks=True))
                    continue
                budget.bytes -= target.stat().st_size
                if of_student is not None:
                    found.append(_seen(path, target, of_student.saved, of_student.dated_by))
                    continue
                saved = _date_of(info)
                item = _seen(path, target, saved, "its date in the zip of the class")
                found += self.unpack_of_student(item, target) if kind == ".zip" else [item]
        return found

    def _target(self, name: str) -> Path:
        self.count += 1
        folder = self.folder / f"{self.count:06}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{shown(Path(name).stem)[:50]}{suffix(name)}"


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, limit: int) -> str:
    """Unpack one file of a zip. Return "", or the reason why it was not unpacked."""
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed in an unusual way"  # some methods may need any amount of memory
    if info.file_size > limit:
        return "is too large to be unpacked"
    with target.open("wb") as file:
        for chunk in _chunks(archive, info):
            if chunk is None or file.tell() + len(chunk) > limit:
                target.unlink()
                return "is damaged" if chunk is None else "is too large to be unpacked"
            file.write(chunk)
    return ""


def _date_of(info: zipfile.ZipInfo) -> float | None:
    """Return the date of a file in a zip; None if it is no date."""
    with contextlib.suppress(ValueError, OverflowError):
        return time.mktime((*info.date_time, 0, 0, -1))
    return None


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes | None]:
    """Yield the content of a file in a zip in parts. Yield None if the rest is damaged."""
    try:
        with archive.open(info) as member:
            while chunk := member.read(2**20):
                yield chunk
    except Exception:  # a damaged zip raises many kinds of exceptions
        yield None


def _is_too_large(file: Path, limits: ZipLimits) -> bool:
    """Whether a zip is too large or has too many members.

    It is checked before zipfile opens the file, since zipfile reads the whole list of members.
    """
    if file.stat().st_size > MAX_BYTES:
        return True
    return file.read_bytes().count(b"PK\x01\x02") > limits.members


def _member_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a member. macOS writes UTF-8 without setting the flag for it."""
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            return info.filename.encode("cp437").decode("utf-8")
    return info.filename


def _split(name: str) -> list[str]:
    """Return the parts of a path. The last part of a folder is ""."""
    *folders, last = name.replace("\\", "/").split("/")
    return [*(part for part in folders if part not in ("", ".")), last]


def _leaves_folder(name: str) -> bool:
    """Whether a path in a zip leads out of the folder into which it would be unpacked."""
    unified = name.replace("\\", "/")
    return ".." in unified.split("/") or bool(re.match("/|[A-Za-z]:", unified))


def _seen(
    parts: tuple[str, ...],
    file: Path | None = None,
    saved: float | None = None,
    dated_by: str = "",
) -> Found:
    return Found(parts, shown("/".join(parts)), file, saved=saved, dated_by=dated_by)


def _refused(parts: tuple[str, ...], why: str, *, blocks: bool = False) -> Found:
    path = shown("/".join(parts))
    return Found(parts, path, trouble=f"{path} {why}", blocks=blocks)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
