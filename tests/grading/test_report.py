"""The pages of a class: what the teacher and the students read, and that all text is escaped."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from ankeras.grading import report
from ankeras.grading.report import write_report
from ankeras.grading.results import ExerciseResult, Grade, TestResult
from ankeras.grading.similarity import Pair

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"
TAGS = (
    "html head meta title style body h1 h2 p ul li b i small a bdi section div span br img table "
    "thead tbody tr th td code pre details summary svg rect line text"
)
ATTRIBUTES = (
    "lang charset http-equiv content name class style href src alt viewbox role aria-label x y x1 "
    "x2 y1 y2 width height"
)


@dataclass
class ByHand:
    points: float
    reason: str


class Page(HTMLParser):
    """A page's text, tags and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()
        self.attributes: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")

    def handle_data(self, data):
        self.text += re.sub(r"\s*\n\s*", "", data)  # without the line breaks of the templates


def failed(title: str, hidden: bool, **fields: str) -> TestResult:
    return TestResult("1.1", 1, "test_it", title, hidden, passed=False, **fields)


def grade(student: str, *tests: TestResult, **fields) -> Grade:
    of = [ExerciseResult("1.1", list(tests))]
    return Grade(student, f"{student}.ipynb", "lab", of, float(len(tests)), **fields)


def pages(tmp_path, grades, problems=(), overrides=None, pairs=(), late=None, title="Lab"):
    index = write_report(tmp_path, title, grades, problems, overrides or {}, pairs, late or {})
    texts = [p.read_text("utf-8") for p in sorted((tmp_path / "feedback").iterdir())]
    return [Page(index.read_text("utf-8")), *map(Page, texts)]


def test_text_of_a_submission_never_becomes_markup(tmp_path):
    x = HOSTILE
    test = TestResult(x, 1, x, x, False, False, x, x, x, x, x, (x, x))
    evil = Grade(x, x, x, [ExerciseResult(x, [test])], 1, x, [x], {x: x}, 1.0, 0, x)
    pair = Pair(x, x, x, 0.9)
    overrides = {(x, x): ByHand(1, x), (x, ""): ByHand(1, x), (x, f"{x}2"): ByHand(1, x)}
    for page in pages(tmp_path, [evil], [x], overrides, [pair], {x: x}, title=x):
        assert page.tags <= set(TAGS.split())
        assert set(page.attributes) <= set(ATTRIBUTES.split())
        assert "<script>alert(1)</script>" in page.text  # shown, as text
        assert report.POLICY in page.attributes["content"]
        for link in page.attributes.get("href", []):
            assert (tmp_path / link).is_file()
        assert all(s.startswith("data:image/png;base64,") for s in page.attributes.get("src", []))


def test_a_student_reads_why_tests_failed_but_not_hidden_tests(tmp_path):
    fields = {
        "message": "all",
        "what": "the mean of 1, 2",
        "expected": "1.5",
        "hint": "divide by n",
    }
    found = grade(
        "anna",
        failed("The mean is right.", False, found="3", **fields),
        failed("It is right for others.", True, found="SECRET", **dict.fromkeys(fields, "SECRET")),
    )
    _, page = pages(tmp_path, [found], late={"anna": "by Canvas"})
    for shown in (
        "the mean of 1, 2",
        "1.5",
        "3",
        "divide by n",
        "0 of 2 points",
        "late (by Canvas)",
    ):
        assert shown in page.text
    assert "It is right for others. hidden test, 0 of 1" in page.text
    assert "SECRET" not in page.text


def test_changes_by_hand_are_shown_with_the_automatic_points(tmp_path):
    one = grade("anna", failed("The mean is right.", False))
    broken = Grade("eve", "eve.ipynb", "lab", [], 1.0, problem="eve.ipynb is damaged.")
    overrides = {("anna", "1.1"): ByHand(0.5, "nearly"), ("eve", ""): ByHand(1, "on paper")}
    index, anna, eve = pages(tmp_path, [one, broken], overrides=overrides)
    assert "anna1.100.5nearly" in index.text  # automatic: 0, by hand: 0.5
    assert "evetotal01on paper" in index.text
    assert "0.5 of 1 points" in anna.text
    assert "nearly" in anna.text
    assert "1 of 1 points" in eve.text
    assert "eve.ipynb is damaged." in eve.text


def test_the_overview_of_the_class(tmp_path):
    right = TestResult("1.1", 1, "test_it", "The mean is right.")
    grades = [grade(f"s{i}", right, seconds=float(i)) for i in range(7)]
    grades.append(grade("odd", failed("The mean is right.", False), notes=["the process ended"]))
    grades.append(Grade("eve", "e.ipynb", "lab", [], 1.0, problem="e.ipynb is damaged."))
    pair = Pair("s1", "nobody", "1.1", 0.93)
    index = pages(tmp_path, grades, ["x.zip is of nobody"], pairs=[pair])[0].text
    for fact in ("9students", "8graded", "1not graded", "0late"):
        assert fact in index
    assert "0.88 of 188%12%The mean is right. 1×" in index
    for line in ("x.zip is of nobody", "eve: e.ipynb is damaged.", "the process ended1odd"):
        assert line in index
    assert "exercise 1.1, 93%: s1 and nobody" in index
    assert "s66.0" in index  # the slowest


def test_each_strange_id_has_a_page_inside_the_folder(tmp_path):
    ids = ["../x", "a/b", "a_b", "Anna", "anna", "x" * 300, "學生", "\ud800"]
    out = tmp_path / "out"
    index = pages(out, [grade(student) for student in ids])[0]
    assert len(set(index.attributes["href"])) == len(ids)
    assert len(list((out / "feedback").iterdir())) == len(ids)
    assert list(tmp_path.iterdir()) == [out]


def test_an_empty_class_has_a_page(tmp_path):
    assert "0students" in pages(tmp_path, [])[0].text


def test_no_template_switches_escaping_off():
    templates = list((Path(report.__file__).parent / "templates").glob("*.html"))
    assert {template.name for template in templates} >= {"class.html", "feedback.html"}
    for template in templates:
        text = template.read_text("utf-8")
        assert not re.search(r"\bsafe\b|autoescape|tojson|xmlattr", text), template.name
