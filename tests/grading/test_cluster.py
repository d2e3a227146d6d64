"""Grading on a Dask cluster of real processes on this machine. Some of them are killed."""

from ankeras.grading import cluster
from ankeras.grading.cluster import ClusterError, cluster_judges
from ankeras.grading.cohort import Entry
from ankeras.grading.judges import Task, judge_in_waves
from ankeras.grading.lab import read_lab
from ankeras.grading.sandbox import Limits, missing

import pytest
from distributed import LocalCluster

LIMITS = Limits(seconds=20)
RIGHT = "# Exercise 1.1\ndef double(x):\n    return 2 * x\nMARK = {!r}"
# The test kills its own judge, as a power failure would, depending on the submission it judges.
LOSES_ITS_WORKER = """
    import os, pathlib, signal
    seen = pathlib.Path({folder!r}, f"{{student.MARK}} {{os.getpid()}}")
    seen.touch()
    times = len(list(seen.parent.glob(f"{{student.MARK}} *")))
    if student.MARK == "always" or (student.MARK == "once" and times == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    x = rng.normal(size=3)
"""


def test_a_lost_worker_costs_nobody_a_grade(numbers, hand_in, tmp_path):
    seen = tmp_path / "seen"
    seen.mkdir()
    loses = LOSES_ITS_WORKER.format(folder=str(seen))
    lab = read_lab(numbers(("test_lab.py", "\n    x = rng.normal(size=3)\n", loses)))
    marks = ["a", "always", "b", "once", "c", "d"]
    entries = [
        Entry(mark, hand_in(RIGHT.format(mark), name=f"{mark}.ipynb"), (f"of {mark}",))
        for mark in marks
    ]
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path)
        ) as hosts,
        cluster_judges(hosts.scheduler_address, lab, LIMITS) as judge,
    ):
        drafts = [draft for _, draft in judge_in_waves(lab, judge, map(Task, entries))]
    grades = {draft.grade.student: draft.grade for draft in drafts if draft.wave is None}
    assert sorted(grades) == sorted(marks)
    problems = {student: grade.problem for student, grade in grades.items() if grade.problem}
    assert list(problems) == ["always"]
    assert "2 workers of the cluster were lost" in problems["always"]
    others = [grade for student, grade in grades.items() if student != "always"]
    assert {grade.points for grade in others} == {2.0}
    assert {tuple(missing(g.sandbox.split(", "))) for g in others} == {()}
    assert all(f"of {student}" in grade.notes for student, grade in grades.items())
    assert {mark: len(list(seen.glob(f"{mark} *"))) for mark in marks} == {
        **dict.fromkeys("abcd", 1),
        "always": 2,
        "once": 2,
    }


def test_a_missing_scheduler_is_an_error(numbers, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with (
        pytest.raises(ClusterError, match="no Dask scheduler answers at tcp"),
        cluster_judges("tcp://127.0.0.1:9", read_lab(numbers()), LIMITS),
    ):
        pass
