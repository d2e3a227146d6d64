"""Saved grades are never lost, whatever happens to the process that saves them."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from ankeras.grading import store as module
from ankeras.grading.results import ExerciseResult, Grade, TestResult
from ankeras.grading.store import Store, StoreError, key

import pytest

KILLS = 50

# This process forks children, since a new process would import for seconds. First, a child saves
# grades and reports each; it is killed, and the next child continues. Then two save at once.
SAVE_AND_KILL = """
import os, random, signal, sys, time
from pathlib import Path
from ankeras.grading.results import Grade
from ankeras.grading.store import Store

def make(n, who="s"):
    return Grade(f"{who}{n:04}", "lab.ipynb", "05_vae", [], 10.0, answers={"1.1": f"{n} " * 20_000})

def save_all(file, start, told):
    with Store(file) as store:
        for n in range(start, 10_000):
            if store.find(make(n).student, f"key {n}") is None:
                store.save(f"key {n}", make(n))
            os.write(told, b".")

def save_both(file, who):
    with Store(file) as store:
        for n in range(10):
            store.save("key", make(n, who))
            store.save("key", make(n, "both"))

def fork(function, *arguments):
    child = os.fork()
    if child == 0:
        function(*arguments)
        os._exit(0)
    return child

folder, kills, rng = Path(sys.argv[1]), int(sys.argv[2]), random.Random(1)
with Store(folder / "warm") as store:
    started = time.monotonic()
    store.save("key", make(0))
    pause = time.monotonic() - started
saved = caught = 0
for kill in range(kills):
    file = folder / f"{kill // 10}.sqlite"
    if kill % 10 == 0:
        saved = 0
    hear, tell = os.pipe()
    child = fork(save_all, file, saved, tell)
    os.close(tell)
    if kill % 5:  # every fifth child may be killed while it opens the file
        saved += len(os.read(hear, 1))
    time.sleep(rng.uniform(0, 4 * pause))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    saved += len(os.read(hear, 100_000))
    os.close(hear)
    caught += Path(f"{file}-journal").exists()
    with Store(file) as store:
        found = store.grades()
        assert found == [make(n) for n in range(len(found))], "a grade is missing or not whole"
        assert saved <= len(found) <= saved + 1, (saved, len(found))
        assert all(len(store.history(grade.student)) == 1 for grade in found), "doubled"

children = [fork(save_both, folder / "both.sqlite", who) for who in "ab"]
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
with Store(folder / "both.sqlite") as store:
    assert len(store.grades()) == 30
    assert all(len(store.history(make(n, "both").student)) == 2 for n in range(10))
print(saved, "saved,", caught, "killed within a transaction")
"""


def _grade(student: str = "ada", *, passed: bool = True, lab: str = "05_vae") -> Grade:
    tests = [
        TestResult("1.1", 2.0, "test_a", "a", passed=passed, pictures=("YQ==", "Yg==")),
        TestResult("1.1", 1.0, "test_b", "b"),
    ]
    return Grade(student, "lab.ipynb", lab, [ExerciseResult("1.1", tests)], 3.0, seed=7)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "grades.sqlite"


def test_a_grade_comes_back_as_it_was(file):
    strange = _grade("Zoë 'x'; --\u05d0\0\n")
    strange.answers["1.1"] = "half of a character: \ud800"
    with Store(file) as store:
        store.save("key", strange)
    with Store(file) as store:
        assert store.grades() == [strange]
        assert store.find(strange.student, "key") == strange


def test_a_grade_is_found_by_content_lab_and_limits(file):
    names = {key(b"a", "1", "60 s"), key(b"b", "1", "60 s"), key(b"a", "2", "60 s")}
    names |= {key(b"a", "1", "90 s"), key(b"a1", "", "60 s")}
    assert len(names) == 5
    with Store(file) as store:
        store.save(key(b"a", "1", "60 s"), _grade())
        assert store.find("ada", key(b"a", "1", "60 s")) == _grade()
        assert store.find("ada", key(b"b", "1", "60 s")) is None
        assert store.find("bob", key(b"a", "1", "60 s")) is None


def test_a_new_grade_replaces_the_old_one_which_stays_in_the_history(file):
    with Store(file) as store:
        store.save("first", _grade(passed=False))
        store.save("other", _grade("bob"))
        store.save("second", _grade())
        assert store.grades() == [_grade(), _grade("bob")]
        assert store.history("ada") == [_grade(passed=False), _grade()]
        assert store.find("ada", "first") is None  # handed in again, it must count again


def test_an_override_is_kept_with_the_grade(file):
    with Store(file) as store:
        store.save("first", _grade(passed=False))
        store.override("ada", "1.1", 2.5, "the test is too strict")
        store.override("ada", "1.1", 3, "once more")
        store.override("ada", "", 0, "copied")
    with Store(file) as store:
        assert store.grades() == [_grade(passed=False)]
        found = store.overrides()
        assert {place: (o.points, o.reason, o.stale) for place, o in found.items()} == {
            ("ada", "1.1"): (3.0, "once more", False),
            ("ada", ""): (0.0, "copied", False),
        }
        store.save("second", _grade())
        assert all(override.stale for override in store.overrides().values())


@pytest.mark.parametrize(
    ("student", "exercise", "points", "reason", "why"),
    [
        ("bob", "1.1", 1, "x", "no grade of bob"),
        ("ada", "9.9", 1, "x", "ada has no grade for exercise 9.9, only for: 1.1"),
        ("ada", "1.1", 3.5, "x", "3.5 points are out of range: 0 to 3"),
        ("ada", "1.1", -1, "x", "out of range"),
        ("ada", "", float("nan"), "x", "out of range"),
        ("ada", "1.1", 1, " ", "reason"),
    ],
)
def test_an_override_that_makes_no_sense(file, student, exercise, points, reason, why):
    with Store(file) as store:
        store.save("key", _grade())
        with pytest.raises(ValueError, match=why):
            store.override(student, exercise, points, reason)
        assert store.overrides() == {}


def test_grades_of_two_labs_are_not_mixed(file):
    with Store(file) as store:
        store.save("key", _grade())
        with pytest.raises(StoreError, match=r"grades of 05_vae\. Choose another folder"):
            store.save("key", _grade(lab="06_gan"))
        assert store.grades() == [_grade()]


def test_no_kill_and_no_second_writer_loses_a_grade(tmp_path):
    command = [sys.executable, "-c", SAVE_AND_KILL, str(tmp_path), str(KILLS)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout.split()[0]) > 0


def _other_program(file):
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE photos (name)")
    connection.close()


def _other_version(file):
    Store(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def _truncated(file):
    with Store(file) as store:
        for n in range(30):
            store.save("key", _grade(str(n)))
    file.write_bytes(file.read_bytes()[:-5000])


def _overwritten(file):
    _truncated(file)
    data = bytearray(file.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    file.write_bytes(data)


def _overwritten_inside(file):
    large = _grade()
    large.answers["1.1"] = "x" * 50_000
    with Store(file) as store:
        store.save("key", large)
    data = bytearray(file.read_bytes())
    data[-8192:-4096] = b"\xff" * 4096
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda file: file.write_bytes(b"PK\3\4" + b"no database" * 500), "no file of grades"),
        (lambda file: file.write_text("short"), "no file of grades"),
        (_other_program, "another program"),
        (_other_version, "another version of ankeras .format 99"),
        (_truncated, "damaged.*Restore it"),
        (_overwritten, "damaged.*Restore it"),
        (_overwritten_inside, "damaged.*Restore it"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_as_it_is(file, make, why):
    make(file)
    before = file.read_bytes()
    with pytest.raises(StoreError, match=why):
        Store(file)
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == [file.name]


def test_a_grade_that_cannot_be_read(file):
    with Store(file) as store:
        store.save("key", _grade())
        store._rows("UPDATE grades SET data = substr(data, 1, 100)")
        with pytest.raises(StoreError, match="damaged"):
            store.grades()


def test_a_file_in_use(file, monkeypatch):
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    Store(file).close()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="in use by another grader: wait"):
        Store(file)
    other.close()
    with Store(file) as store:
        store.save("key", _grade())
        assert store.grades() == [_grade()]


def test_a_full_disk_loses_nothing(file):
    with Store(file) as store:
        store.save("key", _grade())
        (pages,) = store._rows("PRAGMA page_count")[0]
        store._rows(f"PRAGMA max_page_count = {pages + 2}")
        large = _grade("bob")
        large.answers["1.1"] = "x" * 100_000
        with pytest.raises(StoreError, match=r"disk is full\. Free some space"):
            store.save("key", large)
        assert store.grades() == [_grade()]
        store._rows("PRAGMA max_page_count = 10000")
        store.save("key", large)
        assert store.grades() == [_grade(), large]


@contextlib.contextmanager
def _without_root():
    """Run the body as the user nobody, since root may write everywhere."""
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_folder_that_is_not_writable():
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "grades.sqlite"
        with Store(file) as store:
            store.save("key", _grade())
        before = file.read_bytes()
        file.chmod(0o666)
        os.chmod(folder, 0o555)
        for name in ("grades.sqlite", "new.sqlite"):
            with _without_root(), pytest.raises(StoreError, match="check that its folder exists"):
                Store(Path(folder) / name)
        assert file.read_bytes() == before
        os.chmod(folder, 0o755)


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(StoreError, match="check that its folder exists"):
        Store(tmp_path / "missing" / "grades.sqlite")
