"""What a teacher and the students read: a page for the class, and one for every student.

The pages stand alone, run no script, and load nothing. All text may come from a submission and is
escaped; should one escape be forgotten, the policy in the page's head still forbids scripts.
"""

import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from html import escape
from pathlib import Path

from ankeras.grading import html
from ankeras.grading.files import safe_names, write_text
from ankeras.grading.final import Overrides, exercise_points, exercises, total
from ankeras.grading.results import ExerciseResult, Grade
from ankeras.grading.similarity import Pair

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
SLOWEST = 5  # submissions that are named
BINS = 10  # of the histogram
SHOWN_PAIRS = 200  # the most similar ones

STYLE = """
:root { color-scheme: light dark; --text: #1f2328; --soft: #59636e; --line: #d1d9e0;
  --page: #ffffff; --card: #f6f8fa; --right: #1a7f37; --wrong: #b3261e; --bar: #3b6fb5; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --soft: #9aa4af; --line: #3d444d;
  --page: #14171b; --card: #1d2126; --right: #4ac26b; --wrong: #ff8a80; --bar: #6ea1e6; } }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--page);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .6rem; }
p { margin: .4rem 0; max-width: 45rem; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: .15em; }
small, .soft { color: var(--soft); font-size: .875rem; }
code, pre { font: .85rem/1.45 ui-monospace, Consolas, monospace; white-space: pre-wrap; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th { font-weight: 600; color: var(--soft); font-size: .875rem; }
.wide { overflow-x: auto; }
td bdi { display: inline-block; max-width: 18rem; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; vertical-align: bottom; text-decoration: inherit; }
.wide th { white-space: nowrap; }
.wide td:not(.number) { min-width: 5rem; }
.number { text-align: right; white-space: nowrap; }
.facts { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; padding: 0;
  list-style: none; }
.facts li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .6rem 1rem; min-width: 5.5rem; color: var(--soft); font-size: .875rem; }
.facts b { display: block; font-size: 1.4rem; line-height: 1.3; color: var(--text); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem 1rem; margin: 1rem 0; }
.card h2 { margin: 0 0 .5rem; display: flex; justify-content: space-between; gap: 1rem; }
.card h2 span { white-space: nowrap; font-variant-numeric: tabular-nums; }
.alert { border-left: .3rem solid var(--wrong); }
.test { padding: .3rem 0; }
.test .worth { white-space: nowrap; margin-left: .4em; }
.why { margin: .3rem 0 .7rem 1.5em; white-space: pre-wrap; }
.why table { margin: .4rem 0; }
.why td:first-child { color: var(--soft); width: 5rem; }
.why img { image-rendering: pixelated; border: 1px solid var(--line); margin-top: .3rem; }
.right { color: var(--right) !important; }
.wrong { color: var(--wrong) !important; }
.meter { background: var(--line); height: .6rem; border-radius: .3rem; min-width: 6rem;
  margin-top: .45rem; overflow: hidden; }
.meter div { background: var(--bar); height: 100%; print-color-adjust: exact; }
.both { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; margin: .5rem 0; }
.both pre { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .6rem .8rem; margin: 0; }
summary { cursor: pointer; padding: .3rem 0; }
svg { width: 100%; max-width: 40rem; height: auto; display: block; }
svg rect { fill: var(--bar); }
svg line { stroke: var(--line); }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; text-anchor: middle; }
@media print { :root { color-scheme: light; --text: #000; --soft: #444; --line: #bbb;
  --page: #fff; --card: #fff; --right: #1a7f37; --wrong: #b3261e; --bar: #3b6fb5; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .test, tr, svg { break-inside: avoid; } h2 { break-after: avoid; } }
"""


def write_report(
    out: Path,
    lab_title: str,
    grades: Sequence[Grade],
    problems: Sequence[str],
    overrides: Overrides,
    pairs: Sequence[Pair],
    late: Collection[str],
) -> Path:
    """Write index.html, which is the teacher's, and feedback/*.html, a page for every student.

    Args:
        out: the folder; it is made, if it isn't there.
        lab_title: the lab's.
        grades: of the class.
        problems: what went wrong beside the grades, such as a file of nobody.
        overrides: points given by hand, by (student, exercise); "" is the total.
        pairs: the very similar answers.
        late: the students whose work came late.

    Returns:
        The path of index.html.
    """
    feedback = out / "feedback"
    feedback.mkdir(parents=True, exist_ok=True)
    names = safe_names(grade.student for grade in grades)
    for grade in grades:
        page = _student_page(lab_title, grade, overrides, grade.student in late)
        write_text(feedback / f"{names[grade.student]}.html", page)
    links = {
        student: f'<a href="feedback/{name}.html">{_id(student)}</a>'
        for student, name in names.items()
    }
    index = out / "index.html"
    write_text(index, _class_page(lab_title, grades, problems, overrides, pairs, late, links))
    return index


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


# ---- a student's page


def _student_page(lab_title: str, grade: Grade, overrides: Overrides, late: bool) -> str:
    earned = f"{total(grade, overrides):g} of {grade.possible:g} points"
    parts = [
        f"<h1>{escape(lab_title)}</h1>",
        f'<p class="soft">{_id(grade.student)} &middot; {_id(grade.file)}'
        f"{' &middot; handed in late' if late else ''}</p>",
        f'<ul class="facts"><li><b>{earned}</b>{_share(grade)}</li></ul>',
    ]
    if grade.problem:
        parts.append(f'<div class="card alert">{html.lines(grade.problem)}</div>')
    parts += [f"<p>Note: {html.lines(note)}</p>" for note in grade.notes]
    parts += [_by_hand(grade, "", overrides)]
    for exercise in grade.exercises:
        points = exercise_points(grade, exercise.number, overrides)
        parts.append(
            f'<div class="card"><h2>Exercise {escape(exercise.number)}'
            f"<span>{points:g} of {exercise.possible:g}</span></h2>"
            f"{_by_hand(grade, exercise.number, overrides)}{html.tests(exercise)}</div>"
        )
    graded = exercises([grade])
    for student, number in overrides:  # of exercises that no test could grade
        if student == grade.student and number and number not in graded:
            parts.append(
                f'<div class="card"><h2>Exercise {escape(number)}</h2>'
                f"{_by_hand(grade, number, overrides)}</div>"
            )
    return _page(f"{lab_title}: {grade.student}", "\n".join(parts))


def _share(grade: Grade) -> str:
    tests = [test for exercise in grade.exercises for test in exercise.tests]
    if not tests:
        return "no test was run"
    return f"{sum(test.passed for test in tests)} of {len(tests)} tests passed"


def _by_hand(grade: Grade, number: str, overrides: Overrides) -> str:
    given = overrides.get((grade.student, number))
    if given is None:
        return ""
    what = f"exercise {number}" if number else "the total"
    return (
        f"<p><b>Your teacher set {escape(what)} to {_points(given.points)}.</b> "
        f"{html.lines(given.reason)}</p>"
    )


# ---- the page of the class


def _class_page(
    lab_title: str,
    grades: Sequence[Grade],
    problems: Sequence[str],
    overrides: Overrides,
    pairs: Sequence[Pair],
    late: Collection[str],
    links: dict[str, str],
) -> str:
    totals = [total(grade, overrides) for grade in grades]
    unreadable = sum(bool(grade.problem) for grade in grades)
    possible = max((grade.possible for grade in grades), default=0.0)
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
    tiles = "".join(f"<li><b>{value}</b>{name}</li>" for name, value in facts)
    parts = [f"<h1>{escape(lab_title)}</h1>", f'<ul class="facts">{tiles}</ul>']
    if totals and possible > 0:
        parts.append(_section("Points", _histogram(totals, possible)))
    parts += [
        _section("Exercises", _exercises(grades, overrides)),
        _section("Problems", _problems(grades, problems, links)),
        _section("Odd submissions", _notes(grades, links)),
        _section("Very similar answers", _pairs(grades, pairs, links)),
        _section("Changed by hand", _changes(grades, overrides, links)),
        _section("Slowest submissions", _slowest(grades, links)),
        _section("Students", _students(grades, overrides, late, links)),
    ]
    return _page(f"{lab_title}: grades", "\n".join(parts))


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>{body}</section>" if body else ""


def _histogram(totals: Sequence[float], possible: float) -> str:
    """Draw how many students have how many points."""
    bins = [min(max(int(BINS * points / possible), 0), BINS - 1) for points in totals]
    counts = Counter(bins)
    width, height, step = 560, 160, 560 / BINS
    shapes = []
    for i in range(BINS):
        tall = height * counts[i] / max(counts.values())
        x, top = 20 + i * step, 24 + height - tall
        if counts[i]:
            shapes.append(
                f'<rect x="{x + 3:.1f}" y="{top:.1f}" width="{step - 6:.1f}" height="{tall:.1f}"/>'
                f'<text x="{x + step / 2:.1f}" y="{top - 6:.1f}">{counts[i]}</text>'
            )
    for i in range(BINS + 1):
        edge = f"{possible * i / BINS:.3g}"
        shapes.append(f'<text x="{20 + i * step:.1f}" y="{height + 44}">{edge}</text>')
    axis = f'<line x1="20" x2="{20 + width}" y1="{height + 24}" y2="{height + 24}"/>'
    return (
        f'<svg viewBox="0 0 {width + 40} {height + 54}" role="img" '
        f'aria-label="Number of students by points">{axis}{"".join(shapes)}</svg>'
    )


def _exercises(grades: Sequence[Grade], overrides: Overrides) -> str:
    rows = []
    for number in exercises(grades):
        found = [e for grade in grades for e in grade.exercises if e.number == number]
        possible = max(exercise.possible for exercise in found)
        points = [
            given
            for grade in grades
            if (given := exercise_points(grade, number, overrides)) is not None
        ]
        mean = statistics.mean(points)
        full = sum(given >= possible for given in points) / len(points)
        none = sum(given <= 0 for given in points) / len(points)
        share = min(max(mean / possible, 0), 1) if possible else 0
        meter = f'<div class="meter"><div style="width:{share:.0%}"></div></div>'
        rows.append(
            [
                escape(number),
                meter,
                f"{mean:.2f} of {possible:g}",
                f"{full:.0%}",
                f"{none:.0%}",
                _hardest(found),
            ]
        )
    head = ["exercise", "", "#mean points", "#full points", "#no points", "most often failed"]
    return _table(head, rows)


def _hardest(found: Sequence[ExerciseResult]) -> str:
    failed = Counter(test.title for result in found for test in result.tests if not test.passed)
    if not failed:
        return ""
    title, count = failed.most_common(1)[0]
    return f"{escape(title)} <small>{count}&times;</small>"


def _problems(grades: Sequence[Grade], problems: Sequence[str], links: dict[str, str]) -> str:
    lines = [html.lines(problem) for problem in problems]
    lines += [f"{links[g.student]}: {html.lines(g.problem)}" for g in grades if g.problem]
    return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>" if lines else ""


def _notes(grades: Sequence[Grade], links: dict[str, str]) -> str:
    """List what was odd; first what is rare, as a broken rule is among forgotten outputs."""
    who: dict[str, list[str]] = {}
    for grade in grades:
        for note in dict.fromkeys(grade.notes):
            who.setdefault(note, []).append(links[grade.student])
    rows = [
        [html.lines(note), f"{len(students)}", ", ".join(students)]
        for note, students in sorted(who.items(), key=lambda item: len(item[1]))
    ]
    return _table(["note", "#students", "who"], rows)


def _pairs(grades: Sequence[Grade], pairs: Sequence[Pair], links: dict[str, str]) -> str:
    if not pairs:
        return ""
    answers = {grade.student: grade.answers for grade in grades}
    shown = ""
    for pair in pairs[:SHOWN_PAIRS]:
        sources = [answers.get(who, {}).get(pair.exercise, "") for who in (pair.a, pair.b)]
        shown += (
            f"<details><summary>exercise {escape(pair.exercise)}, {pair.similarity:.0%}: "
            f"{_who(pair.a, links)} and {_who(pair.b, links)}</summary>"
            f'<div class="both">{"".join(f"<pre>{escape(text)}</pre>" for text in sources)}</div>'
            "</details>"
        )
    more = len(pairs) - SHOWN_PAIRS
    remark = (
        '<p class="soft">Found also where names and comments were changed; what most of the class'
        " wrote does not count. A pair is a reason to look, not a proof.</p>"
    )
    return remark + shown + (f"<p>And {more} less similar ones.</p>" if more > 0 else "")


def _changes(grades: Sequence[Grade], overrides: Overrides, links: dict[str, str]) -> str:
    by_student = {grade.student: grade for grade in grades}
    rows = []
    for (student, number), given in overrides.items():
        grade = by_student.get(student)
        automatic = None
        if grade is not None:
            automatic = exercise_points(grade, number, {}) if number else total(grade, {})
        rows.append(
            [
                _who(student, links),
                escape(number) or "total",
                "&ndash;" if automatic is None else f"{automatic:g}",
                f"<b>{given.points:g}</b>",
                html.lines(given.reason),
            ]
        )
    return _table(["student", "exercise", "#automatic", "#by hand", "reason"], rows)


def _slowest(grades: Sequence[Grade], links: dict[str, str]) -> str:
    slowest = sorted(grades, key=lambda grade: -grade.seconds)[:SLOWEST]
    rows = [[links[g.student], f"{g.seconds:.1f}"] for g in slowest if g.seconds > 0]
    return _table(["student", "#seconds"], rows)


def _students(
    grades: Sequence[Grade], overrides: Overrides, late: Collection[str], links: dict[str, str]
) -> str:
    numbers = exercises(grades)
    rows = []
    for grade in sorted(grades, key=lambda grade: grade.student):
        points = [exercise_points(grade, number, overrides) for number in numbers]
        state = [
            "late" if grade.student in late else "",
            "not graded" if grade.problem else "",
            "changed by hand" if any(student == grade.student for student, _ in overrides) else "",
        ]
        rows.append(
            [
                links[grade.student],
                *("" if given is None else f"{given:g}" for given in points),
                f"<b>{total(grade, overrides):g}</b>",
                f"<small>{', '.join(filter(None, state))}</small>",
                f"<small>{_id(grade.file)}</small>",
            ]
        )
    numbered = [f"#{escape(number)}" for number in numbers]
    return _table(["student", *numbered, "#total", "", "file"], rows)


# ---- pieces


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already; the head of a column of numbers has a "#"."""
    body = [list(row) for row in rows]
    if not body:
        return ""
    style = [' class="number"' if name.startswith("#") else "" for name in head]
    titles = "".join(
        f"<th{kind}>{name.removeprefix('#')}</th>" for kind, name in zip(style, head, strict=True)
    )
    lines = "".join(
        f"<tr>{''.join(f'<td{k}>{cell}</td>' for k, cell in zip(style, row, strict=True))}</tr>"
        for row in body
    )
    return (
        f'<div class="wide"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _id(text: str) -> str:
    """Escape an id or a file's name, and keep what writes from right to left inside of it."""
    return f"<bdi>{escape(text)}</bdi>"


def _who(student: str, links: dict[str, str]) -> str:
    return links.get(student, _id(student))


def _points(points: float) -> str:
    return f"{points:g} point{'s' * (points != 1)}"
