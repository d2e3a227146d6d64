"""Measure the time per submission of `ankeras grade`, otter-grader and nbgrader on the same lab.

python bench/grading_speed.py [--submissions 30]

The submissions are correct solutions of a lab with two functions. Each grader runs the same checks,
first on two submissions, then on many. The difference gives the time per submission without the
time to start. Each grader runs with its default settings: the others grade one submission after the
other, `ankeras grade` grades one per core at the same time. It is also measured with one job. The
other graders are installed from the package index into a separate environment.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from common import parser, save
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

FEW = 2
IMPORTS = "import keras\nimport numpy as np\nfrom keras import layers, ops"
ENCODER = '''
def get_encoder(size, latent_dim):
    """Return a model: (batch, size) -> (batch, latent_dim)."""
    ### BEGIN SOLUTION
    hidden = layers.Dense(16, activation="relu")
    return keras.Sequential([keras.Input((size,)), hidden, layers.Dense(latent_dim)])
    ### END SOLUTION
'''.strip()
LOSS = '''
def reconstruction_loss(x, x_hat):
    """Return the squared error of each image, summed over its values."""
    ### BEGIN SOLUTION
    return ops.sum(ops.square(x - x_hat), axis=-1)
    ### END SOLUTION
'''.strip()
OUR_TESTS = '''
"""The checks."""

from ankeras.grading import exercise, expect


@exercise("1.1", points=1)
def test_encoder(student, rng):
    """The code has the right shape."""
    z = student.get_encoder(7, 3)(rng.normal(size=(4, 7)).astype("float32"))
    expect.shape(z, (4, 3), "z")


@exercise("1.2", points=1)
def test_loss(student, rng):
    """The loss has the right values."""
    x, x_hat = rng.normal(size=(2, 4, 7)).astype("float32")
    expect.close(student.reconstruction_loss(x, x_hat), ((x - x_hat) ** 2).sum(axis=1), "loss")
'''.lstrip()
CHECK_ENCODER = """
z = get_encoder(7, 3)(np.random.normal(size=(4, 7)).astype("float32"))
assert z.shape == (4, 3)
""".strip()
CHECK_LOSS = """
x, x_hat = np.random.normal(size=(2, 4, 7)).astype("float32")
expected = ((x - x_hat) ** 2).sum(axis=1)
assert np.allclose(reconstruction_loss(x, x_hat), expected, rtol=1e-3, atol=1e-4)
""".strip()


def ours(folder: Path, n: int, jobs: int) -> float:
    """Grade n submissions with `ankeras grade --jobs`, and return the seconds."""
    lab = folder / "labs" / "01_small"
    if not lab.exists():
        lab.mkdir(parents=True)
        cells = ["# %% [markdown]\n# # A small lab", f"# %% given=true\n{IMPORTS}"]
        cells += [f'# %% exercise="1.1" points=1\n{ENCODER}']
        cells += [f'# %% exercise="1.2" points=1\n{LOSS}']
        (lab / "solution.py").write_text("\n\n".join(cells) + "\n")
        (lab / "test_lab.py").write_text(OUR_TESTS)
    submissions = folder / f"ours-{n}-{jobs}"
    for i in range(n):
        # Each submission is a little different: equal ones would be graded only once.
        heads = [f"# Exercise 1.1\n# {i}\n{ENCODER}", f"# Exercise 1.2\n# {i}\n{LOSS}"]
        _write(submissions / f"student{i:03}.ipynb", [*map(new_code_cell, [IMPORTS, *heads])])
    ankeras = str(Path(sys.executable).parent / "ankeras")
    command = [ankeras, "grade", str(lab), str(submissions)]
    out = folder / f"ours-out-{n}-{jobs}"
    seconds = _timed([*command, "--out", str(out), "--jobs", str(jobs)], folder)
    rows = (out / "grades.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert len(rows) == n, rows
    assert all(",2," in row for row in rows), rows
    return seconds


def otter(folder: Path, n: int, bin_: Path) -> float:
    """Grade n submissions with `otter run`, and return the seconds."""
    root = folder / "otter"
    tests = root / "tests"
    tests.mkdir(parents=True, exist_ok=True)
    for name, check in (("q1", CHECK_ENCODER), ("q2", CHECK_LOSS)):
        code = "\n".join(f">>> {line}" for line in check.splitlines())
        case = {"code": code, "hidden": False, "locked": False}
        suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
        test = {"name": name, "points": 1, "suites": [suite]}
        (tests / f"{name}.py").write_text(f"OK_FORMAT = True\n\ntest = {test!r}\n")
    zipped = root / "autograder.zip"
    if not zipped.exists():
        quiet = ["--no-config", "--no-requirements", "--no-environment"]
        _timed([str(bin_ / "otter"), "generate", "-t", "tests", "-o", str(zipped), *quiet], root)
    start = time.perf_counter()
    for i in range(n):
        file = root / f"student{i:03}.ipynb"
        _write(file, [*map(new_code_cell, [IMPORTS, ENCODER, LOSS])])
        out = root / f"out-{i}"
        out.mkdir(exist_ok=True)
        command = [str(bin_ / "otter"), "run", "-a", str(zipped), "-o", str(out), str(file)]
        _timed([*command, "--no-logo"], root)
        results = json.loads((out / "results.json").read_text())
        passed = sum(test.get("score", 0) for test in results["tests"])
        assert passed >= 2, results
    return time.perf_counter() - start


def nbgrader(folder: Path, n: int, bin_: Path) -> float:
    """Grade n submissions with `nbgrader autograde`, and return the seconds."""
    course = folder / f"nbgrader-{n}"
    cells = [
        new_markdown_cell("# A small lab"),
        new_code_cell(IMPORTS),
        new_code_cell(ENCODER, metadata=_marks("encoder", solution=True)),
        new_code_cell(CHECK_ENCODER, metadata=_marks("check-1", grade=True, locked=True, points=1)),
        new_code_cell(LOSS, metadata=_marks("loss", solution=True)),
        new_code_cell(CHECK_LOSS, metadata=_marks("check-2", grade=True, locked=True, points=1)),
    ]
    _write(course / "source" / "lab" / "lab.ipynb", cells)
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'a'\n"
    )
    _timed([str(bin_ / "nbgrader"), "generate_assignment", "lab"], course)
    for i in range(n):
        _write(course / "submitted" / f"student{i:03}" / "lab" / "lab.ipynb", cells)
    seconds = _timed([str(bin_ / "nbgrader"), "autograde", "lab"], course)
    _timed([str(bin_ / "nbgrader"), "export"], course)
    rows = (course / "grades.csv").read_text().splitlines()[1:]
    assert len(rows) == n, rows
    return seconds


def main() -> None:
    """Measure all graders, one after the other, and save the figures."""
    options = parser(__doc__)
    options.add_argument("--submissions", type=int, default=30)
    n = options.parse_args().submissions
    folder = Path(tempfile.mkdtemp(prefix="ankeras-bench-"))
    environment = folder / "environment"
    _timed([sys.executable, "-m", "venv", str(environment)], folder)
    python = str(environment / "bin" / "python")
    package = str(Path(__file__).parents[1])
    others = ["otter-grader", "nbgrader"]
    _timed([python, "-m", "pip", "install", "-q", "-e", package, *others], folder)
    bin_ = environment / "bin"
    try:
        figures: dict = {"submissions": n}
        graders = {
            "ankeras": lambda k: ours(folder, k, os.cpu_count() or 1),
            "ankeras, one job": lambda k: ours(folder, k, 1),
            "otter": lambda k: otter(folder, k, bin_),
            "nbgrader": lambda k: nbgrader(folder, k, bin_),
        }
        for name, grade in graders.items():
            few, many = grade(FEW), grade(n)
            figures[name] = {
                "start, s": few,
                "all, s": many,
                "per submission, s": (many - few) / (n - FEW),
            }
            print(name, figures[name], flush=True)
        for own in ("ankeras", "ankeras, one job"):
            for name in ("otter", "nbgrader"):
                cost, other = (figures[grader]["per submission, s"] for grader in (own, name))
                figures[f"{name} / {own}"] = other / cost
        print({k: v for k, v in figures.items() if "/" in k})
        save("grading_speed", figures)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _marks(name: str, **options: object) -> dict:
    flags = {"grade": False, "locked": False, "solution": False, "task": False, **options}
    return {"nbgrader": {"grade_id": name, "schema_version": 3, **flags}}


def _write(file: Path, cells: list) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    file.write_text(nbformat.writes(notebook))


def _timed(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    # graders start other programs
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
