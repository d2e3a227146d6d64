"""Mistakes in tests and mutants are named with file and line; the rest is proven."""

import re
from pathlib import Path

from ankeras.grading.lab import LabError, read_lab
from ankeras.grading.prove import Proof, collect_tests, prove, public_points
from ankeras.grading.replay import REPLACEMENTS

import pytest

PUBLIC, PROOF, SOLUTION = "test_lab.py", "mutants.py", "solution.py"
SECOND = '@exercise("1.2", points=1)'


def _line(file: Path, text: str) -> int:
    return next(i for i, row in enumerate(file.read_text().splitlines(), 1) if text in row)


def _starts(message: str, file: Path, text: str) -> bool:
    return message.startswith(f"{file}:{_line(file, text)}: ")


def test_the_lab_of_numbers_is_proven(numbers):
    proof = prove(read_lab(numbers()))
    assert proof == Proof("01_numbers", 2, 3, 2, 6, {"1.1": 3, "1.2": 3}, ())
    assert str(proof) == (
        "01_numbers: proven; 2 exercises, 3 tests, 6 of 6 wrong answers fail as named, "
        "2 right answers in another style"
    )


def test_points_of_public_tests(numbers):
    lab = read_lab(numbers())
    assert public_points(lab, collect_tests(lab)) == {"1.1": 1, "1.2": 1}


@pytest.mark.parametrize(
    ("edit", "file", "named", "why"),
    [
        (
            (PUBLIC, SECOND, SECOND.replace("2", "3")),
            PUBLIC,
            '"1.3"',
            "1.3, which the lab does not",
        ),
        ((PUBLIC, SECOND, ""), PUBLIC, "def test_quadruple", "test_quadruple is for no exercise"),
        ((PUBLIC, SECOND, '@exercise("1.1", points=0)'), SOLUTION, '"1.2"', "no public test"),
        (
            (PUBLIC, SECOND, SECOND.replace("=1", "=2")),
            SOLUTION,
            '"1.2"',
            "has 1 points, but its te",
        ),
        (
            (SOLUTION, "points=2", "points=3"),
            SOLUTION,
            '"1.1"',
            "has 3 points, but its tests add up",
        ),
        ((PUBLIC, "import exercise", "import exercice"), PUBLIC, "exercice", "cannot import name"),
        ((PUBLIC, "rng):\n", "rng)\n"), PUBLIC, "rng)", "SyntaxError: expected ':'"),
        (
            (PUBLIC, SECOND, SECOND.replace("=1", "=x")),
            PUBLIC,
            "=x)",
            "NameError: name 'x' is not defined",
        ),
        (
            (PROOF, 'Mutant("1.2", "doubled', 'Mutant("1.3", "doubled'),
            PROOF,
            "doubled once",
            "no exerc",
        ),
        (
            (PROOF, 'Mutant("1.2", "nothing"', 'Mutant("1.1", "nothing"'),
            PROOF,
            '"""',
            "1.2 has 2 mutants",
        ),
        ((PROOF, 'Alternative("1.2"', 'Alternative("1.1"'), PROOF, '"""', "1.2 has no alternative"),
        (
            (
                PROOF,
                '"the square", "test_double", ("2 * x"',
                '"the square", "test_double", ("3 * x"',
            ),
            PROOF,
            "the square",
            "'3 * x' stands 0 times",
        ),
        (
            (PROOF, '"the square", "test_double", ("2 * x"', '"the square", "test_double", ("x"'),
            PROOF,
            "the square",
            "'x' stands 3 times",
        ),
    ],
)
def test_a_mistake_in_the_files_is_named_with_its_line(numbers, edit, file, named, why):
    folder = numbers(edit)
    with pytest.raises(LabError) as error:
        prove(read_lab(folder))
    assert _starts(str(error.value), folder / file, named)
    assert why in str(error.value)


@pytest.mark.parametrize("missing", [PUBLIC, PROOF])
def test_a_missing_file_is_named(numbers, missing):
    folder = numbers()
    (folder / missing).unlink()
    with pytest.raises(LabError, match=rf"{missing}:0: there is no such file"):
        prove(read_lab(folder))


def test_hidden_tests_are_not_required(numbers):
    folder = numbers(
        (SOLUTION, "points=2", "points=1"),
        (PROOF, '"1.1", "one too', '"1.2", "one too'),
    )
    (folder / "test_hidden.py").unlink()
    lab = read_lab(folder)
    assert [test.name for test in collect_tests(lab)] == ["test_double", "test_quadruple"]


def test_every_mistake_of_the_tests_is_found_at_once(numbers):
    stub_passes = '@exercise("1.2", points=1)\ndef test_nothing(student):\n    pass\n\n\n'
    folder = numbers(
        (SOLUTION, '"1.2" points=1', '"1.2" points=2'),
        (PUBLIC, SECOND, f"{stub_passes}{SECOND}"),
        (PUBLIC, "quadruple(3), 12", "quadruple(3), 13"),
        (PROOF, '"x itself", "test_double"', '"x itself", "test_double_of_zero"'),
        (
            PROOF,
            '"one too much at zero", "test_double_of_zero"',
            '"one too much at zero", "test_it"',
        ),
        (PROOF, "return x + x", "return x + x + 1"),
    )
    proof = prove(read_lab(folder))
    public, mutants, solution = folder / PUBLIC, folder / PROOF, folder / SOLUTION
    fails, stub, caught, missing, *alternative = proof.errors
    assert _starts(fails, solution, '"1.2"')
    assert "the solution fails test_quadruple: quadruple(3); expected: 13; found:    12" in fails
    assert _starts(stub, public, SECOND)
    assert "test_nothing passes on the stub of 1.2" in stub
    assert _starts(caught, mutants, "x itself")
    assert '"x itself" is not caught by test_double_of_zero; it fails test_double' in caught
    assert _starts(missing, mutants, "one too much at zero")
    assert "names a test test_it that is not there" in missing
    assert all(_starts(error, mutants, "a sum") for error in alternative[:2])
    assert '"a sum" is right, but fails test_double: double(x)' in alternative[0]
    assert proof.caught["1.1"] == 1


REPLACED = "if all numbers of the right answer are replaced by"


@pytest.mark.parametrize(
    ("weak", "passed"),
    [
        (
            'expect.shape(student.double(x), (3,), "double(x)")',
            ["zeros", "normal noise", "uniform noise", "values 10 % too large"],
        ),
        (
            'expect.close(student.double(2 * x), 2 * student.double(x), "double(2 * x)")',
            ["zeros", "values 10 % too large"],
        ),
        (
            'expect.that(student.double(x).std() > 0, "double(x)", "different", x)',
            ["normal noise", "uniform noise", "values 10 % too large"],
        ),
        (
            'assert not (student.double(x) == x).all(), "the same"',
            list(REPLACEMENTS),
        ),
        ('expect.between(float(student.double(x).max()), 0, 10, "the largest")', None),
    ],
    ids=["a shape", "two answers", "a difference", "what NaN is too", "an interval"],
)
def test_a_test_that_accepts_wrong_numbers_is_named(numbers, weak, passed):
    strong = 'expect.close(student.double(x), 2 * x, "double(x)", "Multiply by 2.")'
    folder = numbers((PUBLIC, strong, weak))
    errors = [e for e in prove(read_lab(folder)).errors if e.startswith(str(folder / PUBLIC))]
    if passed is None:  # it depends on the noise
        assert any(e.endswith(f"test_double passes {REPLACED} zeros") for e in errors)
        return
    where = f"{folder / PUBLIC}:{_line(folder / PUBLIC, 'points=1')}: "
    assert errors == [f"{where}test_double passes {REPLACED} {name}" for name in passed]


def test_an_answer_without_decimal_numbers_is_not_replaced(numbers):
    strong, weak = (
        "expect.equal(student.quadruple(3), 12,",
        "expect.equal(student.quadruple(3) > 3, True,",
    )
    folder = numbers((PUBLIC, strong, weak))
    assert not any(REPLACED in error for error in prove(read_lab(folder)).errors)
    (folder / PUBLIC).write_text(
        (folder / PUBLIC).read_text().replace("quadruple(3)", "quadruple(3.0)", 1)
    )
    assert any(REPLACED in error for error in prove(read_lab(folder)).errors)


def test_an_exemption_needs_to_be_true_and_known(numbers):
    mark = '@exercise("1.1", points=1'
    scaled = '{"values 10 % too large": "any multiple is right"}'
    folder = numbers(
        (PUBLIC, f"{mark})", f"{mark}, unjudged={scaled})"),
        (PUBLIC, "2 * x, ", "student.double(x) * (abs(x) > 0), "),
        (PROOF, '"the square", "test_double"', '"the square", ()'),
        (PROOF, '"x itself", "test_double"', '"x itself", ()'),
    )
    (error,) = prove(read_lab(folder)).errors
    assert error.endswith(f"test_double passes {REPLACED} zeros")


def test_an_exemption_that_is_not_needed_is_named(numbers):
    mark = '@exercise("1.1", points=1'
    folder = numbers((PUBLIC, f"{mark})", mark + ', unjudged={"zeros": "why", "ones": "why"})'))
    unknown, needless = prove(read_lab(folder)).errors
    assert "test_double names ones as unjudged; the replacements are zeros, NaN, inf" in unknown
    assert needless.endswith(f"test_double fails {REPLACED} zeros: remove this from unjudged")


def test_a_mutant_names_all_tests_that_fail(numbers):
    one = '"one too much at zero", "test_double_of_zero", ("2 * x", "2 * x + (type(x) is int)")'
    both = one.replace("2 * x + (type(x) is int)", "2 * x + 1")
    folder = numbers((PROOF, one, both))
    (error,) = prove(read_lab(folder)).errors
    assert _starts(error, folder / PROOF, "one too much")
    assert '"one too much at zero" also fails test_double: double(x); expected: ' in error


def test_the_quick_proof_runs_each_mutant_on_its_first_test_only(numbers):
    one = '"one too much at zero", "test_double_of_zero", ("2 * x", "2 * x + (type(x) is int)")'
    both = one.replace("2 * x + (type(x) is int)", "2 * x + 1")
    lab = read_lab(numbers((PROOF, one, both)))
    assert prove(lab, quick=True) == Proof("01_numbers", 2, 3, 2, 6, {"1.1": 3, "1.2": 3}, ())
    (lab.folder / PROOF).write_text((lab.folder / PROOF).read_text().replace("2 * x + 1", "x + x"))
    (error,) = prove(lab, quick=True).errors
    assert error.endswith('"one too much at zero" is not caught by test_double_of_zero')


def test_a_mutant_may_name_several_tests(numbers):
    one = '"one too much at zero", "test_double_of_zero", ("2 * x", "2 * x + (type(x) is int)")'
    names = '("test_double", "test_double_of_zero")'
    both = one.replace('"test_double_of_zero"', names).replace("2 * x + (type(x) is int)", "x + 1")
    lab = read_lab(numbers((PROOF, one, both)))
    assert prove(lab).errors == ()


def test_a_test_that_breaks_on_a_wrong_answer_is_named(numbers):
    folder = numbers(
        (PUBLIC, "expect.equal(student.quadruple(3)", "expect.equal(int(student.quadruple(3))")
    )
    (error,) = prove(read_lab(folder)).errors
    assert _starts(error, folder / PROOF, '"nothing"')
    assert "fails test_quadruple: the test itself raises TypeError: int() argument" in error


def test_a_mutant_that_nothing_catches(numbers):
    folder = numbers((PROOF, '("2 * x", "x * x")', '("2 * x", "x * 2")'))
    (error,) = prove(read_lab(folder)).errors
    assert _starts(error, folder / PROOF, "the square")
    assert error.endswith('"the square" is not caught by test_double')


def test_mutants_of_one_name_have_lines_of_their_own(numbers):
    folder = numbers((PROOF, "return x * x", "return 4 * x"))  # of the second "the square"
    (error,) = prove(read_lab(folder)).errors
    line = _line(folder / PROOF, 'Mutant("1.2", "the square"')
    assert error.startswith(f"{folder / PROOF}:{line}: ")


def test_an_answer_is_tried_beside_right_answers_to_the_others(numbers):
    folder = numbers((SOLUTION, "    return 2 * x", "    return 2 * x + 1"))
    found = [error for error in prove(read_lab(folder)).errors if "the solution fails" in error]
    assert [re.search(r"fails (\w+)", error)[1] for error in found] == [
        "test_double",
        "test_double_of_zero",
        "test_quadruple",
    ]
