"""Every file is assigned to a student, or a problem says why not."""

import contextlib
import os
import stat
import tempfile
import time
import warnings
import zipfile
from datetime import datetime
from pathlib import Path

from ankeras.grading import collect
from ankeras.grading.cohort import CohortError, find_submissions

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture
def find(tmp_path):
    """Return a function that fills a folder and finds the submissions in it."""

    def found(names=(), folder=None, **options):
        top = folder or tmp_path / "class"
        top.mkdir(exist_ok=True) if folder is None else None
        for name in names:
            path = top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        return find_submissions(top, unpack_into=tmp_path / "unpacked", **options)

    return found


def _ids(cohort):
    return [entry.student for entry in cohort.entries]


def _files(cohort, top):
    return {entry.student: entry.file.relative_to(top).as_posix() for entry in cohort.entries}


def _zip(file, members):
    """Write a zip; `members` is name -> content, or a ZipInfo instead of a name."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


LAYOUTS = {
    "files": (["bob.ipynb", "ada.l.ipynb"], ["ada.l", "bob"]),
    "folders": (["bob/x/lab.ipynb", "ada/lab.IPYNB", "ada/data.csv"], ["ada", "bob"]),
    "wrapped": (["submissions/bob/lab.ipynb", "submissions/ada.ipynb"], ["ada", "bob"]),
    "scripts": (["ada/lab.ipynb", "ada/own.py", "bob/lab.py"], ["ada", "bob"]),
    "hidden": (
        ["ada.ipynb", ".x.ipynb", "ada/.ipynb_checkpoints/a.ipynb", "__MACOSX/ada/a.ipynb"],
        ["ada"],
    ),
    "moodle": (
        [
            "Ada Lovelace_12_assignsubmission_file_/my lab.ipynb",
            "Ada Lovelace_12_assignsubmission_onlinetext_/onlinetext.html",
            "Zoë_X_13_assignsubmission_file_lab.ipynb",
            "Participant_14_assignsubmission_file_lab.ipynb",
        ],
        ["Ada Lovelace_12", "Participant_14", "Zoë_X_13"],
    ),
    "canvas": (
        ["lovelaceada_12_345_lab.ipynb", "babbagec_LATE_13_346_lab_1.ipynb"],
        ["babbagec_13", "lovelaceada_12"],
    ),
    "strange": (
        ["a'b\"c; --.ipynb", "\u05d0\u05d1.ipynb", "x\ny.ipynb", "José.ipynb", "\u202egpj.ipynb"],
        ["José", "\\u202egpj", "a'b\"c; --", "x\\ny", "\u05d0\u05d1"],
    ),
}


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize(("names", "ids"), LAYOUTS.values(), ids=LAYOUTS)
def test_layouts(find, tmp_path, names, ids, zipped):
    if zipped:
        cohort = find(folder=_zip(tmp_path / "class.zip", dict.fromkeys(names, "{}")))
        assert all(entry.file.read_text() == "{}" for entry in cohort.entries)
    else:
        cohort = find(names)
    assert _ids(cohort) == sorted(ids)
    assert cohort.problems == []


def test_a_student_s_own_zip(find, tmp_path):
    inner = _zip(tmp_path / "inner.zip", {"lab/": "", "lab/lab.ipynb": "{}", "lab/x.csv": "1"})
    names = ["ada.zip", "bob_12_34_lab.zip", "carl/lab.zip", "D E_7_assignsubmission_file_/l.zip"]
    ids = ["D E_7", "ada", "bob_12", "carl"]
    outer = _zip(tmp_path / "class.zip", dict.fromkeys(names, inner.read_bytes()))
    assert _ids(find(folder=outer)) == ids
    for name in names:
        (tmp_path / "class" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "class" / name).write_bytes(inner.read_bytes())
    cohort = find()
    assert _ids(cohort) == ids
    assert cohort.problems == []
    assert {entry.file.name for entry in cohort.entries} == {"lab.ipynb"}


def test_a_zip_that_holds_one_folder(find, tmp_path):
    names = {"05 VAE/ada.ipynb": "{}", "05 VAE/bob/lab.ipynb": "{}"}
    assert _ids(find(folder=_zip(tmp_path / "05 VAE (1).zip", names))) == ["ada", "bob"]


def test_the_latest_version_of_canvas_counts(find):
    names = ["a_1_22_lab.ipynb", "a_LATE_1_20_lab-10.ipynb", "a_LATE_1_21_lab-9.ipynb"]
    (entry,) = find(names).entries
    assert entry.file.name == "a_LATE_1_20_lab-10.ipynb"
    assert entry.notes[0] == "late"
    assert [note.split()[-1] for note in entry.notes[1:]] == [
        "a_1_22_lab.ipynb",
        "a_LATE_1_21_lab-9.ipynb",
    ]


@pytest.mark.parametrize(
    "names",
    [
        ["ada/a.ipynb", "ada/b.ipynb"],
        ["ada.ipynb", "ada/lab.ipynb"],
        ["ada/a.py", "ada/b.py"],
        ["ada_1_2_lab.ipynb", "ada_1_3_other-1.ipynb"],
        ["Jose\u0301.ipynb", "Jos\u00e9/lab.ipynb"],
    ],
)
def test_a_student_with_two_notebooks_is_not_graded(find, names):
    cohort = find([*names, "bob.ipynb"])
    assert _ids(cohort) == ["bob"]
    (problem,) = cohort.problems
    assert all(name in problem for name in names)
    assert "is not graded" in problem


def test_nbgrader_s_folders(find, tmp_path):
    names = ["ada/05_vae/lab.ipynb", "ada/06_gan/lab.ipynb", "bob/06_gan/lab.ipynb"]
    cohort = find(names, lab="05_vae")
    assert _files(cohort, tmp_path / "class") == {"ada": "ada/05_vae/lab.ipynb"}
    assert cohort.problems == ["bob handed in no notebook."]
    assert _ids(find(["carl/lab.ipynb"], lab="07")) == ["bob", "carl"]


def test_a_folder_of_the_lab_matters_only_for_its_student(find, tmp_path):
    names = ["ada/lab.ipynb", "bob/mine/lab.ipynb", "cyd/05_vae/lab.ipynb", "cyd/old/lab.ipynb"]
    cohort = find(names, lab="05_vae")
    assert _files(cohort, tmp_path / "class") == {
        "ada": "ada/lab.ipynb",
        "bob": "bob/mine/lab.ipynb",
        "cyd": "cyd/05_vae/lab.ipynb",
    }
    assert cohort.problems == []


def test_the_name_of_a_file_in_a_folder_does_not_change_the_student(find):
    name = "Zoe Z_12_assignsubmission_file_Bob B_34_assignsubmission_file_lab.ipynb"
    assert _ids(find([name])) == ["Zoe Z_12"]


def test_a_student_without_a_notebook(find, tmp_path):
    (tmp_path / "class" / "carl").mkdir(parents=True)
    assert find(["ada/lab.pdf", "bob.ipynb.txt"]).problems == [
        "ada handed in no notebook, only ada/lab.pdf.",
        "bob.ipynb handed in no notebook, only bob.ipynb.txt.",
        "carl handed in no notebook.",
    ]


def test_a_pattern(find):
    names = ["groupA/s1-final.ipynb", "groupA/s2-final.ipynb", "groupB/readme.ipynb"]
    cohort = find(names, pattern=r"/(?P<student>\w+)-final")
    assert _ids(cohort) == ["s1", "s2"]
    assert cohort.problems == [
        "groupB/readme.ipynb: its name does not match the pattern; it is not graded."
    ]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"pattern": "(?P<student>"}, "no regular expression"),
        ({"pattern": "(.*)"}, "no group"),
        ({"roster": Path("missing.csv")}, "roster missing.csv cannot be read"),
    ],
)
def test_options_that_make_no_sense(find, options, why):
    with pytest.raises(CohortError, match=why):
        find(["ada.ipynb"], **options)


@pytest.mark.parametrize(
    "text",
    [
        "id\nada\nJos\u00e9\neve\neve\n\n",
        "\ufeffName;SIS User ID\r\nA;ada\r\nJ; José \r\nE;eve\r\n",
        'Student,ID,Email\n"E, E",9,eve\n"A, A",8,ada\n"J, J",7,Jose\u0301\n',
    ],
    ids=["plain", "excel", "the column that fits"],
)
def test_a_roster(find, tmp_path, text):
    roster = tmp_path / "class" / "roster.csv"
    roster.parent.mkdir()
    roster.write_text(text, encoding="utf-8")
    cohort = find(["ada.ipynb", "José.ipynb", "mallory.ipynb"], roster=roster)
    assert _ids(cohort) == ["José", "ada", "mallory"]
    assert cohort.problems == [
        "eve is on the roster and handed in nothing.",
        "mallory is not on the roster, but is graded.",
    ]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("Identifier\nParticipant 12", "Ada L_12_assignsubmission_file_lab.ipynb"),
        ("ID\n12", "ada_12_34_lab.ipynb"),
    ],
)
def test_a_roster_with_the_numbers_of_a_platform(find, tmp_path, head, name):
    (tmp_path / "roster.csv").write_text(head)
    assert find([name], roster=tmp_path / "roster.csv").problems == []


@pytest.mark.parametrize("content", [b"name\nada\n", b"", b"id\n\xff\xfe\n"])
def test_a_file_that_is_no_roster(find, tmp_path, content):
    (tmp_path / "roster.csv").write_bytes(content)
    with pytest.raises(CohortError, match=r"roster\.csv (has no column for the id|is no CSV)"):
        find(["ada.ipynb"], roster=tmp_path / "roster.csv")


def test_links_and_devices_are_not_followed(find, tmp_path):
    (tmp_path / "secret.ipynb").write_text("{}")
    top = tmp_path / "class"
    (top / "ada").mkdir(parents=True)
    (top / "ada" / "lab.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (top / "bob").symlink_to(tmp_path)
    os.mkfifo(top / "carl.ipynb")
    cohort = find(["dora.ipynb"])
    assert _ids(cohort) == ["dora"]
    problems = "\n".join(cohort.problems)
    for line in (
        "ada/lab.ipynb is a symbolic link",
        "bob is a symbolic link",
        "carl.ipynb is a pipe or a device",
    ):
        assert line in problems


def test_unreadable_files_are_reported():
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as scratch:
        os.chmod(folder, 0o755)
        for name in ("ada", "bob", "carl"):
            (Path(folder) / name / "sub").mkdir(parents=True)
            (Path(folder) / name / "lab.ipynb").write_text("{}")
        (Path(folder) / "ada" / "lab.ipynb").chmod(0)
        (Path(folder) / "bob" / "sub").chmod(0)
        try:
            if root:  # root may read everything
                os.seteuid(65534)
            cohort = find_submissions(Path(folder), unpack_into=Path(scratch))
        finally:
            if root:
                os.seteuid(0)
            (Path(folder) / "bob" / "sub").chmod(0o755)
    assert _ids(cohort) == ["carl"]
    assert cohort.problems == [
        "ada/lab.ipynb cannot be read (Permission denied); ada is not graded.",
        "bob/sub/ cannot be read (Permission denied); bob is not graded.",
    ]


def test_members_that_leave_the_folder_are_not_unpacked(find, tmp_path):
    link = zipfile.ZipInfo("eve/lab.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    names = ["../x.ipynb", "ada/../../x.ipynb", "/etc/x.ipynb", "C:\\x.ipynb", "..\\x.ipynb"]
    members = {**dict.fromkeys(names, "{}"), link: "/etc/passwd", "bob\\lab.ipynb": "{}"}
    before = {path for path in tmp_path.rglob("*") if "unpacked" not in path.parts}
    cohort = find(folder=_zip(tmp_path / "class.zip", members))
    assert _ids(cohort) == ["bob"]
    assert sum("leads out of its folder" in problem for problem in cohort.problems) == 5
    assert any("eve/lab.ipynb is a symbolic link" in problem for problem in cohort.problems)
    left = {path for path in tmp_path.rglob("*") if "unpacked" not in path.parts}
    assert left - before == {tmp_path / "class.zip"}


def _bomb(file):
    _zip(file, {"lab.ipynb": b" " * (collect.MAX_BYTES + 1)})


def _many(file):
    _zip(file, {f"{n}.txt": "" for n in range(collect.OF_STUDENT.members + 1)})


def _encrypted(file):
    _zip(file, {"lab.ipynb": "{}"})
    data = bytearray(file.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    file.write_bytes(data)


def _wrong_sum(file):
    _zip(file, {"lab.ipynb": b"x" * 100})
    data = bytearray(file.read_bytes())
    data[data.index(b"PK\1\2") + 16] ^= 1
    file.write_bytes(data)


def _unusual(file):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("lab.ipynb", "{}")


def _nested(file):
    _zip(file, {"inner.zip": "", "lab.ipynb": "{}"})


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (_bomb, "too large to be unpacked"),
        (_many, "has too many files"),
        (_encrypted, "is encrypted"),
        (_wrong_sum, "is damaged"),
        (_unusual, "compressed in an unusual way"),
        (_nested, "is in a zip inside a zip"),
        (lambda file: file.write_text("no zip"), "is no zip"),
    ],
)
def test_a_zip_that_cannot_be_unpacked_is_one_student_s_problem(find, tmp_path, make, why):
    (tmp_path / "class").mkdir()
    make(tmp_path / "class" / "eve.zip")
    cohort = find(["ada.ipynb"])
    assert _ids(cohort) == ["ada"]
    (problem,) = cohort.problems
    assert problem.startswith("eve.zip")
    assert why in problem
    assert problem.endswith("; eve is not graded.")


def test_the_total_size_of_a_zip_is_limited(find, tmp_path, monkeypatch):
    monkeypatch.setattr(collect, "OF_STUDENT", collect.ZipLimits(1000, 100))
    (tmp_path / "class").mkdir()
    _zip(tmp_path / "class" / "eve.zip", {f"{n}.ipynb": b" " * 300 for n in range(4)})
    assert find().problems[0] == "eve.zip/3.ipynb is too large to be unpacked; eve is not graded."


def test_all_zips_of_a_student_have_one_limit(find, tmp_path, monkeypatch):
    monkeypatch.setattr(collect, "OF_STUDENT", collect.ZipLimits(1000, 5))
    of_300 = {"lab.ipynb": b" " * 300}
    for name in ("ada/a.zip", "ada/b.zip", "ada/c.zip", "ada/d.zip", "bob/a.zip", "bob/b.txt"):
        (tmp_path / "class" / name).parent.mkdir(parents=True, exist_ok=True)
        _zip(tmp_path / "class" / name, of_300)
    for name in ("eve/a.zip", "eve/b.zip"):
        (tmp_path / "class" / name).parent.mkdir(exist_ok=True)
        _zip(tmp_path / "class" / name, {f"{n}.txt": "" for n in range(3)})
    cohort = find()
    assert _ids(cohort) == ["bob"]
    ada, eve = cohort.problems
    assert ada == "ada/d.zip/lab.ipynb is too large to be unpacked; ada is not graded."
    assert eve == (
        "eve/b.zip has more than 5 files, together with the other zips of this student; "
        "eve is not graded."
    )


NOON = datetime(2020, 2, 3, 12)


def test_the_date_in_the_zip_of_the_class_counts(find, tmp_path):
    info = zipfile.ZipInfo("ada.ipynb", (2020, 2, 3, 13, 5, 6))
    (entry,) = find(folder=_zip(tmp_path / "class.zip", {info: "{}"})).entries
    assert time.localtime(entry.saved)[:6] == (2020, 2, 3, 13, 5, 6)
    assert entry.late(NOON) == "2020-02-03 13:05:06: its date in the zip of the class"
    assert entry.late(NOON.replace(hour=14)) == ""
    assert entry.late(None) == ""


def test_the_date_in_a_student_s_own_zip_does_not_count(find, tmp_path):
    early = zipfile.ZipInfo("lab.ipynb", (2020, 1, 1, 0, 0, 0))
    inner = _zip(tmp_path / "inner.zip", {early: "{}"}).read_bytes()
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.zip").write_bytes(inner)
    os.utime(tmp_path / "class" / "ada.zip", times=(0, NOON.timestamp() + 60))
    (entry,) = find().entries
    assert entry.late(NOON) == "2020-02-03 12:01:00: the date of the file ada.zip"
    handed_in = zipfile.ZipInfo("ada.zip", (2020, 2, 3, 12, 0, 2))
    (entry,) = find(folder=_zip(tmp_path / "class.zip", {handed_in: inner})).entries
    assert entry.late(NOON) == "2020-02-03 12:00:02: its date in the zip of the class"


def test_the_mark_of_canvas_is_enough(find):
    (entry,) = find(["ada_LATE_12_34_lab.ipynb"]).entries
    assert entry.late(datetime(2999, 1, 1)) == "Canvas marked it as late"


def test_no_number_is_read_from_a_plain_name(find):
    names = ["smith_123456/lab.ipynb", "eve_999/lab.ipynb", "x_12_34_lab/a.ipynb"]
    names += ["Ada L_7_assignsubmission_file_/lab.ipynb", "bob_12_34_lab.ipynb"]
    found = {entry.student: (entry.canvas_id, entry.moodle_id) for entry in find(names).entries}
    assert found == {
        "smith_123456": ("", ""),
        "eve_999": ("", ""),
        "x_12_34_lab": ("", ""),
        "Ada L_7": ("", "7"),
        "bob_12": ("12", ""),
    }


def test_names_that_macos_zips(find, tmp_path):
    name = "Jose\u0301.ipynb".encode()
    file = _zip(tmp_path / "class.zip", {"x" * len(name): "{}"})
    file.write_bytes(file.read_bytes().replace(b"x" * len(name), name))
    assert _ids(find(folder=file)) == ["Jos\u00e9"]


def test_names_that_are_no_unicode(find, tmp_path):
    (tmp_path / "class").mkdir()
    with contextlib.suppress(OSError):  # macOS allows no such names
        (Path(os.fsdecode(os.fsencode(tmp_path / "class") + b"/\xff.ipynb"))).write_text("{}")
        assert _ids(find()) == ["\\udcff"]


@pytest.mark.parametrize("make", [lambda file: None, lambda file: file.write_text("no zip")])
def test_a_path_without_submissions(find, tmp_path, make):
    make(tmp_path / "class.zip")
    with pytest.raises(CohortError, match=r"is neither a folder nor|is no zip"):
        find(folder=tmp_path / "class.zip")


def test_the_folder_to_unpack_into_must_be_outside(tmp_path):
    with pytest.raises(CohortError, match="choose a folder outside"):
        find_submissions(tmp_path, unpack_into=tmp_path / "out")


ODD = st.sampled_from(["..", "/", "\\", "C:", ".ipynb", ".zip", "_12_34_", "ada", "\n", "\u202e"])
NAMES = st.lists(ODD | st.text(max_size=3), min_size=1, max_size=6).map("".join)


@settings(max_examples=60, database=None, deadline=None, derandomize=True)
@given(st.lists(NAMES, max_size=5), st.lists(st.integers(0, 1 << 30), max_size=4))
def test_no_zip_breaks_anything(names, flips):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "class.zip"
        with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # two members may have the same name
            for name in names:
                archive.writestr(zipfile.ZipInfo(name.encode("utf-8", "replace").decode()), "{}")
        data = bytearray(file.read_bytes())
        for flip in flips:
            data[flip % len(data)] ^= 1 << flip % 8
        file.write_bytes(data)
        unpacked = Path(folder) / "unpacked"
        with contextlib.suppress(CohortError):
            cohort = find_submissions(file, unpack_into=unpacked)
            assert all(unpacked in entry.file.resolve().parents for entry in cohort.entries)
            assert all(text.isprintable() for text in [*_ids(cohort), *cohort.problems])
        assert set(os.listdir(folder)) <= {"class.zip", "unpacked"}
