"""A pytest plugin that runs a lab's tests on a student's answers and prints the points.

    pytest labs/05_vae                           judges solution.py; without one, lab.ipynb
    pytest labs/05_vae --submission mine.ipynb   judges a student's notebook
    pytest labs/05_vae --grades grades.json      also writes the points as JSON

The file conftest.py beside the labs, and in each released lab, loads this plugin (`CONFTEST`). So
pytest has these options only where it is given a lab's folder: inside of it, write
`pytest . --submission mine.ipynb`. Tests without the mark `ankeras.grading.exercise` run as usual.
"""

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ankeras.grading.expect import WrongAnswer
from ankeras.grading.lab import NOTEBOOK, SOLUTION, Lab, read_lab
from ankeras.grading.results import ExerciseResult, TestResult, score
from ankeras.grading.session import TIME_LIMIT, Session, StudentError
from ankeras.grading.student import Channel, Student
from ankeras.grading.submission import Submission, SubmissionError, read_submission
from ankeras.grading.time_limit import TimeLimit

import numpy as np
import pytest

SECONDS = 60.0  # for all tests of an exercise together

CONFTEST = '''\
"""Lets pytest judge the labs here: pytest . --submission lab.ipynb."""


def pytest_addoption(pluginmanager):
    """Load the plugin, also where pytest finds this file late or twice."""
    pluginmanager.import_plugin("ankeras.grading.plugin")
'''

OpenExercise = Callable[[Path, str], Channel]


class Grading:
    """A pytest plugin that keeps the result of each test of a lab.

    Args:
        open_exercise: (lab's folder, exercise number) -> the channel to the answers of an exercise.
        only: the number of the only exercise to judge. Default: all exercises.
        seed: the seed of the inputs that tests draw. Default: a different one in every run.
        submissions: lab's folder -> the submission. Its headings say how many points there are in
            all, and its notes are printed. Default: none.
    """

    def __init__(
        self,
        open_exercise: OpenExercise,
        only: str | None = None,
        seed: int | None = None,
        submissions: Mapping[Path, Submission] | None = None,
    ) -> None:
        self.open_exercise = open_exercise
        self.only = only
        self.seed = seed if seed is not None else int(np.random.SeedSequence().generate_state(1)[0])
        self.channels: dict[tuple[Path, str], Channel | Exception] = {}
        self.results: dict[str, TestResult] = {}
        self.submissions = {} if submissions is None else submissions

    def exercises(self) -> list[ExerciseResult]:
        """Return the result of each exercise, in the order of their numbers."""
        found: dict[str, ExerciseResult] = {}
        for test in self.results.values():
            found.setdefault(test.exercise, ExerciseResult(test.exercise)).tests.append(test)
        for submission in self.submissions.values():
            for number, points in submission.points.items():
                if number in found:
                    found[number].hidden_points = max(points - found[number].possible, 0)
        return sorted(found.values(), key=lambda e: _sort_key(e.number))

    def exercises_with_notes(self) -> list[ExerciseResult]:
        """Return the results, and with them what each answer uses of other cells."""
        found = self.exercises()
        for each in found:
            own = [n for n, code in self.taken(each.number).items() if not _is_import(code)]
            if own:
                each.notes.append(f"the answer uses what other cells define: {', '.join(own)}")
        return found

    def taken(self, number: str) -> dict[str, str]:
        """Return what the answer to an exercise uses of other cells: name -> code."""
        channels = (c for (_, known), c in self.channels.items() if known == number)
        return {n: code for c in channels for n, code in getattr(c, "taken", {}).items()}

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Student:
        """Return the student's answers to the exercise of this test."""
        number = _mark(request.node).args[0]
        key = (request.node.path.parent, number)
        if key not in self.channels:
            try:
                self.channels[key] = self.open_exercise(*key)
            except (StudentError, SubmissionError) as error:
                self.channels[key] = error
            except TimeLimit:  # kept: the cell would take as long again for every test
                self.channels[key] = _time_is_over()
        channel = self.channels[key]
        if isinstance(channel, Exception):
            raise channel
        return Student(channel)

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """Return the generator that draws the inputs of one test."""
        return np.random.default_rng([self.seed, *request.node.name.encode()])

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Run a lab's public tests first, ignore warnings; keep only one exercise if asked to."""
        folders: dict[Path, int] = {}
        items.sort(
            key=lambda item: (
                folders.setdefault(item.path.parent, len(folders)),
                bool(_mark(item)) and _is_hidden(item),
            )
        )
        for item in items:
            if _mark(item):
                item.add_marker(pytest.mark.filterwarnings("ignore"))
        if self.only is not None:
            kept = [item for item in items if (mark := _mark(item)) and mark.args[0] == self.only]
            config.hook.pytest_deselected(items=[item for item in items if item not in kept])
            items[:] = kept

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Any:
        """Turn a TimeLimit into a failed test: as a BaseException it would end pytest."""
        with _as_sentence():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Any:
        """Do the same in fixtures: `student` runs the student's cell."""
        with _as_sentence():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo) -> Any:
        """Keep the result, and show its message in the terminal instead of a traceback."""
        report = yield
        mark = _mark(item)
        if mark is None or call.when == "teardown":
            return report
        # A parametrized test has one result: it is passed if all its cases are.
        base = f"{item.path}::{item.originalname}"  # type: ignore[attr-defined]
        function = item.function  # type: ignore[attr-defined]
        title = (function.__doc__ or function.__name__.replace("_", " ")).strip().split("\n")[0]
        result = self.results.setdefault(
            base,
            TestResult(
                mark.args[0],
                mark.kwargs["points"],
                function.__name__,
                title,
                hidden=_is_hidden(item),
            ),
        )
        if call.excinfo is not None:
            error = call.excinfo.value
            if isinstance(error, WrongAnswer):
                self._name_earlier_mistake(error, result)
            result.fail(error)
            report.outcome = "failed"
            if isinstance(error, WrongAnswer | StudentError | SubmissionError):
                report.longrepr = f"exercise {result.exercise}: {title}\n{error}\n"
        return report

    def _name_earlier_mistake(self, error: WrongAnswer, result: TestResult) -> None:
        """Make a hint say that an earlier test of the exercise has failed: it may be the cause."""
        for earlier in self.results.values():
            if earlier is result:
                return
            if earlier.exercise == result.exercise and not earlier.passed and error.hint:
                title = earlier.title.rstrip(".")
                error.hint = f'This may be the same mistake as in "{title}". If not: {error.hint}'
                return

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print one line per exercise, and the points."""
        found = self.exercises_with_notes()
        if not found:
            return
        terminalreporter.section("points")
        for exercise in found:
            terminalreporter.write_line(_line(exercise))
        terminalreporter.write_line(f"total  {score(found, '')}")
        notes = [note for each in self.submissions.values() for note in each.notes]
        notes += [f"exercise {each.number}: {note}" for each in found for note in each.notes]
        for note in notes:
            terminalreporter.write_line(f"note: {note}")
        terminalreporter.write_line(f"(to repeat the same inputs: --grading-seed {self.seed})")


def judge(tests: Sequence[Path], grading: Grading) -> list[ExerciseResult]:
    """Run test files in this process without any output, and return the results."""
    run_quietly([], tests, grading)
    return grading.exercises_with_notes()


def run_quietly(options: Sequence[str], files: Sequence[Path], plugin: object) -> None:
    """Run pytest in this process without any output, conftest.py or option of a project around it.

    Args:
        options: more options for pytest.
        files: the test files.
        plugin: the pytest plugin that receives the results.
    """
    # The last two plugins collect all garbage before pytest ends: most of the time of a run.
    off = ("terminal", "cacheprovider", "junitxml", "unraisableexception", "threadexception")
    quiet = [word for name in off for word in ("-p", f"no:{name}")]
    quiet += ["-o", "addopts=", "-o", "filterwarnings=", "-W", "ignore"]
    quiet += ["--import-mode=importlib", "--capture=no", "--noconftest"]
    quiet += ["--disable-plugin-autoload"]
    paths = [_relative_path(file) for file in files]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*quiet, *options, *paths], plugins=[plugin, _Terse()])
    _forget(files)


class _Terse:
    """A pytest plugin that switches tracebacks off: nobody reads them, and they take time."""

    def pytest_configure(self, config: pytest.Config) -> None:
        config.option.tbstyle = "no"


def _relative_path(file: Path) -> str:
    """Return the path relative to the working directory.

    pytest reads a "[" in a path as the start of a parameter, and a folder above may have one.
    """
    try:
        return os.path.relpath(file)
    except ValueError:  # on another drive in Windows
        return str(file)


def _forget(files: Sequence[Path]) -> None:
    """Remove test files from the imported modules.

    The next run must read them again: they may be edited, and two labs have files of the same name.
    """
    paths = {str(path) for file in files for path in (file.absolute(), file.resolve())}
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) in paths:
            del sys.modules[name]


def as_data(grading: Grading) -> dict[str, Any]:
    """Return the points and the results of all tests, for a JSON file."""
    exercises = grading.exercises()
    return {
        "points": sum(e.points for e in exercises),
        "possible": sum(e.possible for e in exercises),
        "seed": grading.seed,
        "exercises": [
            {
                "number": e.number,
                "points": e.points,
                "possible": e.possible,
                "tests": [asdict(test) for test in e.tests],
            }
            for e in exercises
        ],
    }


def local_session(lab: Lab | None, submission: Submission, number: str) -> Session:
    """Run the cell of one exercise in this process, after the cells that it may use.

    Args:
        lab: the teacher's lab: the exercise uses right answers to the earlier exercises. None in
            a student's folder: the exercise uses the student's own earlier answers.
        submission: the student's answers.
        number: the number of the exercise.

    Returns:
        The session in which the cell was run.

    Raises:
        StudentError: if a given cell raises an exception.
    """
    session = Session(seconds=SECONDS)
    if lab is not None:
        for name, source in lab.before(number):
            session.define(source, name)
    else:
        for source in submission.given:
            session.define(source, "<given>")
        for earlier in sorted(submission.answers, key=_sort_key):
            if _sort_key(earlier) < _sort_key(number):
                session.run_answer(*submission.answer(earlier))
    session.run_answer(*submission.answer(number))
    return session


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for labs."""
    group = parser.getgroup("ankeras", "labs")
    group.addoption("--submission", type=Path, help="the notebook or script to judge")
    group.addoption("--grades", type=Path, metavar="FILE", help="write the points as JSON")
    group.addoption("--grading-seed", type=int, help="seed of the inputs that the tests draw")


def pytest_configure(config: pytest.Config) -> None:
    """Judge the notebook of the command line, unless another `Grading` is registered already."""
    config.addinivalue_line("markers", "exercise(number, points): a test of a lab's exercise")
    if not any(isinstance(p, Grading) for p in config.pluginmanager.get_plugins()):
        given = config.getoption("--submission", None)
        if given is not None and not given.exists():
            raise pytest.UsageError(f"--submission: there is no file {given}")
        grades = config.getoption("--grades", None)
        if grades is not None and not grades.parent.is_dir():
            raise pytest.UsageError(f"--grades: there is no folder {grades.parent}")
        files = _Files(given)
        seed = config.getoption("--grading-seed", None)
        grading = Grading(files.open, seed=seed, submissions=files.read)
        config.pluginmanager.register(grading, "ankeras-grading")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Write the JSON file if --grades asks for one."""
    file = config.getoption("--grades", None)
    grading = config.pluginmanager.get_plugin("ankeras-grading")
    if file and grading and grading.results:
        file.write_text(json.dumps(as_data(grading), indent=2) + "\n", encoding="utf-8")


class _Files:
    """Opens the exercises of a notebook for the tests of a lab's folder."""

    def __init__(self, submission: Path | None) -> None:
        self.submission = submission
        self.labs: dict[Path, Lab | None] = {}
        self.read: dict[Path, Submission] = {}

    def open(self, folder: Path, number: str) -> Session:
        if folder not in self.read:
            self.read[folder] = self._read(folder)
        return local_session(self.labs[folder], self.read[folder], number)

    def _read(self, folder: Path) -> Submission:
        lab = read_lab(folder) if (folder / SOLUTION).exists() else None
        self.labs[folder] = lab
        if lab is None:
            return read_submission(self.submission or folder / NOTEBOOK)
        found = read_submission(self.submission or folder / SOLUTION, lab.exercises)
        return replace(found, points={})  # all tests are here


@contextlib.contextmanager
def _as_sentence() -> Iterator[None]:
    try:
        yield
    except TimeLimit:
        raise _time_is_over() from None


def _time_is_over() -> StudentError:
    message = f"the tests of this exercise took more than {SECONDS:g} s: an endless loop?"
    return StudentError(TIME_LIMIT, message)


def _mark(item: Any) -> Any:
    """Return the mark that `exercise` puts on a test, or None."""
    return item.get_closest_marker("exercise")


def _is_hidden(item: Any) -> bool:
    """Return whether the students have no copy of a test."""
    return bool(item.path.name.startswith("test_hidden"))


def _sort_key(number: str) -> tuple[int, ...]:
    """Return (1, 10) for "1.10", which comes after "1.9"."""
    return tuple(map(int, number.split(".")))


def _line(exercise: ExerciseResult) -> str:
    failed = [test.title for test in exercise.tests if not test.passed]
    state = "right" if not failed else f"not yet: {'; '.join(failed)}"
    return f"{exercise.number:<6} {score([exercise], '')}  {state}"


def _is_import(code: str) -> bool:
    return code.startswith(("import ", "from "))
