"""Stores the grades of a class in one SQLite file.

Each grade is saved in one transaction that is forced to the disk. If the grader is killed, each
grade is saved completely or not at all. No grade is ever deleted or changed: a new grade of a
student is added to the earlier ones, and an override is added to the grade. Before a grade is
final, its draft is saved, and it is deleted with the final grade.
"""

import contextlib
import hashlib
import json
import math
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ankeras.grading.errors import GradingError
from ankeras.grading.overrides import Override
from ankeras.grading.results import Grade

APPLICATION, VERSION = 0x616E6B67, 1  # "ankg"
BUSY_SECONDS = 10.0
TABLES = """
CREATE TABLE IF NOT EXISTS grades (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, key TEXT NOT NULL, lab TEXT NOT NULL,
    saved TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS latest ON grades (student, id);
CREATE TABLE IF NOT EXISTS overrides (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, exercise TEXT NOT NULL, points REAL NOT NULL,
    reason TEXT NOT NULL, saved TEXT NOT NULL, grade INTEGER NOT NULL REFERENCES grades);
CREATE TABLE IF NOT EXISTS drafts (
    student TEXT PRIMARY KEY, key TEXT NOT NULL, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, saved TEXT NOT NULL, data TEXT NOT NULL);
"""
LATEST = "SELECT max(id) FROM grades GROUP BY student"


class StoreError(GradingError):
    """The file can't be used. The message says why, and what to do."""


def key(content: bytes, lab_version: str, limits: str) -> str:
    """Return a hash of everything that the grade depends on.

    Args:
        content: the bytes of the file that was handed in.
        lab_version: the hash of the lab's files.
        limits: the limits of grading, as text.
    """
    parts = (content, lab_version.encode(), limits.encode())
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


class Store:
    """The file with the grades of one lab. As a context manager it closes the file.

    Args:
        file: the path. The file is created if it does not exist. Its folder must exist.
        lab: the name of the lab. Default: the lab of the grades in the file.

    Raises:
        StoreError: if the file belongs to another program, is damaged or in use, can't be written,
            or has the grades of another lab. The file is not changed then. All methods can raise
            it too.
    """

    def __init__(self, file: Path, lab: str | None = None) -> None:
        self.file = file
        self.lab = lab
        with self._explained():
            # SQLite's default journal is used: the alternative, WAL, loses data on network drives.
            self._connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            # EXTRA: a commit is safe even if the power fails right after it.
            self._rows("PRAGMA synchronous = EXTRA")
            self._open()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def save(self, key: str, grade: Grade) -> None:
        """Save a grade as the student's latest. It is on the disk when this function returns.

        Args:
            key: from the function `key`.
            grade: the grade.

        Raises:
            StoreError: also if the file contains grades of another lab.
            ValueError: if the student's id is no valid Unicode.
        """
        data = json.dumps(grade.as_data())
        with self._transaction():
            self._check_lab(grade.lab)
            self._rows("DELETE FROM drafts WHERE student = ?", (grade.student,))
            self._rows(
                "INSERT INTO grades (student, key, lab, saved, data) VALUES (?, ?, ?, ?, ?)",
                (grade.student, key, grade.lab, _now(), data),
            )

    def save_draft(self, student: str, key: str, data: dict[str, Any]) -> None:
        """Save what is known about a submission before its grade is final.

        Args:
            student: the id of the student.
            key: from the function `key`.
            data: what can be written as JSON.
        """
        row = (student, key, json.dumps(data))
        with self._transaction():
            self._rows("INSERT OR REPLACE INTO drafts VALUES (?, ?, ?)", row)

    def draft(self, student: str, key: str) -> dict[str, Any] | None:
        """Return the student's latest draft if it has this key, else None."""
        found = self._rows("SELECT data FROM drafts WHERE student = ? AND key = ?", (student, key))
        return json.loads(found[0][0]) if found else None

    def save_run(self, data: dict[str, Any]) -> None:
        """Save what a run of the grader found out about the class, as data for JSON."""
        row = (_now(), json.dumps(data))
        with self._transaction():
            self._rows("INSERT INTO runs (saved, data) VALUES (?, ?)", row)

    def latest_run(self) -> dict[str, Any]:
        """Return what the latest run found out; {} if there was none."""
        found = self._rows("SELECT data FROM runs ORDER BY id DESC LIMIT 1")
        return json.loads(found[0][0]) if found else {}

    def find(self, student: str, key: str) -> Grade | None:
        """Return the student's latest grade if it has this key, else None."""
        found = self._rows(
            f"SELECT data FROM grades WHERE id IN ({LATEST}) AND student = ? AND key = ?",
            (student, key),
        )
        return self._grade(found[0][0]) if found else None

    def grades(self) -> list[Grade]:
        """Return the latest grade of each student, without overrides, ordered by student."""
        rows = self._rows(f"SELECT data FROM grades WHERE id IN ({LATEST}) ORDER BY student")
        return [self._grade(data) for (data,) in rows]

    def history(self, student: str) -> list[Grade]:
        """Return all grades of a student, the latest last."""
        rows = self._rows("SELECT data FROM grades WHERE student = ? ORDER BY id", (student,))
        return [self._grade(data) for (data,) in rows]

    def override(self, student: str, exercise: str, points: float, reason: str) -> None:
        """Save points that a teacher gives by hand. The points from the tests are kept too.

        Args:
            student: the id of a student who has a grade.
            exercise: the number of the exercise; "" for the total. A given total counts whatever
                the points of the exercises are.
            points: from 0 to the possible points.
            reason: why, for the student and for the teacher later.

        Raises:
            ValueError: if there is no such grade or exercise, the points are out of range, or the
                reason is empty.
        """
        if not reason.strip():
            raise ValueError("An override needs a reason: say why the tests are wrong here.")
        with self._transaction():
            rows = self._rows(
                "SELECT id, data FROM grades WHERE student = ? ORDER BY id DESC LIMIT 1",
                (student,),
            )
            if not rows:
                raise ValueError(f"There is no grade of {student}. Use the id in the report.")
            possible = _possible(self._grade(rows[0][1]), exercise)
            if not (math.isfinite(points) and 0 <= points <= possible):
                raise ValueError(f"{points:g} points are out of range: 0 to {possible:g}.")
            self._rows(
                "INSERT INTO overrides (student, exercise, points, reason, saved, grade) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (student, exercise, points, reason, _now(), rows[0][0]),
            )

    def overrides(self) -> dict[tuple[str, str], Override]:
        """Return (student, exercise) -> the latest override; exercise "" is the total."""
        rows = self._rows(
            "SELECT o.student, o.exercise, o.points, o.reason, o.saved, "
            "EXISTS (SELECT 1 FROM grades g WHERE g.student = o.student AND g.id > o.grade) "
            "FROM overrides o ORDER BY o.id"
        )
        return {
            (student, exercise): Override(points, reason, when, bool(stale))
            for student, exercise, points, reason, when, stale in rows
        }

    def _open(self) -> None:
        with self._transaction():  # so a file of another program is not changed
            (new,) = self._rows("SELECT count(*) = 0 FROM sqlite_master")[0]
            (application,) = self._rows("PRAGMA application_id")[0]
            (version,) = self._rows("PRAGMA user_version")[0]
            if application != APPLICATION and not (new and application == version == 0):
                raise StoreError(
                    f"{self.file} is a file of another program. Move it to another place, or "
                    "choose another folder."
                )
            if application == APPLICATION and version != VERSION:
                raise StoreError(
                    f"{self.file} was written by another version of ankeras (format {version}, "
                    f"here {VERSION}). Use that version, or choose another folder."
                )
            if self._rows("PRAGMA quick_check(1)") != [("ok",)]:
                raise self._damaged("SQLite's check of the file fails")
            if self.lab is not None and application == APPLICATION:
                self._check_lab(self.lab)
            for statement in TABLES.split(";"):
                self._rows(statement)
            # Written every time: a full or read-only disk is found now, and not after an hour.
            self._rows(f"PRAGMA application_id = {APPLICATION}")
            self._rows(f"PRAGMA user_version = {VERSION}")

    def _check_lab(self, lab: str) -> None:
        for (known,) in self._rows("SELECT lab FROM grades LIMIT 1"):
            if known != lab:
                raise StoreError(
                    f"{self.file} has the grades of {known}. Choose another folder for {lab}."
                )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._rows("BEGIN IMMEDIATE")
        try:
            yield
            self._rows("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._rows("ROLLBACK")
            raise

    def _rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._explained():
            return self._connection.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            name = getattr(error, "sqlite_errorname", "")
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                why = "is in use by another grader: wait until it has finished, or stop it"
            elif name.startswith("SQLITE_FULL"):
                why = "cannot grow: the disk is full. Free some space and start again"
            elif name.startswith("SQLITE_NOTADB"):
                why = "is no file of grades: move it to another place, or choose another folder"
            elif name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
                why = "cannot be written: check that its folder exists and that you may write in it"
            elif name.startswith("SQLITE_IOERR"):
                why = f"cannot be read or written ({error}): check the disk and your quota"
            elif name.startswith("SQLITE_CORRUPT") or isinstance(error, sqlite3.OperationalError):
                raise self._damaged(str(error)) from error
            else:
                raise
            raise StoreError(f"{self.file} {why}.") from error

    def _grade(self, data: str) -> Grade:
        try:
            return Grade.from_data(json.loads(data))
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged("a grade in it can't be read") from error

    def _damaged(self, why: str) -> StoreError:
        return StoreError(
            f"{self.file} is damaged ({why}). Restore it from a copy, or move it to another place "
            "and grade again."
        )


def _possible(grade: Grade, exercise: str) -> float:
    if not exercise:
        return grade.possible
    for known in grade.exercises:
        if known.number == exercise:
            return known.possible
    numbers = ", ".join(e.number for e in grade.exercises) or "none"
    raise ValueError(f"{grade.student} has no grade for exercise {exercise}, only for: {numbers}.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
