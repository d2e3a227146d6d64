"""The pages that a teacher and the students read: one for the class, and one for each student.

A page is one file without scripts, and it loads nothing. All text may come from a submission. The
templates escape it, and the policy in the head of each page forbids scripts, so that a mistake in a
template does no harm either.
"""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ankeras.grading.files import safe_names, write_text
from ankeras.grading.overrides import Overrides, exercise_numbers, exercise_points, total
from ankeras.grading.result_html import render
from ankeras.grading.results import Grade
from ankeras.grading.similarity import Pair

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
SLOWEST = 5  # the number of slow submissions that are listed
BINS = 10  # of the histogram
SHOWN_PAIRS = 200  # only the most similar pairs are shown


def write_report(
    out: Path,
    lab_title: str,
    grades: Sequence[Grade],
    problems: Sequence[str],
    overrides: Overrides,
    pairs: Sequence[Pair],
    late: Mapping[str, str],
) -> Path:
    """Write index.html for the teacher, and one page per student into the folder feedback/.

    Args:
        out: the folder. It is created if it does not exist.
        lab_title: the title of the lab.
        grades: one grade per student.
        problems: one sentence per file that could not be graded, or that was unusual.
        overrides: points given by hand, by (student, exercise); "" is the total.
        pairs: the pairs of very similar answers.
        late: the students who handed in late, and what says so.

    Returns:
        The path of index.html.
    """
    feedback = out / "feedback"
    feedback.mkdir(parents=True, exist_ok=True)
    pages = safe_names(grade.student for grade in grades)
    for grade in grades:
        page = _student_page(lab_title, grade, overrides, late)
        write_text(feedback / f"{pages[grade.student]}.html", page)
    index = out / "index.html"
    write_text(index, _class_page(lab_title, grades, problems, overrides, pairs, late, pages))
    return index


def _student_page(
    lab_title: str, grade: Grade, overrides: Overrides, late: Mapping[str, str]
) -> str:
    graded = exercise_numbers([grade])
    return render(
        "feedback.html",
        policy=POLICY,
        lab_title=lab_title,
        grade=grade,
        late=late.get(grade.student, ""),
        overrides=overrides,
        total=total(grade, overrides),
        tests=[test for exercise in grade.exercises for test in exercise.tests],
        exercises=[(e, exercise_points(grade, e.number, overrides)) for e in grade.exercises],
        changed_without_tests=[
            number
            for student, number in overrides
            if student == grade.student and number and number not in graded
        ],
    )


def _class_page(
    lab_title: str,
    grades: Sequence[Grade],
    problems: Sequence[str],
    overrides: Overrides,
    pairs: Sequence[Pair],
    late: Mapping[str, str],
    pages: Mapping[str, str],
) -> str:
    totals = [total(grade, overrides) for grade in grades]
    possible = max((grade.possible for grade in grades), default=0.0)
    answers = {grade.student: grade.answers for grade in grades}
    slowest = sorted(grades, key=lambda grade: -grade.seconds)[:SLOWEST]
    return render(
        "class.html",
        policy=POLICY,
        lab_title=lab_title,
        pages=pages,
        grades=grades,
        problems=problems,
        facts=_facts(grades, totals, possible, late),
        histogram=_histogram(totals, possible) if totals and possible > 0 else None,
        exercises=[_exercise(number, grades, overrides) for number in exercise_numbers(grades)],
        notes=_notes(grades),
        pairs=[
            (pair, [answers.get(who, {}).get(pair.exercise, "") for who in (pair.a, pair.b)])
            for pair in pairs[:SHOWN_PAIRS]
        ],
        more_pairs=len(pairs[SHOWN_PAIRS:]),
        changes=_changes(grades, overrides),
        slowest=[grade for grade in slowest if grade.seconds > 0],
        number_headings=[f"#{number}" for number in exercise_numbers(grades)],
        students=_students(grades, overrides, late),
    )


def _facts(
    grades: Sequence[Grade], totals: Sequence[float], possible: float, late: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return (name, value) of the numbers at the top of the page."""
    unreadable = sum(bool(grade.problem) for grade in grades)
    facts = [
        ("students", f"{len(grades)}"),
        ("graded", f"{len(grades) - unreadable}"),
        ("not graded", f"{unreadable}"),
        ("late", f"{sum(grade.student in late for grade in grades)}"),
    ]
    if totals:
        facts += [
            (f"median of {possible:g}", f"{statistics.median(totals):.3g}"),
            (f"mean of {possible:g}", f"{statistics.mean(totals):.3g}"),
        ]
    return facts


def _histogram(totals: Sequence[float], possible: float) -> dict[str, Any]:
    """Return the bars of a histogram of the points, in the units of the picture.

    The picture is 600 wide. The bars are up to 160 high and stand on the line y = 184.
    """
    counts = Counter(min(max(int(BINS * points / possible), 0), BINS - 1) for points in totals)
    width = 560 / BINS
    heights = [160 * counts[i] / max(counts.values()) for i in range(BINS)]
    return {
        "width": width,
        "bars": [
            {"x": 20 + i * width, "y": 184 - height, "height": height, "count": counts[i]}
            for i, height in enumerate(heights)
        ],
        "edges": [f"{possible * i / BINS:.3g}" for i in range(BINS + 1)],
    }


def _exercise(number: str, grades: Sequence[Grade], overrides: Overrides) -> dict[str, Any]:
    """Return how the class did in one exercise."""
    results = [e for grade in grades for e in grade.exercises if e.number == number]
    possible = max(result.possible for result in results)
    earned = [exercise_points(grade, number, overrides) for grade in grades]
    points = [given for given in earned if given is not None]
    mean = statistics.mean(points)
    failed = Counter(test.title for e in results for test in e.tests if not test.passed)
    hardest, failures = failed.most_common(1)[0] if failed else ("", 0)
    return {
        "number": number,
        "possible": possible,
        "mean": f"{mean:.2f}",
        "share": min(max(mean / possible, 0), 1) if possible else 0,
        "full": sum(given >= possible for given in points) / len(points),
        "none": sum(given <= 0 for given in points) / len(points),
        "hardest": hardest,
        "failures": failures,
    }


def _notes(grades: Sequence[Grade]) -> list[tuple[str, list[str]]]:
    """Return (note, students), the rarest note first: a frequent note is seldom important."""
    students: dict[str, list[str]] = {}
    for grade in grades:
        for note in dict.fromkeys([*grade.notes, *grade.remarks]):
            students.setdefault(note, []).append(grade.student)
    return sorted(students.items(), key=lambda item: len(item[1]))


def _changes(grades: Sequence[Grade], overrides: Overrides) -> list[dict[str, Any]]:
    by_student = {grade.student: grade for grade in grades}
    changes = []
    for (student, number), given in overrides.items():
        grade = by_student.get(student)
        automatic = None
        if grade is not None:
            automatic = exercise_points(grade, number, {}) if number else total(grade, {})
        changes.append(
            {
                "student": student,
                "exercise": number,
                "automatic": automatic,
                "by_hand": given.points,
                "reason": given.reason,
            }
        )
    return changes


def _students(
    grades: Sequence[Grade], overrides: Overrides, late: Mapping[str, str]
) -> list[dict[str, Any]]:
    numbers = exercise_numbers(grades)
    changed = {student for student, _ in overrides}
    rows = []
    for grade in sorted(grades, key=lambda grade: grade.student):
        why = late.get(grade.student, "")
        remarks = {
            f"late ({why})": bool(why),
            "not graded": bool(grade.problem),
            "changed by hand": grade.student in changed,
        }
        rows.append(
            {
                "student": grade.student,
                "file": grade.file,
                "points": [exercise_points(grade, number, overrides) for number in numbers],
                "total": total(grade, overrides),
                "remarks": [remark for remark, holds in remarks.items() if holds],
            }
        )
    return rows
