"""Writes grades as files for spreadsheets, Canvas, Moodle, Gradescope, and readers of JUnit's XML.

In all functions `overrides` are the points given by hand, by (student, exercise), where "" is the
total; `late` are the students who handed in late, and what says so. A file that could not be graded
has 0 points.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ankeras.grading.files import safe_names, write_text
from ankeras.grading.overrides import Overrides, exercise_numbers, exercise_points, total
from ankeras.grading.results import Grade, TestResult

# A spreadsheet runs a cell that starts with one of these characters as a formula. A program that
# separates cells by ";" also splits inside quotes, so the character after a ";" starts a cell too.
FORMULA = re.compile(r"(^|[;\t\r\n])([ \"]*)(?=[=+\-@\t\r＝＋－＠])")
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

MOODLE_ID = re.compile(r"Participant (\d+)")  # as Moodle itself writes it


LAST = ("late", "late by", "status", "problem")


def write_csv(
    file: Path, grades: Sequence[Grade], overrides: Overrides, late: Mapping[str, str]
) -> None:
    """Write one row per student, in UTF-8 with a byte order mark, which spreadsheets need."""
    numbers = exercise_numbers(grades)
    rows: list[list[object]] = [["student", *(f"exercise {n}" for n in numbers), "total", *LAST]]
    for grade in grades:
        points = [_number(exercise_points(grade, number, overrides)) for number in numbers]
        whole = total(grade, overrides)
        status = "not graded" if grade.problem else "graded"
        if any(student == grade.student for student, _ in overrides):
            status = "changed by hand"
        dated = ["late" if grade.student in late else "", late.get(grade.student, "")]
        rows.append([grade.student, *points, _number(whole), *dated, status, grade.problem])
    write_text(file, "\ufeff" + _table(rows))


def write_json(
    file: Path, grades: Sequence[Grade], overrides: Overrides, late: Mapping[str, str]
) -> None:
    """Write everything as JSON, for programs; `Grade.from_data` reads each "grade".

    The file contains the results of hidden tests, so it is no file for students.
    """
    data = [
        {
            "student": grade.student,
            "points": total(grade, overrides),
            "possible": grade.possible,
            "late": grade.student in late,
            "late by": late.get(grade.student, ""),
            "overrides": {
                number: {"points": given.points, "reason": given.reason}
                for (student, number), given in overrides.items()
                if student == grade.student
            },
            "grade": grade.as_data(),
        }
        for grade in grades
    ]
    write_text(file, json.dumps(data, indent=1) + "\n")


def write_junit(
    file: Path, grades: Sequence[Grade], overrides: Overrides, late: Mapping[str, str]
) -> None:
    """Write JUnit's XML, with one test suite per student.

    The file contains the results of hidden tests, so it is no file for students.
    """
    root = ElementTree.Element("testsuites")
    for grade in grades:
        tests = [test for found in grade.exercises for test in found.tests]
        failed = sum(not test.passed for test in tests)
        suite = _element(
            root,
            "testsuite",
            name=grade.student,
            tests=len(tests) + bool(grade.problem),
            failures=failed,
            errors=int(bool(grade.problem)),
            skipped=0,
            time=f"{grade.seconds:.3f}",
        )
        properties = _element(suite, "properties")
        _element(properties, "property", name="points", value=_number(total(grade, overrides)))
        _element(properties, "property", name="possible", value=_number(grade.possible))
        _element(properties, "property", name="late", value=str(grade.student in late).lower())
        if grade.problem:
            case = _element(suite, "testcase", classname=grade.lab, name="the file can be graded")
            _element(case, "error", message=grade.problem)
        for test in tests:
            where = f"{grade.lab}.exercise {test.exercise}"
            case = _element(suite, "testcase", classname=where, name=test.title or test.name)
            if not test.passed:
                _element(case, "failure", message=test.what or test.message).text = _clean(
                    test.message
                )
    ElementTree.indent(root)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    write_text(file, declaration + ElementTree.tostring(root, encoding="unicode") + "\n")


def write_canvas(
    file: Path, grades: Sequence[Grade], overrides: Overrides, assignment: str
) -> None:
    """Write a CSV that Canvas's gradebook imports.

    If the file was downloaded from Canvas, Canvas finds the student by the number in its name. Else
    the id is written as the SIS user ID and the login.

    Args:
        file, grades, overrides: as in all functions of this module.
        assignment: the heading of the column in an export of the gradebook, "NAME (number)".
            For a name without number Canvas makes a new assignment.
    """
    rows: list[list[object]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment],
        ["    Points Possible", "", "", "", "", _number(_possible(grades))],
    ]
    for grade in grades:
        known = grade.canvas_id
        ids = [known, "", ""] if known else ["", grade.student, grade.student]
        rows.append([grade.student, *ids, "", _number(total(grade, overrides))])
    write_text(file, _table(rows))


def write_moodle(file: Path, grades: Sequence[Grade], overrides: Overrides) -> None:
    """Write a grading worksheet that a Moodle assignment imports ("Upload grading worksheet").

    Moodle finds a student only by the participant's number. So the file must be a download from
    Moodle ("Jane Doe_1234567_assignsubmission_file_"), or the id must be "Participant 1234567". The
    row of any other student has no identifier, and Moodle ignores it. The worksheet does not
    contain the times of earlier grades. To overwrite earlier grades, allow Moodle to update records
    that were modified more recently.
    """
    rows: list[list[object]] = [
        [
            "Identifier",
            "Full name",
            "Email address",
            "Grade",
            "Maximum grade",
            "Last modified (grade)",
        ]
    ]
    possible = _number(_possible(grades))
    for grade in grades:
        found = MOODLE_ID.fullmatch(grade.student)
        number = grade.moodle_id or (found[1] if found else "")
        identifier = f"Participant {number}" if number else ""
        email = grade.student if "@" in grade.student and not number else ""
        name = "" if email or found else grade.student.removesuffix(f"_{number}")
        points = _number(total(grade, overrides))
        rows.append([identifier, name, email, points, possible, ""])
    write_text(file, _table(rows))


def write_gradescope(
    folder: Path, grades: Sequence[Grade], overrides: Overrides, late: Mapping[str, str]
) -> None:
    """Write one results.json for Gradescope per student: <folder>/<safe name of the id>.json."""
    folder.mkdir(parents=True, exist_ok=True)
    names = safe_names(grade.student for grade in grades)
    for grade in grades:
        results = gradescope_results(grade, overrides, grade.student in late)
        write_text(folder / f"{names[grade.student]}.json", json.dumps(results, indent=1) + "\n")


def gradescope_results(grade: Grade, overrides: Overrides, late: bool) -> dict[str, Any]:
    """Return the content of Gradescope's results.json.

    Students read it. So a hidden test has no message, and it is visible only after the grades are
    published. There is no field for the whole score, since it would be visible before: Gradescope
    adds up the tests, and each sees the sum of the tests that are visible.
    """
    said = [grade.problem, *grade.notes, "handed in late" if late else ""]
    for (student, number), given in overrides.items():
        if student == grade.student:
            what = f"exercise {number}" if number else "total"
            said.append(f"{what}: changed by hand to {given.points:g} points. {given.reason}")
    tests = [_gradescope_test(test) for found in grade.exercises for test in found.tests]
    changed = total(grade, overrides) - total(grade, {})
    if changed:  # the difference would tell the points of hidden tests
        entry = {"name": "Changed by hand", "score": changed, "visibility": "after_published"}
        tests.append(entry)
    return {
        **({} if tests else {"score": total(grade, overrides)}),
        "output": "\n".join(filter(None, said)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "tests": tests,
    }


def _gradescope_test(test: TestResult) -> dict[str, Any]:
    return {
        "name": f"Exercise {test.exercise}: {test.title}",
        "score": test.points if test.passed else 0.0,
        "max_score": test.points,
        "status": "passed" if test.passed else "failed",
        "output": "" if test.hidden or test.passed else test.message,
        "visibility": "after_published" if test.hidden else "visible",
    }


def _possible(grades: Iterable[Grade]) -> float:
    return max((grade.possible for grade in grades), default=0.0)


def _table(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """Return the cell, with an apostrophe before text that a spreadsheet would run as a formula."""
    return FORMULA.sub(r"\1\2'", value) if isinstance(value, str) else value


def _number(points: float | None) -> object:
    if points is None:
        return ""
    return int(points) if points == int(points) else round(points, 6)


def _element(parent: ElementTree.Element, tag: str, **attributes: object) -> ElementTree.Element:
    values = {name: _clean(str(value)) for name, value in attributes.items()}
    return ElementTree.SubElement(parent, tag, values)


def _clean(text: str) -> str:
    """Replace the characters that XML does not allow, not even escaped."""
    return NOT_IN_XML.sub("\ufffd", text)
