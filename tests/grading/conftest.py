"""A lab of numbers, without a network: what all labs have in common needs no more."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from ankeras.grading import gradebook, plugin, remote
from ankeras.grading.lab import read_lab
from ankeras.grading.prove import prove
from ankeras.grading.remote import WorkerFactory
from ankeras.grading.sandbox import Limits

import pytest

LABS = Path(__file__).parents[2] / "labs"
NUMBERS = {
    "solution.py": '''\
# %% [markdown]
# # Lab 1. Numbers
#
# Doubles.

# %% given=true
from math import pi

# %%
from ankeras.grading import checker

check = checker("01_numbers")

# %% exercise="1.1" points=2
def double(x):
    """Return 2 x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %% [markdown]
# The double of the double.

# %% exercise="1.2" points=1
def quadruple(x):
    """Return 4 x."""
    ### BEGIN SOLUTION
    return double(double(x))
    ### END SOLUTION


# %%
check()
''',
    "test_lab.py": '''\
"""The checks that students get."""

from ankeras.grading import exercise, expect


@exercise("1.1", points=1)
def test_double(student, rng):
    """Two times x, for an array."""
    x = rng.normal(size=3)
    expect.close(student.double(x), 2 * x, "double(x)", "Multiply by 2.")


@exercise("1.2", points=1)
def test_quadruple(student):
    """Four times x."""
    expect.equal(student.quadruple(3), 12, "quadruple(3)")
''',
    "test_hidden.py": '''\
"""The tests that students do not get."""

from ankeras.grading import exercise, expect


@exercise("1.1", points=1)
def test_double_of_zero(student):
    """Zero stays zero."""
    expect.equal(student.double(0), 0, "double(0)")
''',
    "mutants.py": '''\
"""Wrong answers that must fail, and right ones that must pass."""

from ankeras.grading import Alternative, Mutant

PROOF = [
    Mutant("1.1", "the square", "test_double", ("2 * x", "x * x")),
    Mutant("1.1", "x itself", "test_double", ("2 * x", "x")),
    Mutant(
        "1.1", "one too much at zero", "test_double_of_zero", ("2 * x", "2 * x + (type(x) is int)")
    ),
    Mutant("1.2", "doubled once", "test_quadruple", ("double(double(x))", "double(x)")),
    Mutant("1.2", "the square", "test_quadruple", code="def quadruple(x):\\n    return x * x"),
    Mutant("1.2", "nothing", "test_quadruple", ("return double(double(x))", "double(x)")),
    Alternative("1.1", "a sum", "def double(x):\\n    return x + x"),
    Alternative("1.2", "a product", "def quadruple(x):\\n    return 4 * x"),
]
''',
}


@pytest.fixture
def numbers(tmp_path) -> Callable[..., Path]:
    """Return what writes the lab and returns its folder: numbers((file, old, new), ...)."""

    def write(*edits: tuple[str, str, str]) -> Path:
        folder = tmp_path / "labs" / "01_numbers"
        folder.mkdir(parents=True)
        texts = dict(NUMBERS)
        for file, old, new in edits:
            assert old in texts[file], (file, old)
            texts[file] = texts[file].replace(old, new, 1)
        for file, text in texts.items():
            (folder / file).write_text(text)
        return folder

    return write


@pytest.fixture
def hand_in(tmp_path) -> Callable[..., Path]:
    """Return what writes a notebook of these code cells, and returns its path."""

    def write(*sources: str, name: str = "mine.ipynb") -> Path:
        cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
        file = tmp_path / name
        file.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}))
        return file

    return write


@pytest.fixture
def grade(numbers, terminal, tmp_path) -> Callable[..., dict]:
    """Return what grades a notebook of the lab of numbers, as `pytest --grades` writes it."""
    folder = numbers()

    def run(submission: Path, *options: str) -> dict:
        file = tmp_path / "grades.json"
        words = [folder, "--submission", submission, "--grades", file, *options]
        text = terminal(*words)
        return {**json.loads(file.read_text()), "terminal": text}

    return run


@pytest.fixture
def terminal(tmp_path) -> Callable[..., str]:
    """Return what runs pytest in this process, and returns what it prints."""

    def run(*words: object) -> str:
        # The last two collect all garbage at the end: most of a run's time.
        off = ("cacheprovider", "faulthandler", "unraisableexception", "threadexception")
        off = [word for name in off for word in ("-p", f"no:{name}")]
        # Below the root, the files of all tests have different names.
        options = [*off, "--import-mode=importlib", "--capture=no", f"--rootdir={tmp_path.anchor}"]
        with contextlib.redirect_stdout(io.StringIO()) as text:
            pytest.main([*options, *map(str, words)], plugins=[plugin])
        return text.getvalue()

    return run


LIMITS = Limits(seconds=20)


@pytest.fixture(scope="session")
def factory() -> Iterator[WorkerFactory]:
    """Return what starts workers: all tests share one warm process."""
    with remote.warm_up(LIMITS) as (warm, _, _):
        yield warm


@pytest.fixture
def warmed(factory, monkeypatch) -> None:
    """Make the grading of a class use that warm process."""

    @contextlib.contextmanager
    def warm_up(limits, *, sandboxed=True):
        yield factory, remote.probe(factory), ""

    monkeypatch.setattr(gradebook, "warm_up", warm_up)


@pytest.fixture
def class_of(tmp_path) -> Callable[..., Path]:
    """Return a function that writes notebooks: class_of(ada=cells, bob=cells) -> their folder.

    The cells are the answers to 1.1, 1.2 and 2.1; None: there is no such cell.
    """
    folder = tmp_path / "handed in"

    def write(**answers: tuple[str | None, ...]) -> Path:
        folder.mkdir(exist_ok=True)
        for student, cells in answers.items():
            sources = [
                f"# Exercise {number}\n{source}"
                for number, source in zip(("1.1", "1.2", "2.1"), cells, strict=False)
                if source is not None
            ]
            notebook = [{"cell_type": "code", "source": s, "metadata": {}} for s in sources]
            file = folder / f"{student}.ipynb"
            file.write_text(json.dumps({"cells": notebook, "nbformat": 4, "nbformat_minor": 5}))
        return folder

    return write


@pytest.fixture
def check_proof(capsys) -> Callable[[str], None]:
    """Return what asserts that a lab of the course is proven, and prints its proof."""

    def check(name: str) -> None:
        proof = prove(read_lab(LABS / name), quick=True)
        with capsys.disabled():
            print(f"\n{proof}")
        assert proof.errors == ()
        assert sum(proof.caught.values()) == proof.mutants

    return check
