"""Right answers come into a worker only when nobody can gain by them, and no text tells them.

The lab has a third exercise that uses the second one, which uses the first one.
"""

import json
import os
from pathlib import Path

from ankeras.grading import exports, report
from ankeras.grading.cohort import Entry
from ankeras.grading.grade import Draft, begin, grade_file, judge_wave, waves
from ankeras.grading.judges import Task, judge_in_waves
from ankeras.grading.lab import Lab, read_lab
from ankeras.grading.remote import RemoteSession, WorkerFactory
from ankeras.grading.results import Grade
from ankeras.grading.sandbox import Limits

import pytest

EIGHTFOLD = '''
# %% exercise="2.1" points=2
def eightfold(x):
    """Return 8 x."""
    ### BEGIN SOLUTION
    return 2 * quadruple(x)
    ### END SOLUTION


# %%
check()
'''
PUBLIC = '''
    expect.equal(student.quadruple(3), 12, "quadruple(3)")


@exercise("2.1", points=1)
def test_eightfold(student):
    """Eight times x."""
    expect.equal(student.eightfold(3), 24, "eightfold(3)")
'''
HIDDEN = '''
    expect.equal(student.double(0), 0, "double(0)")


@exercise("2.1", points=1)
def test_any_eightfold(student, rng):
    """Eight times any number."""
    x = int(rng.integers(5, 1000))
    expect.equal(student.eightfold(x), 8 * x, "eightfold(x)")
'''
DOUBLE = "def double(x):\n    return x + x"
QUADRUPLE = "def quadruple(x):\n    return double(double(x))"
USES_QUADRUPLE = "def eightfold(x):\n    return quadruple(x) + quadruple(x)"
WRONG = "def double(x):\n    return 3 * x"
FULL = {"1.1": 2.0, "1.2": 1.0, "2.1": 2.0}


class Counting(WorkerFactory):
    """Counts the workers that are used."""

    used = 0

    def connect(self):
        self.used += 1
        return super().connect()


@pytest.fixture
def lab(numbers) -> Lab:
    edits = (
        ("solution.py", "\n# %%\ncheck()\n", EIGHTFOLD),
        ("test_lab.py", '\n    expect.equal(student.quadruple(3), 12, "quadruple(3)")\n', PUBLIC),
        ("test_hidden.py", '\n    expect.equal(student.double(0), 0, "double(0)")\n', HIDDEN),
    )
    return read_lab(numbers(*edits))


@pytest.fixture
def grade(lab, class_of, factory):
    """Return a function that grades the answers to 1.1, 1.2 and 2.1, and counts the workers."""

    def run(*cells: str | None, seconds: float = 20) -> tuple[Grade, int]:
        counting = Counting(factory.address, Limits(seconds=seconds))
        try:
            return grade_file(
                lab, "eve", class_of(eve=cells) / "eve.ipynb", counting
            ), counting.used
        finally:
            counting.dismiss()

    return run


def points(grade: Grade) -> dict[str, float]:
    return {exercise.number: exercise.points for exercise in grade.exercises}


def replaced(grade: Grade) -> list[list[str]]:
    return [exercise.replaced for exercise in grade.exercises]


def pages(grade: Grade, folder: Path) -> str:
    """Return all that the student reads: the page, and Gradescope's results."""
    report.write_report(folder, "Lab", [grade], [], {}, [], {})
    (page,) = (folder / "feedback").iterdir()
    return page.read_text() + json.dumps(exports.gradescope_results(grade, {}, late=False))


def test_right_answers_need_no_right_answer_of_the_lab(grade):
    found, workers = grade(DOUBLE, QUADRUPLE, USES_QUADRUPLE)
    assert points(found) == FULL
    assert replaced(found) == [[], [], []]
    assert workers == 2  # one for the public tests, one for the hidden ones


def test_untouched_cells_need_no_worker(grade, lab):
    bodies = [exercise.stub.split("\n", 1)[1] for exercise in lab.exercises.values()]
    found, workers = grade(*bodies)
    assert (points(found), workers) == (dict.fromkeys(FULL, 0), 0)
    told = {test.message for e in found.exercises for test in e.tests if e.number == "2.1"}
    assert told == {
        'not done yet (in line 4 of your cell: raise NotImplementedError("exercise 2.1: your code '
        'here"))'
    }


def test_a_mistake_costs_points_only_once(grade):
    found, workers = grade(WRONG, QUADRUPLE, USES_QUADRUPLE)
    assert points(found) == {**FULL, "1.1": 1.0}  # three times zero is right
    assert replaced(found) == [[], ["1.1"], ["1.1"]]
    assert workers == 5  # 1.2 has no hidden test
    found, _ = grade(None, QUADRUPLE, USES_QUADRUPLE)
    assert points(found) == {**FULL, "1.1": 0.0}


def test_only_wrong_answers_are_replaced(grade):
    helper = f"{DOUBLE}\ndef add(a, b):\n    return a + b"
    wrong = "def quadruple(x):\n    return x"
    found, _ = grade(helper, wrong, "def eightfold(x):\n    return add(quadruple(x), 4 * x)")
    assert points(found) == {**FULL, "1.2": 0.0}
    assert replaced(found) == [[], ["1.1"], ["1.2"]]  # the answer to 1.1 has what 2.1 needs


def test_an_earlier_cell_that_changes_the_process_costs_no_points_later(grade):
    patches = f"import math\nmath.sqrt = None\n{DOUBLE}"
    needs = "import math\ndef quadruple(x):\n    return int(math.sqrt(16)) * x"
    found, _ = grade(patches, needs, USES_QUADRUPLE)
    assert points(found) == FULL
    assert replaced(found)[1] == ["1.1"]


READS_ALL = """
import linecache
told = {name: "".join(entry[2]) for name, entry in linecache.cache.items() if name[:7] == "<answer"}
"""


def test_no_text_from_beside_a_right_answer_is_shown(grade, tmp_path):
    tells = "raise ValueError('told: ' + ''.join(told.values()))"
    found, _ = grade(
        None,
        f"{READS_ALL}\ndef quadruple(x):\n    {tells}",
        f"{READS_ALL}\ndef eightfold(x):\n    return ''.join(told.values())",
    )
    assert points(found) == dict.fromkeys(FULL, 0)
    shown = pages(found, tmp_path)
    for secret in ("return 2 * x", "double(double", "Return 2 x", "Return 4 x"):
        assert secret not in shown
    assert "told: " in shown  # of the run with the student's own answers
    assert "run again with the right answers to 1.1, 1.2" in shown
    again = [test.again for e in found.exercises for test in e.tests]
    assert any("return 2 * x" in text for text in again)  # the teacher may read it


def test_what_happens_in_a_hidden_test_is_not_told(grade, tmp_path):
    ends = "import os\ndef double(x):\n    return os._exit(0) if x is 0 else 2 * x"
    found, _ = grade(ends.replace("x is 0", "isinstance(x, int)"), "def quadruple(x): return 4 * x")
    assert points(found) == {"1.1": 1.0, "1.2": 1.0, "2.1": 0.0}
    assert found.notes == []
    assert found.remarks == ["the hidden tests of exercise 1.1: the process ended"]
    shown = pages(found, tmp_path)
    assert "the process ended" not in shown
    assert "execution_time" not in shown


def test_an_endless_loop_costs_one_limit(lab, class_of, factory):
    slow = "import time\ndef {}(x):\n    time.sleep(0.8)"
    cells = [slow.format(name) for name in ("double", "quadruple", "eightfold")]
    limited = WorkerFactory(factory.address, Limits(seconds=1))
    draft = begin(lab, "eve", class_of(eve=tuple(cells)) / "eve.ipynb")
    while draft.wave is not None:
        judge_wave(lab, draft, limited)
    limited.dismiss()
    assert points(draft.grade) == dict.fromkeys(FULL, 0)
    assert draft.seconds == dict.fromkeys(FULL, 1.0)  # of all runs of an exercise together


def test_time_in_which_a_session_is_opened_counts(lab, class_of, factory, monkeypatch):
    def late(session):
        raise session._too_long()

    monkeypatch.setattr(RemoteSession, "open", late)
    draft = begin(lab, "eve", class_of(eve=("def double(x): return 2 * x",)) / "eve.ipynb")
    judge_wave(lab, draft, factory)
    assert draft.seconds["1.1"] == factory.limits.seconds


def test_a_cell_without_end_takes_no_time_of_later_exercises(grade):
    found, _ = grade(
        "while True: pass", "def quadruple(x): return 4 * x", USES_QUADRUPLE, seconds=3
    )
    assert points(found) == {**FULL, "1.1": 0.0}
    assert "took more than 3 s" in found.exercises[0].tests[0].message


def test_no_wave_begins_before_the_last_one_has_ended(lab):
    assert waves(lab) == ["test_lab.py", "test_hidden.py", "1.2", "2.1"]
    needs = {"ada": [0, 1], "bob": [0, 1, 2, 3], "eve": [0, 1, 3], "zoe": [0]}
    log = []

    def judge(tasks):
        for task in reversed(tasks):
            student = task.entry.student
            draft = task.draft or Draft(Grade(student, "", "", [], 0), wave=0)
            log.append((draft.wave, student))
            later = [wave for wave in needs[student] if wave > draft.wave]
            draft.wave = later[0] if later else None
            yield draft

    tasks = [Task(Entry(student, Path(student))) for student in needs]
    old = Draft(Grade("max", "", "", [], 0), wave=2)  # of a command that was interrupted
    needs["max"] = [2]
    tasks.append(Task(Entry("max", Path()), old))
    done = [d.grade.student for _, d in judge_in_waves(lab, judge, tasks) if d.wave is None]
    assert sorted(done) == ["ada", "bob", "eve", "max", "zoe"]
    assert [wave for wave, _ in log] == [0] * 4 + [1] * 3 + [2] * 2 + [3] * 2
    assert sorted(log) == sorted((w, s) for s, own in needs.items() for w in own)


def test_a_draft_is_the_same_after_it_was_saved(lab, class_of, factory):
    draft = begin(lab, "eve", class_of(eve=(WRONG, QUADRUPLE)) / "eve.ipynb", seed=3)
    judge_wave(lab, draft, factory)
    read = Draft.from_data(json.loads(json.dumps(draft.as_data())))
    assert read.grade == draft.grade
    assert (read.wave, read.seconds) == (1, draft.seconds)
    for each in (draft, read):
        while each.wave is not None:
            judge_wave(lab, each, factory)
    assert points(read.grade) == points(draft.grade) == {"1.1": 1.0, "1.2": 1.0, "2.1": 0.0}


REFUSED = """
import ctypes, errno, fcntl, mmap, os, resource, struct, sys, warnings

path = os.path.join(os.path.dirname(os.__file__), "ast.py")
fd = os.open(path, os.O_RDONLY)
lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 1, 0)
libc = ctypes.CDLL(None, use_errno=True)
high = 1 << 32  # the kernel does not read this half

def refused(call):
    try:
        return call() is None
    except OSError as error:
        return error.errno in (errno.EPERM, errno.ENOSYS)

def raw(name, *arguments):
    ctypes.set_errno(0)
    getattr(libc, name)(*map(ctypes.c_ulong, arguments))
    return ctypes.get_errno() == errno.EPERM

place = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
calls = {
    "SETLK": refused(lambda: fcntl.fcntl(fd, fcntl.F_SETLK, lock)),
    "GETLK": refused(lambda: fcntl.fcntl(fd, fcntl.F_GETLK, lock)),
    "OFD": refused(lambda: fcntl.fcntl(fd, 37, lock)),
    "flock": refused(lambda: fcntl.flock(fd, fcntl.LOCK_SH)),
    "lease": refused(lambda: fcntl.fcntl(fd, fcntl.F_GETLEASE)),
    "rusage": raw("getrusage", 0, ctypes.addressof(ctypes.create_string_buffer(200))),
    "faults": resource.getrusage(resource.RUSAGE_SELF)[6:8] == (0, 0),
    "high half of fcntl": raw("syscall", 72, fd, high + 5, 0),
    "high half of madvise": raw("syscall", 28, 0, 4096, high + 21),
}
own = [f"self/{name}" for name in ("stat", "statm", "status", "smaps", "io")]
for name in (*own, "vmstat", "locks", "loadavg"):
    try:
        open(f"/proc/{name}").close()
        calls[name] = False
    except OSError:
        calls[name] = True
before = os.stat(path).st_atime_ns
os.pread(fd, 10, 0)
calls["atime"] = os.stat(path).st_atime_ns == before
import h5py
with h5py.File("own.h5", "w") as file:
    file["x"] = [1, 2]
with h5py.File("own.h5") as file:
    kept = [int(n) for n in file["x"]]
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="it has numbers of system calls")
def test_no_signal_by_what_processes_share(factory):
    worker = factory.connect()
    session = worker.session()
    session.open()
    session.define(REFUSED, "<exercise 1.1>")
    calls = session.get(None, "calls")
    assert calls == dict.fromkeys(calls, True)
    assert session.get(None, "kept") == [1, 2]  # files can be written without locks
    worker.close()
