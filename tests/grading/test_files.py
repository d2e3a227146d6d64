"""Files are written completely or not at all, and their names are safe."""

from ankeras.grading.files import safe_names, write_text

import pytest

STRANGE = ["../x", "a/b", "a_b", "", ".", "Zoë", "學生", "x" * 500, "CON", "a\0b", "\ud800", "a b"]


def test_plain_ids_keep_their_names():
    assert safe_names(["anna", "bob@uni.edu"]) == {"anna": "anna", "bob@uni.edu": "bob@uni.edu"}


def test_names_are_safe_and_unique_whatever_the_ids(tmp_path):
    ids = [*STRANGE, "Anna", "anna", "ANNA"]
    names = safe_names(ids)
    assert len({name.casefold() for name in names.values()}) == len(ids)
    for name in names.values():
        write_text(tmp_path / f"{name}.html", name)
    assert len(list(tmp_path.iterdir())) == len(ids)
    assert all(name.isascii() and len(name) < 100 for name in names.values())
    assert names["CON"] != "CON"


def test_an_id_that_looks_like_a_safe_name_gets_another_name():
    forged = safe_names(["a/b"])["a/b"]
    names = safe_names(["a/b", forged])
    assert names[forged] == forged
    assert names["a/b"] != forged


def test_a_failed_write_leaves_the_old_file_alone(tmp_path, monkeypatch):
    file = tmp_path / "grades.csv"
    write_text(file, "old")
    monkeypatch.setattr("pathlib.Path.replace", _fail)
    with pytest.raises(OSError, match="disk"):
        write_text(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def _fail(*_: object) -> None:
    raise OSError("disk full")
