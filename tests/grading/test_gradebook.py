"""Grades a class from beginning to end, also after everything that can interrupt it."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from ankeras import cli
from ankeras.grading import gradebook, judges, remote, sandbox
from ankeras.grading.gradebook import GradingRun, grade_class, grade_for_gradescope
from ankeras.grading.lab import read_lab
from ankeras.grading.sandbox import Limits

import pytest

LIMITS = Limits(seconds=20)
RIGHT = ("def double(x):\n    return 2 * x", "def quadruple(x):\n    return 4 * x")
HALF = ("def double(x):\n    return x * x", "def quadruple(x):\n    return 4 * x")


def _rows(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as table:
        return {row["student"]: row for row in csv.DictReader(table)}


def test_a_class_is_graded_once_and_again_only_what_is_new(
    numbers, class_of, warmed, tmp_path, capsys
):
    folder = class_of(ada=RIGHT, bob=HALF, eve=("def double(x:",))
    (folder / "zoe.ipynb").write_text("{")
    roster = tmp_path / "roster.csv"
    roster.write_text("id\nada\nbob\neve\nmax\nzoe\n")
    run = GradingRun(read_lab(numbers()), folder, tmp_path / "out", 2, LIMITS, roster=roster)

    page = grade_class(run)
    said = capsys.readouterr().out
    assert "sandbox: namespaces, landlock, seccomp" in said.replace("\n", " ")
    assert "max" in said
    rows = _rows(tmp_path / "out" / "grades.csv")
    found = {s: [r["exercise 1.1"], r["exercise 1.2"], r["total"]] for s, r in rows.items()}
    assert found["ada"] == ["2", "1", "3"]
    assert found["bob"] == ["1", "1", "2"]  # the square of zero is right
    assert found["eve"] == ["0", "0", "0"]
    assert found["zoe"][2] == "0"
    assert rows["zoe"]["status"] == "not graded"
    assert "incomplete" in rows["zoe"]["problem"]
    text = page.read_text("utf-8")
    assert all(name in text for name in ("ada", "bob", "eve", "max", "zoe"))
    assert len(list((tmp_path / "out" / "feedback").iterdir())) == 4
    for name in ("grades.json", "grades.xml", "canvas.csv", "moodle.csv"):
        assert "ada" in (tmp_path / "out" / name).read_text("utf-8")

    class_of(bob=RIGHT)
    grade_class(run)
    said = capsys.readouterr().out
    assert "4 submissions, 3 of them graded before" in said
    assert "1/1" in said
    assert _rows(tmp_path / "out" / "grades.csv")["bob"]["total"] == "3"


def test_a_large_file_does_not_disturb_others(numbers, class_of, warmed, tmp_path):
    folder = class_of(ada=RIGHT, bob=(f"{RIGHT[0]}  # {'x' * 300_000}", RIGHT[1]))
    with (folder / "zed.ipynb").open("wb") as large:
        large.truncate(2**36)
    grade_class(GradingRun(read_lab(numbers()), folder, tmp_path / "out", 2, LIMITS))
    rows = _rows(tmp_path / "out" / "grades.csv")
    found = {student: row["total"] for student, row in rows.items()}
    assert found == {"ada": "3", "bob": "3", "zed": "0"}
    assert "65536 MB, more than 50" in rows["zed"]["problem"]
    text = (tmp_path / "out" / "grades.json").read_text()
    assert len(text) < 150_000
    assert "exercise 1.1 has 300" in text


def test_an_interrupt_that_python_loses_counts(numbers, class_of, warmed, tmp_path, monkeypatch):
    class Dropping:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    def save(store, key, grade):
        saved(store, key, grade)
        Dropping()

    saved, dropped = gradebook.Store.save, []
    monkeypatch.setattr(sys, "unraisablehook", lambda event: dropped.append(event.exc_type))
    monkeypatch.setattr(gradebook.Store, "save", save)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        grade_class(GradingRun(read_lab(numbers()), class_of(ada=RIGHT, bob=HALF), out, 1, LIMITS))
    assert dropped == [KeyboardInterrupt]
    assert len(_rows(out / "grades.csv")) == 1


def test_an_edited_lab_is_graded_again(numbers, class_of, warmed, tmp_path, capsys):
    lab = numbers()
    folder = class_of(ada=RIGHT)
    grade_class(GradingRun(read_lab(lab), folder, tmp_path / "out", 1, LIMITS))
    tests = lab / "test_hidden.py"
    tests.write_text(tests.read_text().replace('double(0), 0, "', 'double(0), 1, "'))
    grade_class(GradingRun(read_lab(lab), folder, tmp_path / "out", 1, LIMITS))
    assert "1 submissions, 0 of them graded before" in capsys.readouterr().out
    assert _rows(tmp_path / "out" / "grades.csv")["ada"]["total"] == "2"


def test_a_deadline_marks_what_was_saved_later(numbers, class_of, warmed, tmp_path, monkeypatch):
    folder = class_of(ada=RIGHT, bob=RIGHT)
    os.utime(folder / "ada.ipynb", (0, 0))
    words = [numbers(), folder, "--out", tmp_path / "out", "--deadline", "2020-01-01 12:00"]
    assert cli.main(["grade", *map(str, words), "--seconds", "20"]) == 0
    rows = _rows(tmp_path / "out" / "grades.csv")
    assert {student: row["late"] for student, row in rows.items()} == {"ada": "", "bob": "late"}
    assert rows["bob"]["total"] == "3"


def test_points_given_by_hand(numbers, class_of, warmed, tmp_path, capsys):
    lab, out = numbers(), tmp_path / "out"
    grade_class(GradingRun(read_lab(lab), class_of(ada=RIGHT, bob=HALF), out, 1, LIMITS))
    words = ["override", str(lab), str(out), "bob", "2", "--exercise", "1.1", "--reason", "a typo"]
    assert cli.main(words) == 0
    row = _rows(out / "grades.csv")["bob"]
    assert (row["exercise 1.1"], row["total"], row["status"]) == ("2", "3", "changed by hand")
    data = {grade["student"]: grade for grade in json.loads((out / "grades.json").read_text())}
    assert data["bob"]["overrides"] == {"1.1": {"points": 2.0, "reason": "a typo"}}
    assert sum(e["tests"][0]["passed"] for e in data["bob"]["grade"]["exercises"]) == 1
    assert any("a typo" in page.read_text("utf-8") for page in (out / "feedback").iterdir())

    capsys.readouterr()
    words[4] = "9"
    assert cli.main(words) == 1
    assert "out of range" in capsys.readouterr().err


def test_results_for_gradescope(numbers, class_of, warmed, tmp_path):
    file = class_of(ada=HALF) / "ada.ipynb"
    results = grade_for_gradescope(
        GradingRun(read_lab(numbers()), file, tmp_path / "out", 1, LIMITS)
    )
    data = json.loads(results.read_text())
    assert "score" not in data
    assert [test["score"] for test in data["tests"]] == [0, 1, 1]
    hidden = data["tests"][1]
    assert (hidden["visibility"], hidden["output"]) == ("after_published", "")


def test_without_isolation_nothing_is_graded(numbers, class_of, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(remote, "WarmProcess", _Bare)
    monkeypatch.setattr(remote, "probe", lambda warm: ["limits"])
    words = ["grade", str(numbers()), str(class_of(ada=RIGHT)), "--out", str(tmp_path / "out")]
    assert cli.main(words) == 1
    said = capsys.readouterr().err
    assert "can't isolate" in said
    assert "--no-sandbox" in said
    assert _rows(tmp_path / "out" / "grades.csv") == {}


def test_without_a_sandbox_every_grade_says_so(numbers, class_of, tmp_path, capsys):
    words = ["grade", str(numbers()), str(class_of(ada=RIGHT, bob=HALF))]
    assert cli.main([*words, "--out", str(tmp_path / "out"), "--no-sandbox"]) == 0
    assert "sandbox: none" in capsys.readouterr().out
    data = json.loads((tmp_path / "out" / "grades.json").read_text())
    assert [(grade["points"], grade["grade"]["sandbox"]) for grade in data] == [(3, ""), (2, "")]


class _Bare:
    """A warm process on a machine that has no sandbox."""

    def __init__(self, limits, *, confined, preload=True):
        assert confined

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_another_lab_changes_nothing(numbers, class_of, warmed, tmp_path, capsys):
    lab, folder, out = numbers(), class_of(ada=RIGHT), tmp_path / "out"
    grade_class(GradingRun(read_lab(lab), folder, out, 1, LIMITS))
    before = _bytes(out)
    other = lab.rename(lab.with_name("02_others"))
    override = ["ada", "1", "--exercise", "1.1", "--reason", "a typo"]
    for words in (
        ["grade", other, folder, "--out", out],
        ["override", other, out, *override],
        ["override", other, tmp_path / "nowhere", *override],
    ):
        assert cli.main([*map(str, words)]) == 1
    said = capsys.readouterr().err
    assert said.count("has the grades of 01_numbers. Choose another folder for 02_others.") == 2
    assert "There are no grades in" in said
    assert _bytes(out) == before
    assert not (tmp_path / "nowhere").exists()


def test_a_change_by_hand_keeps_what_the_class_page_says(numbers, class_of, warmed, tmp_path):
    lab, folder, out = numbers(), class_of(ada=RIGHT, bob=RIGHT), tmp_path / "out"
    (folder / "max").mkdir()
    os.utime(folder / "ada.ipynb", (0, 0))
    words = ["grade", lab, folder, "--out", out, "--deadline", "2020-01-01 12:00"]
    assert cli.main([*map(str, words), "--seconds", "20"]) == 0
    before = _rows(out / "grades.csv")
    assert "the date of the file bob.ipynb" in before["bob"]["late by"]
    assert "max handed in no notebook" in (out / "index.html").read_text("utf-8")
    words = ["override", lab, out, "ada", "1", "--reason", "on paper"]
    assert cli.main([*map(str, words)]) == 0
    after = _rows(out / "grades.csv")
    assert after["bob"] == before["bob"]
    assert (after["ada"]["total"], after["ada"]["late"]) == ("1", "")
    assert "max handed in no notebook" in (out / "index.html").read_text("utf-8")


@pytest.mark.parametrize("secret", ["lab", "submissions", "out"])
def test_nothing_secret_may_lie_where_submissions_read(
    numbers, class_of, tmp_path, monkeypatch, capsys, secret
):
    packages = tmp_path / "packages"
    packages.mkdir()
    monkeypatch.setattr(sandbox, "readable", lambda: [packages])
    places = {"lab": numbers(), "submissions": class_of(ada=RIGHT), "out": tmp_path / "out"}
    if secret != "out":
        places[secret].rename(packages / places[secret].name)
        places[secret].symlink_to(packages / places[secret].name)  # the way does not matter
    else:
        places["out"] = packages / "out"
    words = ["grade", places["lab"], places["submissions"], "--out", places["out"]]
    assert cli.main([*map(str, words)]) == 1
    said = capsys.readouterr().err
    assert f"Every submission could read {places[secret]}" in said
    assert said.count("\n") == 1
    assert not places["out"].exists()


# A test of the lab that does harm while it judges, depending on the submission.
HARMS = """
    import os, pathlib, signal
    mark = getattr(student, "MARK")
    if mark == "kills":
        os.kill(os.getpid(), signal.SIGKILL)
    if mark == "removes":
        pathlib.Path({file!r}).unlink(missing_ok=True)
    if mark == "breaks":
        os.environ["ANKERAS_BREAKS"] = "1"
    x = rng.normal(size=3)
"""


def test_trouble_costs_only_the_submission_that_has_it(
    numbers, class_of, warmed, tmp_path, monkeypatch
):
    double = RIGHT[0] + "\nMARK = {!r}"
    marks = ["ada", "breaks", "kills", "removes", "zoe"]
    folder = class_of(**{mark: (double.format(mark), RIGHT[1]) for mark in marks})
    vanishes = folder / "vanishes.ipynb"
    vanishes.write_bytes((folder / "ada.ipynb").read_bytes())
    harms = HARMS.format(file=str(vanishes))
    lab = numbers(("test_lab.py", "\n    x = rng.normal(size=3)\n", harms))
    judge_wave = judges.judge_wave

    def breaks(lab, draft, factory):
        judge_wave(lab, draft, factory)
        if os.environ.pop("ANKERAS_BREAKS", None):
            raise MemoryError("no room")

    monkeypatch.setattr(judges, "judge_wave", breaks)
    run = GradingRun(read_lab(lab), folder, tmp_path / "out", 1, LIMITS)
    grade_class(run)
    rows = _rows(tmp_path / "out" / "grades.csv")
    assert {s: row["total"] for s, row in rows.items() if not row["problem"]} == {
        "ada": "3",
        "removes": "3",
        "zoe": "3",
    }
    assert rows["kills"]["problem"] == "its judge ended 2 times: grade it by hand"
    assert rows["breaks"]["problem"] == (
        "its judge failed (MemoryError: no room): grade it by hand"
    )
    assert "There is no file" in rows["vanishes"]["problem"]

    vanishes.write_bytes((folder / "ada.ipynb").read_bytes())
    monkeypatch.setattr(judges, "judge_wave", judge_wave)
    (folder / "kills.ipynb").unlink()
    grade_class(run)  # what failed without the student's fault is graded again
    rows = _rows(tmp_path / "out" / "grades.csv")
    assert [rows[s]["total"] for s in ("breaks", "vanishes")] == ["3", "3"]


def test_an_interrupt_between_two_waves_repeats_no_wave(
    numbers, class_of, warmed, tmp_path, monkeypatch
):
    begun = tmp_path / "begun"
    begin = judges.begin

    def counted(lab, student, file):
        with begun.open("a") as log:
            log.write(f"{student} ")
        return begin(lab, student, file)

    def stop(store, student, key, data):
        saved(store, student, key, data)
        if len(begun.read_text().split()) == 3:
            raise KeyboardInterrupt

    saved = gradebook.Store.save_draft
    monkeypatch.setattr(judges, "begin", counted)
    monkeypatch.setattr(gradebook.Store, "save_draft", stop)
    run = GradingRun(
        read_lab(numbers()), class_of(ada=RIGHT, bob=HALF, eve=RIGHT), tmp_path / "out", 1, LIMITS
    )
    with pytest.raises(KeyboardInterrupt):
        grade_class(run)
    assert _rows(tmp_path / "out" / "grades.csv") == {}
    monkeypatch.setattr(gradebook.Store, "save_draft", saved)
    grade_class(run)
    rows = _rows(tmp_path / "out" / "grades.csv")
    assert {student: row["total"] for student, row in rows.items()} == {
        "ada": "3",
        "bob": "2",
        "eve": "3",
    }
    assert sorted(begun.read_text().split()) == ["ada", "bob", "eve"]


# Grades a class on a disk of some 100 kilobytes, with the warm process of another grader.
FULL_DISK = """
import contextlib, subprocess, sys
from pathlib import Path
from ankeras import cli
from ankeras.grading import gradebook
from ankeras.grading.remote import WorkerFactory
from ankeras.grading.sandbox import Limits

address, lab, folder, out = map(Path, sys.argv[1:])
factory = WorkerFactory(address, Limits(seconds=20))
gradebook.warm_up = lambda limits, sandboxed: contextlib.nullcontext((factory, [], ""))
out.mkdir()
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(out)], check=True)
words = ["grade", str(lab), str(folder), "--out", str(out), "--jobs", "1", "--seconds", "20"]
print("exit", cli.main(words), flush=True)
subprocess.run(["mount", "-o", "remount,size=50m", str(out)], check=True)
print("exit", cli.main(words))
print((out / "grades.csv").read_text())
"""


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0
    if sys.platform == "linux"
    else True,
    reason="a small disk needs a mount namespace of Linux",
)
def test_a_full_disk_is_named_and_grading_continues(numbers, class_of, factory, tmp_path):
    comment = "#" * 9000
    folder = class_of(**{f"s{n}": (f"{RIGHT[0]}\n{comment}", RIGHT[1]) for n in range(8)})
    words = [factory.address, numbers(), folder, tmp_path / "small"]
    command = ["unshare", "-rm", sys.executable, "-c", FULL_DISK, *map(str, words)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    said = " ".join(run.stderr.split())
    assert f"The disk with {tmp_path / 'small'} is full" in said
    assert run.stdout.count("exit 1") == 1
    assert run.stdout.count("exit 0") == 1
    assert "8 submissions, 0 of them graded before" in run.stdout
    assert run.stdout.count(",3,,,graded,") == 8


# Starts a warm process and graders that use it, and ends the graders at random moments. It does not
# import TensorFlow. Processes that a grader leaves running become its children, so it can see them.
GRADE_AND_END = """
import contextlib, ctypes, json, os, random, signal, sys, time
from pathlib import Path
from ankeras.grading import gradebook, remote
from ankeras.grading.gradebook import GradingRun, STORE
from ankeras.grading.lab import read_lab
from ankeras.grading.sandbox import Limits
from ankeras.grading.store import Store

lab, folder, top = map(Path, sys.argv[1:])
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
rng, limits = random.Random(1), Limits(seconds=20)

def grade(out):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(os.devnull, "w") as null, contextlib.redirect_stdout(null):
        try:
            gradebook.grade_class(GradingRun(read_lab(lab), folder, out, 2, limits))
        except KeyboardInterrupt:
            os._exit(130)
    os._exit(0)

def run(out):
    child = os.fork()
    if child == 0:
        grade(out)
    return child

def known(out):
    # student -> how many waves are done; 9: the grade is final
    if not (out / STORE).exists():
        return {}
    with Store(out / STORE) as store:
        drafts = store._rows("SELECT student, data FROM drafts")
        waves = {student: json.loads(data)["wave"] for student, data in drafts}
        return waves | {grade.student: 9 for grade in store.grades()}

def ended(child):
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

def children():
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()

def end_often(stop, ends, out):
    before, done, cut = {}, 0, 0
    for end in range(ends):
        child = run(out)
        # Every second grader is ended after a new grade or wave, the others at any moment.
        while end % 2 and known(out) == before and not ended(child):
            time.sleep(0.05)
        time.sleep(rng.uniform(0, 0.3))
        os.kill(child, stop)
        asked = time.monotonic()
        status = os.waitpid(child, 0)[1]
        assert time.monotonic() - asked < 20, "it took too long to end"
        cut += status != 0
        left = time.monotonic() + 20
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0) or len(children()) > 1:
                assert time.monotonic() < left, "a process of a grader that ended lives on"
                time.sleep(0.01)
        found = known(out)
        assert all(found[s] >= waves for s, waves in before.items()), "a grade is lost"
        if stop == signal.SIGINT and 9 in found.values():
            assert (out / "grades.csv").exists(), "what was done is not written"
        done += sum(found.values()) - sum(before.values())
        before = found
    assert done and cut
    assert os.waitpid(run(out), 0)[1] == 0
    with Store(out / STORE) as store:
        grades = store.grades()
        assert len(grades) == len(list(folder.iterdir()))
        assert all(len(store.history(g.student)) == 1 for g in grades), "graded twice"
    wrong = [g.student for g in grades if g.points != (3 if g.student < "s020" else 2) or g.problem]
    assert not wrong, wrong

with remote.warm_up(limits) as (warm, standing, trouble):
    assert not trouble, trouble
    gradebook.warm_up = lambda limits, sandboxed=True: contextlib.nullcontext((warm, standing, ""))
    end_often(signal.SIGKILL, 50, top / "killed")
    end_often(signal.SIGINT, 6, top / "interrupted")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")
def test_a_grader_that_is_ended_continues_where_it_stopped(numbers, class_of, tmp_path):
    folder = class_of(**{f"s{n:03}": RIGHT if n < 20 else HALF for n in range(50)})
    words = [numbers(), folder, tmp_path]
    run = subprocess.run(
        [sys.executable, "-c", GRADE_AND_END, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert run.returncode == 0, run.stderr


# Forks processes that ask to be killed with their parent only when the parent ends already. The
# first thread of a parent, which has the children, ends before the second thread frees its memory.
ENDED_BEFORE = """
import ctypes, mmap, os, signal, threading, time
from ankeras.grading import sandbox

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER

def parent():
    memory = mmap.mmap(-1, 300 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory[:: mmap.PAGESIZE] = bytes(len(memory) // mmap.PAGESIZE)
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    own, (ready, say) = os.getpid(), os.pipe()
    if os.fork() == 0:
        memory.close()
        os.write(say, b"!")
        while os.getppid() == own:
            pass
        sandbox.end_with_parent(own)
        os._exit(2)
    os.read(ready, 1)
    os.kill(own, signal.SIGKILL)

for _ in range(20):
    if os.fork() == 0:
        parent()
    print(*sorted(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(2)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_process_ends_if_its_parent_has_ended_before():
    run = subprocess.run(
        [sys.executable, "-c", ENDED_BEFORE], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.splitlines() == ["-9 1"] * 20
