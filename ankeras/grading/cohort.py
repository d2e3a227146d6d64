"""Finds the notebook of each student among the submissions of a class.

Submissions are read as learning platforms offer them for download. Nothing is guessed: a file that
can't be read, or that belongs to no student, is reported and not graded.
"""

import csv
import dataclasses
import io
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ankeras.grading.collect import CohortError, Found, collect, suffix
from ankeras.grading.submission import shown

MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_.*", re.DOTALL)
CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)_\d+_(?P<work>.+?)(-(?P<version>[0-9]{1,4}))?",
    re.DOTALL,
)
WRAPPERS = ("submissions", "submitted")
ROSTER_COLUMNS = (
    "id",
    "identifier",
    "student",
    "student id",
    "id number",
    "username",
    "sis user id",
    "sis login id",
    "email",
    "email address",
)
LATE = "late"


@dataclass(frozen=True)
class Entry:
    """The submission of one student.

    Attributes:
        student: the id, one line of valid Unicode.
        file: the notebook.
        notes: "late", and unusual things; one text each.
        saved: when it was handed in, in seconds since 1970; None if that is not known.
        dated_by: what says so, such as "the date of the file lab.ipynb".
        canvas_id, moodle_id: the number of the student there, if the file was downloaded there.
    """

    student: str
    file: Path
    notes: tuple[str, ...] = ()
    saved: float | None = None
    dated_by: str = ""
    canvas_id: str = ""
    moodle_id: str = ""

    def late(self, deadline: datetime | None) -> str:
        """Return what says that the submission is late; "" if it is not late.

        Args:
            deadline: in local time; None: only the mark of the platform counts.
        """
        if LATE in self.notes:
            return "Canvas marked it as late"
        if deadline is None or self.saved is None or self.saved <= deadline.timestamp():
            return ""
        when = datetime.fromtimestamp(self.saved).isoformat(" ", "seconds")
        return f"{when}: {self.dated_by}"


@dataclass(frozen=True)
class Cohort:
    """The submissions of a class.

    Attributes:
        entries: the submissions that can be graded, ordered by student.
        problems: one sentence per file that can't be graded, or that is unusual.
    """

    entries: list[Entry]
    problems: list[str]


def find_submissions(
    folder_or_zip: Path,
    *,
    unpack_into: Path,
    pattern: str | None = None,
    roster: Path | None = None,
    lab: str | None = None,
) -> Cohort:
    """Find each student's notebook (.ipynb; or .py if the student has no .ipynb).

    These layouts are known. Each file or folder may also be inside a zip:

        Moodle   Ada Lovelace_1234567_assignsubmission_file_/lab.ipynb (or ..._file_lab.ipynb)
        Canvas   lovelaceada_LATE_12345_678901_lab-1.ipynb; the highest version -1, -2, ... counts
        folders  ada/lab.ipynb, nbgrader's ada/05_vae/lab.ipynb
        files    ada.ipynb

    The id is the name of the folder or file. With Moodle and Canvas it is "Ada Lovelace_1234567"
    and "lovelaceada_12345". Their gradebooks find a student by this number (Moodle's "Identifier:
    Participant 1234567", Canvas's "ID"). The name is only for the reader.

    Args:
        folder_or_zip: the folder or zip of all submissions.
        unpack_into: a folder outside the submissions, for the files of zips.
        pattern: a regular expression that is used instead of these layouts. It is searched for in
            the path of a file, such as "ada/lab.ipynb". Its group `student` is the id.
        roster: a CSV with one row per student and a column of `ROSTER_COLUMNS`. If it has several
            of them, the one that contains the most of the found ids or numbers is used.
        lab: the name of the lab. If the folders of students contain folders of this name, only
            the files in them count.

    Returns:
        The submissions, and the problems.

    Raises:
        CohortError: if the submissions, the pattern or the roster can't be used.
    """
    compiled = _compile(pattern) if pattern is not None else None

    def owner(parts: tuple[str, ...]) -> str:
        if compiled is not None:
            named = _parse_by_pattern(compiled, shown("/".join(parts)))
        else:
            named = _parse_name(parts[1:] if _is_wrapper(parts, folder_or_zip) else parts)
        return named.student if named else "/".join(parts)

    found = collect(folder_or_zip, unpack_into, owner)
    if roster is not None:  # the file may be among the submissions
        own = os.path.abspath(roster)
        found = [i for i in found if os.path.abspath(folder_or_zip.joinpath(*i.parts)) != own]
    if compiled is None:
        found = _without_wrapper(found, folder_or_zip)
        found = _only_lab(found, lab) if lab else found
    problems: list[str] = []
    students: dict[str, _Student] = {}
    for item in found:
        if compiled is None:
            name = _parse_name(item.parts)
        else:
            name = _parse_by_pattern(compiled, item.path)
        if name is None or not name.student:
            why = "its name does not match the pattern" if compiled else "its name has no id"
            if item.trouble or item.file:
                problems.append(f"{item.trouble or f'{item.path}: {why}'}; it is not graded.")
            continue
        student = students.setdefault(name.student, _Student(name))
        student.items.append((item, name))
    entries: list[Entry] = []
    for _, student in sorted(students.items()):
        entry = student.choose(problems)
        if entry is not None:
            entries.append(entry)
    if roster is not None:
        problems += _compare(students.values(), entries, roster)
    return Cohort(entries, problems)


@dataclass(frozen=True)
class _ParsedName:
    """What the name of a file says: the student; with Canvas also the version and "late".

    Attributes:
        student: the id.
        platform: "Canvas" or "Moodle" if the name has the form of its downloads, else "".
        number: the number of the student there.
        work, version, late: only with Canvas.
    """

    student: str
    platform: str = ""
    number: str = ""
    work: str = ""
    version: int = 0
    late: bool = False


@dataclass
class _Student:
    """All files of one student."""

    name: _ParsedName
    items: list[tuple[Found, _ParsedName]] = field(default_factory=list)

    @property
    def student(self) -> str:
        """The id."""
        return self.name.student

    def choose(self, problems: list[str]) -> Entry | None:
        """Return the notebook that counts; if there is none, add the reason to the problems."""
        for item, _ in self.items:
            if item.trouble:
                end = f"; {self.student} is not graded." if item.blocks else "."
                problems.append(f"{item.trouble}{end}")
        if any(item.blocks for item, _ in self.items):
            return None
        works = [(item, name) for item, name in self.items if item.file is not None]
        notebooks = [w for w in works if suffix(w[0].parts[-1]) == ".ipynb"] or works
        if not notebooks:
            files = [item.path for item, _ in self.items if item.parts[-1] and not item.trouble]
            only = f", only {_listed(files)}" if files else ""
            problems.append(f"{self.student} handed in no notebook{only}.")
            return None
        versions = {name.version for _, name in notebooks}
        if len({name.work for _, name in notebooks}) == 1 and len(versions) == len(notebooks):
            notebooks.sort(key=lambda work: work[1].version)
        elif len(notebooks) > 1:
            names = _listed([item.path for item, _ in notebooks])
            problems.append(
                f"{self.student} handed in several notebooks ({names}) and is not graded: "
                "keep only the one that counts."
            )
            return None
        item, name = notebooks[-1]
        assert item.file is not None
        notes = [LATE] if name.late else []
        notes += [f"an earlier version was ignored: {old.path}" for old, _ in notebooks[:-1]]
        numbers = {"Canvas": "", "Moodle": "", self.name.platform: self.name.number}
        return Entry(
            self.student,
            item.file,
            tuple(notes),
            item.saved,
            item.dated_by,
            canvas_id=numbers["Canvas"],
            moodle_id=numbers["Moodle"],
        )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _parse_name(parts: tuple[str, ...]) -> _ParsedName | None:
    if not parts:
        return None
    first = parts[0]
    if found := MOODLE.fullmatch(first):
        student = _clean(f"{found['name']}_{found['number']}")
        return _ParsedName(student, "Moodle", found["number"])
    if len(parts) > 1 and suffix(first) != ".zip":
        return _ParsedName(_clean(first))  # Canvas makes no folders
    first = os.path.splitext(first)[0]
    if found := CANVAS.fullmatch(first):
        student = _clean(f"{found['name']}_{found['number']}")
        version = int(found["version"] or 0)
        known = (found["number"], found["work"], version, bool(found["late"]))
        return _ParsedName(student, "Canvas", *known)
    return _ParsedName(_clean(first))


def _parse_by_pattern(pattern: re.Pattern[str], path: str) -> _ParsedName | None:
    found = pattern.search(path)
    return _ParsedName(_clean(found["student"] or "")) if found else None


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise CohortError(f"The pattern {pattern} is no regular expression: {error}.") from None
    if "student" not in compiled.groupindex:
        raise CohortError(
            f"The pattern {pattern} has no group for the id, such as (?P<student>[^/]+)."
        )
    return compiled


def _without_wrapper(found: list[Found], folder_or_zip: Path) -> list[Found]:
    """Remove the outer folder from all paths, if all files of the download are in one folder."""
    tops = {item.parts[0] for item in found if item.parts}
    files = any(len(item.parts) == 1 for item in found)
    if files or len(tops) != 1 or not _is_wrapper((tops.pop(), ""), folder_or_zip):
        return found
    return [
        dataclasses.replace(item, parts=item.parts[1:]) for item in found if len(item.parts) > 1
    ]


def _is_wrapper(parts: tuple[str, ...], folder_or_zip: Path) -> bool:
    """Whether a path begins with a folder that is named like the whole download."""
    stem = re.sub(r" \(\d+\)$", "", folder_or_zip.stem).casefold()  # the name of a second download
    return len(parts) > 1 and parts[0].casefold() in (*WRAPPERS, stem)


def _only_lab(found: list[Found], lab: str) -> list[Found]:
    """Leave out the folders of other labs.

    A student who has a folder of this lab is graded by this folder only. If some student has one,
    and no student handed in a file outside such folders, this holds for all students.
    """

    def inside(item: Found) -> bool:
        return len(item.parts) > 2 and item.parts[1] == lab

    with_folder = {item.parts[0] for item in found if inside(item)}
    if not any(item.file and len(item.parts) == 2 for item in found) and with_folder:
        with_folder = {item.parts[0] for item in found if item.parts}
    return [
        Found((item.parts[0], ""), "")
        if len(item.parts) > 1 and item.parts[0] in with_folder and not inside(item)
        else item
        for item in found
    ]


def _clean(student: str) -> str:
    """Return an id in one line, and in the same Unicode form on every operating system."""
    return shown(unicodedata.normalize("NFC", student).strip())


def _compare(students: Iterable[_Student], entries: list[Entry], roster: Path) -> list[str]:
    """Return a sentence for each student who is missing, and for each who is not on the roster."""
    names = {student.student: {student.student, student.name.number} for student in students}
    everyone = set().union(*names.values())
    columns = _read_roster(roster)
    ids = max(columns, key=lambda column: len(everyone.intersection(column)))
    problems = [f"{i} is on the roster and handed in nothing." for i in ids if i not in everyone]
    problems += [
        f"{entry.student} is not on the roster, but is graded."
        for entry in entries
        if names[entry.student].isdisjoint(ids)
    ]
    return problems


def _read_roster(file: Path) -> list[list[str]]:
    """Return the columns that may contain ids, without their headings."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        head = text.partition("\n")[0]
        delimiter = max(",;\t", key=head.count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except OSError as error:
        raise CohortError(f"The roster {file} cannot be read: {error.strerror}.") from None
    except (csv.Error, UnicodeDecodeError):
        raise CohortError(f"The roster {file} is no CSV file in UTF-8. Save it as one.") from None
    heads = [cell.strip().casefold() for cell in rows[0]] if rows else []
    chosen = [i for i, name in enumerate(heads) if name in ROSTER_COLUMNS]
    if not chosen:
        raise CohortError(
            f"The roster {file} has no column for the id. Give one of its columns one of these "
            f"names: {', '.join(ROSTER_COLUMNS)}."
        )
    columns = [[_clean(row[i]) for row in rows[1:] if len(row) > i] for i in chosen]
    return [
        list(dict.fromkeys(re.sub(r"^Participant (?=\d+$)", "", i) for i in column if i))
        for column in columns
    ]
