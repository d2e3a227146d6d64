"""Submissions that try to cheat or to break the grader, and accidents that must not be punished.

Each file of attacks/ says in its first line what it tries and what is the right verdict. Those that
try what is forbidden answer rightly only if all of it was refused. Those whose first line states a
limit of time are about it; the others have so much time that a slow machine changes no verdict.
"""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ankeras.grading import remote, scaffold
from ankeras.grading.cohort import find_submissions
from ankeras.grading.grade import grade_file
from ankeras.grading.lab import HIDDEN, PUBLIC, SOLUTION, read_lab
from ankeras.grading.remote import SandboxError, WarmProcess, Worker, WorkerFactory, probe
from ankeras.grading.results import Grade
from ankeras.grading.sandbox import Limits, missing
from ankeras.grading.session import StudentError
from ankeras.grading.submission import MAX_BYTES

import keras
import pytest

ATTACKS = sorted(Path(__file__).with_name("attacks").iterdir())
SLOW = [file for file in ATTACKS if b"Limit: 4 s." in file.read_bytes().split(b"\n")[0]]
LIMITS = Limits(seconds=120, memory=3 * 2**30, disk=64 * 2**20)
HASTY = replace(LIMITS, seconds=4)
GRACE = 1.0
FULL = {"1.1": 3.0, "1.2": 2.0, "2.1": 2.0}
NEXT = {"1.1": 1.0}  # of the submission that comes after each attack
MARK = "attacked"  # in the name of every file that an attack leaves anywhere
MAX_GROWTH = 400 * 2**20  # bytes that the judge may take for a moment

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="workers use TensorFlow, whatever this run does"
)

EXERCISES = '''
# %% exercise="1.2" points=2
def rmse(x, x_hat):
    """Return the root of the squared error of each image."""
    ### BEGIN SOLUTION
    return ops.sqrt(squared_error(x, x_hat))
    ### END SOLUTION

# %% exercise="2.1" points=2
def tiny(d):
    """Return a linear network: (batch, 3) -> (batch, d), without a bias."""
    ### BEGIN SOLUTION
    return keras.Sequential([keras.Input((3,)), layers.Dense(d, use_bias=False)])
    ### END SOLUTION
'''

# The tests of 1.1 stand before and behind those of 1.2, and those of 1.2 are careless: they compute
# with an answer before they look at what it is.
TESTS = """
import numpy as np
from ankeras.grading import exercise, expect


def expect_error(student, rng, shape):
    x, x_hat = rng.normal(size=(2, *shape)).astype("float32")
    wanted = ((x - x_hat) ** 2).mean(axis=-1)
    expect.close(student.squared_error(x, x_hat), wanted, "the error")


def expect_root(student, rng, shape):
    x, x_hat = rng.normal(size=(2, *shape)).astype("float32")
    found = np.square(student.rmse(x, x_hat))
    expect.close(found, ((x - x_hat) ** 2).mean(axis=-1), "the square of the root")


def expect_network(student, rng, d):
    w, x = rng.normal(size=(3, d)).astype("float32"), rng.normal(size=(5, 3)).astype("float32")
    model = student.run_beside(with_weights, student.tiny(d), w)
    expect.equal(model.output_shape, (None, d), "the shape of the answer")
    expect.close(model(x), x @ w, "the answer")


def with_weights(model, w):
    model.set_weights([w])
    return model
"""
PUBLIC_TESTS = '''

@exercise("1.1", points=1)
def test_squared_error(student, rng):
    """Four images."""
    expect_error(student, rng, (4, 7))


@exercise("1.2", points=1)
def test_root(student, rng):
    """Four images."""
    expect_root(student, rng, (4, 7))


@exercise("2.1", points=1)
def test_network(student, rng):
    """Two numbers."""
    expect_network(student, rng, 2)


@exercise("1.1", points=1)
def test_one_image(student, rng):
    """One image."""
    expect_error(student, rng, (1, 3))
'''
HIDDEN_TESTS = '''

@exercise("1.1", points=1)
def test_hidden_errors(student, rng):
    """Any size, twice."""
    shape = tuple(rng.integers(2, 6, size=2))
    expect_error(student, rng, shape)
    expect_error(student, rng, shape)


@exercise("1.2", points=1)
def test_hidden_root(student, rng):
    """Any size."""
    expect_root(student, rng, tuple(rng.integers(2, 6, size=2)))


@exercise("2.1", points=1)
def test_hidden_network(student, rng):
    """Any number."""
    expect_network(student, rng, int(rng.integers(3, 9)))
'''


class Court:
    """A judge, a lab, and what must be the same after every attack."""

    def __init__(self, folder: Path, warm: WarmProcess) -> None:
        self.folder = folder
        self.warm = warm
        self.lab = make_lab(folder)
        self.witness = folder / "witness.txt"
        self.witness.write_text("not to be read or changed")
        self.witness.chmod(0o600)
        os.utime(self.witness, (10**9, 10**9))
        self.inbox = folder / "submissions"
        self.inbox.mkdir()
        self.small = read_lab(scaffold.new_lab(folder / "labs", "10_next"))
        whole = grade_file(self.lab, "ada", self.lab.folder / SOLUTION, self.warm)
        assert points(whole) == FULL
        self.judge_rightly()  # pytest writes its caches
        self.before = self.traces()

    def judge(self, name: str, content: bytes) -> Grade:
        """Grade a submission, whose text may name the lab, the witness, the socket, the limit."""
        names = {
            "@LAB@": self.lab.folder,
            "@WITNESS@": self.witness,
            "@SOCKET@": self.warm.address,
            "@SECONDS@": self.warm.limits.seconds,
        }
        for place, value in names.items():
            content = content.replace(place.encode(), str(value).encode())
        file = self.inbox / name
        file.write_bytes(content)
        try:
            return grade_file(self.lab, "mallory", file, self.warm)
        finally:
            file.unlink()

    def judge_rightly(self) -> dict[str, float]:
        """Grade the solution of a lab that costs little."""
        return points(grade_file(self.small, "ada", self.small.folder / SOLUTION, self.warm))

    def traces(self) -> dict[str, object]:
        """Return what an attack could have changed outside of its folder."""
        status = self.witness.stat()
        own = [*self.folder.rglob("*"), *self.warm.folder.rglob("*")]
        homes = {Path.cwd(), Path.home(), *map(Path, ("/", "/tmp", "/var/tmp", "/dev/shm"))}
        return {
            "witness": (self.witness.read_text(), status.st_mode, status.st_mtime, status.st_uid),
            "files": sorted(map(str, own)),
            "marked": [str(f) for d in homes for f in d.iterdir() if MARK in f.name],
        }

    def running(self) -> list[str]:
        """Return the processes that the warm one has forked, or that have lost their parent."""
        found, parents = [], {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                lines = (folder / "status").read_text().splitlines()
                status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
            except OSError:
                continue  # it has ended
            parents[folder.name] = status["PPid"]
            inside = len(status["NSpid"].split()) > 1  # in the namespace of a sandbox
            forked = status["PPid"] == str(self.warm.process.pid) or status["PPid"] == "1"
            if "Z" not in status["State"] and ((inside and forked) or self._is_ours(folder)):
                found.append(f"{folder.name} {status['Name']}: {_what_it_does(folder, status)}")
        return found

    def _is_ours(self, process: Path) -> bool:
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            return False
        own = process.name == str(self.warm.process.pid)
        return str(self.warm.folder).encode() in command and not own


def _what_it_does(process: Path, status: dict[str, str]) -> str:
    """Return what tells one that waits from one that has been killed and is slow to end."""
    told = [f"{name} {status[name].strip()}" for name in ("State", "PPid", "NSpid", "Threads")]
    told += [f"{name} {status[name]}" for name in ("SigPnd", "ShdPnd")]
    try:
        told.append(f"in {(process / 'wchan').read_text()}")
        told.append(f"stack {(process / 'stack').read_text().split()}")
    except OSError as error:
        told.append(str(error))
    return ", ".join(told)


@contextmanager
def opened(folder: Path, limits: Limits) -> Iterator[Court]:
    with pytest.MonkeyPatch.context() as patch, WarmProcess(limits) as warm:
        if absent := missing(probe(warm)):
            pytest.skip(f"this machine can't isolate submissions: no {', '.join(absent)}")
        patch.setattr(remote, "GRACE", GRACE)
        yield Court(folder, warm)


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    with opened(tmp_path_factory.mktemp("court"), LIMITS) as court:
        yield court


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    with opened(tmp_path_factory.mktemp("hasty"), HASTY) as court:
        yield court


def make_lab(folder: Path):
    lab = scaffold.new_lab(folder / "labs", "09_attacked")
    solution = lab / SOLUTION
    solution.write_text(solution.read_text().replace("points=1", "points=3") + EXERCISES)
    (lab / PUBLIC).write_text(TESTS + PUBLIC_TESTS)
    (lab / HIDDEN).write_text(TESTS + HIDDEN_TESTS)
    return read_lab(lab)


def points(grade: Grade) -> dict[str, float]:
    return {exercise.number: exercise.points for exercise in grade.exercises}


def verdict(first_line: str) -> dict[str, float] | None:
    """Return the points that a file says are right; None: it can't be read."""
    stated = re.search(r"Verdict: (unreadable|[\d. =,]+\d)", first_line)
    assert stated, "the first line must state the verdict"
    if stated[1] == "unreadable":
        return None
    pairs = (entry.split("=") for entry in stated[1].split(","))
    return dict.fromkeys(FULL, 0.0) | {number.strip(): float(n) for number, n in pairs}


def peak() -> int:
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) * 1024


def left_running(court: Court) -> list[str]:
    court.warm.dismiss()
    for _ in range(200):  # looks, not ten seconds: a shared machine may stand still for longer
        found = court.running()
        if not found:
            break
        time.sleep(0.05)
    return found


def check(court: Court, name: str, content: bytes, expected: dict[str, float] | None) -> Grade:
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that of now
    before = peak()
    grade = court.judge(name, content)
    assert bool(grade.problem) == (expected is None), grade.problem
    messages = [f"{t.name}: {t.message}" for e in grade.exercises for t in e.tests if t.message]
    assert points(grade) == (expected or {}), "\n".join(messages)
    for text in messages:
        assert text.replace("\n", "").isprintable(), text
        assert len(text) < 2000
    assert peak() - before < MAX_GROWTH
    assert court.judge_rightly() == NEXT, "the next submission suffers"
    assert court.traces() == court.before
    assert left_running(court) == []
    return grade


def check_file(court: Court, file: Path) -> Grade:
    content = file.read_bytes()
    expected = verdict(content.split(b"\n")[0].decode("utf-8-sig"))
    return check(court, file.name, content, expected)


@pytest.mark.parametrize("file", [f for f in ATTACKS if f not in SLOW], ids=lambda file: file.name)
def test_the_verdict_is_right_and_nothing_remains(court, file):
    check_file(court, file)


@pytest.mark.parametrize("file", SLOW, ids=lambda file: file.name)
def test_what_is_too_slow_is_ended_and_nothing_remains(hasty, file):
    grade = check_file(hasty, file)
    assert grade.seconds < 2 * (HASTY.seconds + GRACE) + 20  # a busy machine adds to it
    wrong = [t.message for e in grade.exercises[:1] for t in e.tests if not t.passed]
    assert all("took more than 4 s: an endless loop?" in message for message in wrong)


def notebook(*sources: str, **more: object) -> bytes:
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return json.dumps({"cells": cells, **more}).encode()


RIGHT = """# Exercise 1.1
def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
"""
ONE = {"1.1": 3.0, "1.2": 0.0, "2.1": 0.0}
NONE = dict.fromkeys(FULL, 0.0)
MADE: dict[str, tuple[Callable[[], bytes], dict[str, float] | None]] = {
    "empty.ipynb": (lambda: b"", None),
    "zeros.ipynb": (lambda: bytes(1000), None),
    "60 MB.ipynb": (lambda: notebook(RIGHT, text="x" * (MAX_BYTES + 10 * 2**20)), None),
    "40 MB.ipynb": (lambda: notebook(RIGHT, text="x" * (40 * 2**20)), ONE),
    "deep.ipynb": (lambda: b"[" * 1_000_000, None),
    "deep cells.ipynb": (lambda: b'{"cells": ' + b'[{"a": ' * 100_000, None),
    "utf-16.ipynb": (lambda: notebook(RIGHT).decode().encode("utf-16"), None),
    "latin-1.py": (lambda: f"# %%\n{RIGHT}# é".encode("latin-1"), None),
    "5 MB in a cell.py": (lambda: b"# %%\n" + RIGHT.encode() + b"#" * 5_000_000, NONE),
    "no notebook.txt": (lambda: notebook(RIGHT), None),
    "\x1b[2J\u202e\n.ipynb": (lambda: b"{}", None),
    "--help; $(id) 🙂.ipynb": (lambda: notebook(RIGHT), ONE),
}


@pytest.mark.parametrize("name", MADE, ids=repr)
def test_a_strange_file_is_judged_or_refused_in_a_sentence(court, name):
    make, expected = MADE[name]
    grade = check(court, name, make(), expected)
    assert grade.problem.isprintable()


def test_what_lies_beside_a_notebook_is_not_used(court, monkeypatch):
    lie = "raise SystemExit('taken from the students folder')\n"
    beside = ("keras.py", "numpy.py", "json.py", "conftest.py", "sitecustomize.py", "test_lab.py")
    for name in beside:
        (court.inbox / name).write_text(lie)
    (court.inbox / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    monkeypatch.chdir(court.inbox)
    try:
        assert points(court.judge("lab.ipynb", notebook(RIGHT))) == ONE
        assert court.judge_rightly() == NEXT
    finally:
        for name in (*beside, "pytest.ini"):
            (court.inbox / name).unlink()


def test_a_link_to_the_solution_is_not_followed(court, tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "mallory.py").symlink_to(court.lab.folder / SOLUTION)
    cohort = find_submissions(tmp_path / "class", unpack_into=tmp_path / "unpacked")
    assert not cohort.entries
    assert "mallory" in cohort.problems[0]


def test_hostile_messages_reach_nobody_as_they_are(court):
    (file,) = (file for file in ATTACKS if "long_text" in file.name)
    grade = court.judge(file.name, file.read_bytes())
    (message, *_) = (t.message for e in grade.exercises if e.number == "1.2" for t in e.tests)
    assert "\\x1b[2J<script>" in message
    assert json.loads(json.dumps(grade.as_data()))["exercises"][1]["tests"][0]["message"] == message


N_SOAK = int(os.environ.get("ANKERAS_SOAK", "12"))  # submissions
ANSWERS = {  # points of 1.1 -> answers to it
    3.0: (
        "ops.mean(ops.square(x - x_hat), axis=-1)",
        "ops.sum((x_hat - x) ** 2, -1) / x.shape[-1]",
    ),
    0.0: (
        "raise NotImplementedError('exercise 1.1: your code here')",
        "ops.sum(ops.square(x - x_hat), axis=-1)",
        "ops.mean(ops.square(x - x_hat))",
        "ops.mean(ops.abs(x - x_hat), axis=-1)",
        "ops.mean(ops.square(x - x_hat), axis=0)",
    ),
}


def resident() -> int:
    (line,) = re.findall(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) * 1024


def test_a_long_day(court, hasty):
    """Right, wrong and hostile work in random order: the judge neither errs nor grows."""
    rng = random.Random(N_SOAK)
    memory = []
    for i in range(N_SOAK):
        if i % 5 == 4:
            file = rng.choice(ATTACKS)
            content, name = file.read_bytes(), file.name
            judge = (hasty if file in SLOW else court).judge
            expected = verdict(content.split(b"\n")[0].decode("utf-8-sig")) or {}
        else:
            given = rng.choice(list(ANSWERS))
            answer = rng.choice(ANSWERS[given])
            head = f"# Exercise 1.1\n# the {i}th\ndef squared_error(x, x_hat):\n    "
            code = answer if answer.startswith("raise") else f"return {answer}"
            content, name, expected = notebook(head + code), "lab.ipynb", {**NONE, "1.1": given}
            judge = court.judge
        assert points(judge(name, content)) == expected, (i, name, content[:500])
        memory.append(resident())
    warm = max(len(memory) // 4, 4)  # the first hostile submission makes room once
    assert max(memory[len(memory) // 2 :]) - memory[warm] < 100 * 2**20
    print(f"resident memory of the judge, MiB: {[m >> 20 for m in memory[:: N_SOAK // 8]]}")


JUDGE = """
import sys
from pathlib import Path

from ankeras.grading.remote import WorkerFactory
from ankeras.grading.sandbox import Limits

session = WorkerFactory(Path(sys.argv[1]), Limits(seconds=60)).connect().session()
session.open()
print("open", flush=True)
session.define("import time; time.sleep(60)", "<exercise 1.1>")
"""


def test_a_worker_does_not_outlive_its_judge(court):
    command = [sys.executable, "-c", JUDGE, str(court.warm.address)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as judge:
        assert judge.stdout is not None
        assert judge.stdout.readline() == "open\n"
        assert court.running()
        judge.kill()
    assert left_running(court) == []


def test_a_worker_does_not_outlive_its_supervisor(court):
    worker = court.warm.connect()
    free = "import ctypes\nfound = ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)"
    session = worker.session()
    session.open()
    session.define(free, "<exercise 1.1>")
    assert session.get(None, "found") == -1  # it may not wish to
    children = Path(f"/proc/{court.warm.process.pid}/task/{court.warm.process.pid}/children")
    for supervisor in children.read_text().split():
        os.kill(int(supervisor), signal.SIGKILL)
    assert left_running(court) == []
    with pytest.raises(StudentError, match="the process ended"):
        session.get(None, "found")


def test_no_worker_is_no_wrong_answer(court):
    door = WorkerFactory(court.folder / "nobody", LIMITS)
    with pytest.raises(SandboxError, match="a worker did not start"):
        grade_file(court.lab, "ada", court.lab.folder / SOLUTION, door)


def test_a_worker_that_died_while_it_waited_is_not_tried_again(court):
    door = WorkerFactory(court.warm.address, LIMITS)
    door.connect().close()
    door.next.shutdown(socket.SHUT_RDWR)
    while door.next.recv(2**16):
        pass
    with pytest.raises(SandboxError, match="a worker did not start"):
        door.connect()
    door.connect().close()
    door.dismiss()


def test_a_worker_without_all_walls_is_not_used(court):
    class Weak(WorkerFactory):
        def connect(self) -> Worker:
            worker = super().connect()
            worker.standing.remove("landlock")
            return worker

    door = Weak(court.warm.address, LIMITS)
    with pytest.raises(SandboxError, match="landlock missing"):
        grade_file(court.lab, "ada", court.lab.folder / SOLUTION, door)
    door.dismiss()
