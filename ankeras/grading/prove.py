"""The proof of a lab's tests: right answers pass, and every wrong one is caught.

For each exercise the solution passes, the stub fails every test, each mutant fails exactly the
tests that it names, and each alternative passes. No test passes if the numbers that it receives
from the solution are replaced by wrong ones.
"""

import ast
import itertools
import runpy
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ankeras.grading.expect import WrongAnswer
from ankeras.grading.lab import BEGIN, END, HIDDEN, PROOF, PUBLIC, SOLUTION, Exercise, Lab, LabError
from ankeras.grading.marks import Alternative, Mutant
from ankeras.grading.plugin import Grading, local_session, run_quietly
from ankeras.grading.replay import REPLACEMENTS, Exchange, Recorder, Replay, has_floats
from ankeras.grading.session import Session, StudentError
from ankeras.grading.student import Channel
from ankeras.grading.submission import Submission, SubmissionError

import pytest

MIN_MUTANTS = 3  # an exercise
RAISES = "the test itself raises "  # an error that students would not understand
SEED = 0  # a proof is the same every time


@dataclass(frozen=True)
class Test:
    """A test as it is marked."""

    __test__ = False

    name: str
    exercise: str
    points: float
    file: Path
    line: int
    unjudged: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """What was found about a lab.

    Attributes:
        lab: its name.
        exercises, tests, alternatives, mutants: how many there are.
        caught: exercise -> how many of its mutants were caught.
        errors: what is wrong, one sentence each, with file and line; none: the lab is proven.
    """

    lab: str
    exercises: int
    tests: int
    alternatives: int
    mutants: int
    caught: dict[str, int]
    errors: tuple[str, ...]

    def __str__(self) -> str:
        state = f"not proven (mistakes: {len(self.errors)})" if self.errors else "proven"
        return (
            f"{self.lab}: {state}; {self.exercises} exercises, {self.tests} tests, "
            f"{sum(self.caught.values())} of {self.mutants} wrong answers fail as named, "
            f"{self.alternatives} right answers in another style"
        )


def collect_tests(lab: Lab) -> list[Test]:
    """Return the tests of a lab.

    Raises:
        LabError: if a test is for no exercise, an exercise has no public test, or points do not
            add up.
    """
    collector = _Collector()
    files = test_files(lab.folder)
    run_quietly(["--collect-only"], files, collector)
    if collector.errors:
        raise LabError(*collector.errors[0])
    tests = list({test.name: test for test in collector.tests}.values())
    for test in tests:
        if test.exercise not in lab.exercises:
            message = f"{test.name} is for exercise {test.exercise}, which the lab does not have"
            raise LabError(test.file, test.line, message)
    file = lab.folder / SOLUTION
    for exercise in lab.exercises.values():
        own = [test for test in tests if test.exercise == exercise.number]
        if not any(test.file.name == PUBLIC for test in own):
            raise LabError(file, exercise.line, f"exercise {exercise.number} has no public test")
        points = sum(test.points for test in own)
        if points != exercise.points:
            message = f"exercise {exercise.number} has {exercise.points:g} points"
            raise LabError(file, exercise.line, f"{message}, but its tests add up to {points:g}")
    return tests


def public_points(lab: Lab, tests: list[Test]) -> dict[str, float]:
    """Return what the public tests of each exercise are worth."""
    return {
        number: sum(t.points for t in tests if t.exercise == number and t.file.name == PUBLIC)
        for number in lab.exercises
    }


def test_files(folder: Path) -> list[Path]:
    """Return a lab's files of tests.

    Raises:
        LabError: if there is no public one.
    """
    if not (folder / PUBLIC).is_file():
        raise LabError(folder / PUBLIC, 0, "there is no such file")
    return [folder / name for name in (PUBLIC, HIDDEN) if (folder / name).is_file()]


test_files.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test


def prove(lab: Lab, *, quick: bool = False) -> Proof:
    """Prove a lab, in this process.

    Args:
        lab: the lab.
        quick: run each mutant on the first test that it names only, which takes about half of the
            time. Default: on all tests of its exercise, so that no other test may fail.

    Raises:
        LabError: if its files are wrong in themselves.
    """
    tests = collect_tests(lab)
    mutants, alternatives = read_proof(lab)
    solutions = [_Trial(number, each.source) for number, each in lab.exercises.items()]
    stubs = [_Trial(number, each.stub) for number, each in lab.exercises.items()]
    wrong = [
        _Trial(each.exercise, proof_source(lab, each), each.tests[0] if quick else None)
        for each in mutants
    ]
    right = [_Trial(each.exercise, proof_source(lab, each)) for each in alternatives]
    trials = _Trials(lab, [*solutions, *stubs, *wrong, *right])
    run_quietly([], test_files(lab.folder), trials)
    failed = trials.failed

    errors = [
        *_errors_of_solutions(lab, {trial.number: failed[trial] for trial in solutions}),
        *_errors_of_stubs(tests, {trial.number: failed[trial] for trial in stubs}),
        *_errors_of_values(tests, trials),
    ]
    caught = dict.fromkeys(lab.exercises, 0)
    names = {test.name for test in tests}
    for mutant, trial in zip(mutants, wrong, strict=True):
        named = mutant.tests[:1] if quick else mutant.tests
        if why := _not_as_named(named, failed[trial], names):
            errors.append(f'{_where(lab, mutant)}"{mutant.name}" {why}')
        else:
            caught[mutant.exercise] += 1
    for alternative, trial in zip(alternatives, right, strict=True):
        for name, message in failed[trial].items():
            where = _where(lab, alternative)
            errors.append(f'{where}"{alternative.name}" is right, but fails {name}: {message}')
    counts = len(lab.exercises), len(tests), len(alternatives), len(mutants)
    return Proof(lab.name, *counts, caught, tuple(errors))


def read_proof(lab: Lab) -> tuple[list[Mutant], list[Alternative]]:
    """Read a lab's mutants.py.

    Raises:
        LabError: if it is missing, names an exercise that is not there, or holds too few.
    """
    file = lab.folder / PROOF
    if not file.is_file():
        raise LabError(file, 0, "there is no such file")
    proof = runpy.run_path(str(file)).get("PROOF", [])
    mutants = [entry for entry in proof if isinstance(entry, Mutant)]
    alternatives = [entry for entry in proof if isinstance(entry, Alternative)]
    entries: list[Mutant | Alternative] = [*mutants, *alternatives]
    for entry in entries:
        if entry.exercise not in lab.exercises:
            line = _line(file, entry)
            raise LabError(file, line, f"there is no exercise {entry.exercise}")
    for number in lab.exercises:
        n = sum(mutant.exercise == number for mutant in mutants)
        if n < MIN_MUTANTS:
            message = f"exercise {number} has {n} mutants; it needs at least {MIN_MUTANTS}"
            raise LabError(file, 1, message)
        if not any(right.exercise == number for right in alternatives):
            raise LabError(file, 1, f"exercise {number} has no alternative right answer")
    return mutants, alternatives


@dataclass(frozen=True)
class _Trial:
    """An answer to an exercise.

    Attributes:
        number: of the exercise.
        source: the whole cell.
        test: name of the only test that is run on it. Default: all tests of the exercise.
    """

    number: str
    source: str
    test: str | None = None


_Failed = dict[str, str]  # name -> message of each test that an answer fails


def _errors_of_solutions(lab: Lab, failed: dict[str, _Failed]) -> Iterator[str]:
    for number, exercise in lab.exercises.items():
        for name, message in failed[number].items():
            where = f"{lab.folder / SOLUTION}:{exercise.line}: "
            yield f"{where}exercise {number}: the solution fails {name}: {message}"


def _errors_of_stubs(tests: Sequence[Test], failed: dict[str, _Failed]) -> Iterator[str]:
    for number, names in failed.items():
        for test in tests:
            if test.exercise == number and test.name not in names:
                yield f"{test.file}:{test.line}: {test.name} passes on the stub of {number}"


def _errors_of_values(tests: Sequence[Test], trials: "_Trials") -> Iterator[str]:
    """Yield what is wrong with tests that receive numbers of the answer."""
    for test in tests:
        where = f"{test.file}:{test.line}: {test.name} "
        if unknown := sorted(test.unjudged.keys() - REPLACEMENTS.keys()):
            known = ", ".join(REPLACEMENTS)
            yield f"{where}names {', '.join(unknown)} as unjudged; the replacements are {known}"
        for replacement, why in trials.refused.get(test.name, {}).items():
            instead = f"if all numbers of the right answer are replaced by {replacement}"
            if why.startswith(RAISES):
                yield f"{where}{instead}, {why}"
            if not why and replacement not in test.unjudged:
                yield f"{where}passes {instead}"
            if why and replacement in test.unjudged:
                yield f"{where}fails {instead}: remove this from unjudged"


def _not_as_named(named: Sequence[str], failed: _Failed, names: set[str]) -> str:
    """Return in which way a mutant does not fail the tests that it names; "" if it does."""
    if missing := [name for name in named if name not in names]:
        return f"names a test {missing[0]} that is not there"
    passed = [name for name in named if name not in failed]
    others = {name: message for name, message in failed.items() if name not in named}
    if passed:
        also = f"; it fails {', '.join(others)}" if others else ""
        return f"is not caught by {', '.join(passed)}{also}"
    if others:
        return "; ".join(f"also fails {name}: {message}" for name, message in others.items())
    broken = [f"{name}: {why}" for name, why in failed.items() if why.startswith(RAISES)]
    return f"fails {'; '.join(broken)}" if broken else ""


def proof_source(lab: Lab, entry: Mutant | Alternative) -> str:
    """Return the cell of a wrong or an other right answer.

    Raises:
        LabError: if what it replaces does not stand exactly once in the solution.
    """
    if entry.replace is None:
        return entry.code
    exercise: Exercise = lab.exercises[entry.exercise]
    source = exercise.source
    for old, new in [entry.replace] if isinstance(entry.replace, tuple) else entry.replace:
        if source.count(old) != 1:
            file = lab.folder / PROOF
            raise LabError(
                file,
                _line(file, entry),
                f'"{entry.name}": {old!r} stands {source.count(old)} times in exercise '
                f"{entry.exercise}, not once",
            )
        source = source.replace(old, new)
    return source.replace(BEGIN, "").replace(END, "")


def _where(lab: Lab, entry: Mutant | Alternative) -> str:
    file = lab.folder / PROOF
    return f"{file}:{_line(file, entry)}: "


def _line(file: Path, entry: Mutant | Alternative) -> int:
    """Return where a mutant or an alternative is named; 1 if that can't be told."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            words = [each.value for each in node.args[:2] if isinstance(each, ast.Constant)]
            if words == [entry.exercise, entry.name]:
                return node.args[1].lineno
    return 1


def _traceback(error: BaseException) -> traceback.StackSummary:
    return traceback.extract_tb(error.__traceback__)


class _Trials(Grading):
    """A pytest plugin that runs the tests of an exercise on one answer after the other.

    All trials share one session of pytest: to start one and to collect the tests takes longer than
    most tests. After a solution, its tests run again on what it answered, with other numbers.

    Args:
        lab: whose tests are run.
        trials: the answers.

    Attributes:
        failed: what each answer fails, once the session has ended.
        refused: name of a test -> replacement -> why the test fails with these numbers; "" if it
            passes. It holds the tests that pass on the solution and receive numbers (floats) of it.
    """

    def __init__(self, lab: Lab, trials: Sequence[_Trial]) -> None:
        super().__init__(self._open, seed=SEED)
        self.lab = lab
        self.trials = trials
        self.failed: dict[_Trial, _Failed] = {}
        self.refused: dict[str, dict[str, str]] = {}
        self.submission = Submission({})
        self.session: Session | None = None
        self.records: dict[str, list[Exchange]] = {}  # of each test that was run on this answer
        self.test = ""
        self.replacement = ""
        self.raised: dict[str, str] = {}  # name of a test -> its own error

    def _open(self, folder: Path, number: str) -> Channel:
        if self.replacement:
            return Replay(self.records[self.test], self.replacement, SEED)
        if self.session is None:
            self.session = local_session(self.lab, self.submission, number)
        return Recorder(self.session, self.records.setdefault(self.test, []))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run each answer's tests, instead of each test once."""
        solutions = {exercise.source for exercise in self.lab.exercises.values()}
        for trial in self.trials:
            items = [item for item in session.items if _meets(item, trial)]
            self.submission, self.session = Submission({trial.number: trial.source}), None
            self.records.clear()
            self.failed[trial] = self._run(items)
            if trial.source in solutions:
                self._replace_numbers(items, self.failed[trial])
        return True

    def _replace_numbers(self, items: Sequence[Any], failed: _Failed) -> None:
        """Run the tests that judge numbers of the solution on other numbers."""
        of_values = {
            _name(item)
            for item in items
            if any(has_floats(each.answer) for each in self.records.get(item.nodeid, ()))
        }
        judging = [item for item in items if _name(item) in of_values - failed.keys()]
        for self.replacement in REPLACEMENTS:
            failed = self._run(judging)
            for name in map(_name, judging):
                self.refused.setdefault(name, {})[self.replacement] = failed.get(name, "")
        self.replacement = ""

    def pytest_exception_interact(self, node: Any, call: pytest.CallInfo[None]) -> None:
        """Keep what is no sentence about an answer."""
        assert call.excinfo is not None
        error = call.excinfo.value
        if not isinstance(error, WrongAnswer | StudentError | SubmissionError):
            self.raised.setdefault(_name(node), f"{RAISES}{type(error).__name__}: {error}")

    def _run(self, items: Sequence[Any]) -> _Failed:
        self.results.clear()
        self.raised.clear()
        for item, following in itertools.pairwise([*items, None]):
            self.channels.clear()  # each test has its own record
            self.test = item.nodeid
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return {
            test.name: self.raised.get(test.name, test.message).replace("\n", "; ")
            for test in self.results.values()
            if not test.passed
        }


def _meets(item: Any, trial: _Trial) -> bool:
    """Return whether a test is run on an answer."""
    number = item.get_closest_marker("exercise").args[0]
    return number == trial.number and trial.test in (None, _name(item))


def _name(item: Any) -> str:
    """Return the name of a test, without its parameters."""
    return str(item.function.__name__)


class _Collector:
    """A pytest plugin that notes the tests and runs none."""

    def __init__(self) -> None:
        self.tests: list[Test] = []
        self.errors: list[tuple[Path, int, str]] = []

    def pytest_exception_interact(self, node: pytest.Collector, call: pytest.CallInfo) -> None:
        """Keep what can't be imported."""
        assert call.excinfo is not None
        error = call.excinfo.value.__cause__ or call.excinfo.value
        lines = [row.lineno or 0 for row in _traceback(error) if row.filename == str(node.path)]
        if isinstance(error, SyntaxError) and error.filename == str(node.path):
            lines.append(error.lineno or 0)
        message = f"{type(error).__name__}: {getattr(error, 'msg', error)}"
        self.errors.append((node.path, lines[-1] if lines else 0, message))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note the tests."""
        for item in items:
            file, line, _ = item.reportinfo()
            mark = item.get_closest_marker("exercise")
            name = item.function.__name__  # type: ignore[attr-defined]
            where = (Path(file), (line or 0) + 1)
            if mark is None:
                self.errors.append((*where, f"{name} is for no exercise: mark it @exercise(...)"))
                continue
            number, points = mark.args[0], float(mark.kwargs["points"])
            unjudged = mark.kwargs["unjudged"]
            self.tests.append(Test(name, number, points, *where, unjudged))
