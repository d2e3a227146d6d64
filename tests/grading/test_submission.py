"""Any file that students hand in is read, or gets a message."""

import json
import os

from ankeras.grading.submission import MAX_BYTES, Submission, SubmissionError, read_submission

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXERCISES = ("1.1", "1.2")


def _notebook(*sources: object) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": s} for s in sources]})


def _read(folder, content: str | bytes, name: str = "lab.ipynb") -> Submission:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_submission(file, EXERCISES)


def test_exercises_are_found_by_their_first_line(tmp_path):
    cells = [
        "# Given\nimport numpy",
        "# exercise 1.2 (3 points)\nb = 2",
        ["# Exercise 1.1\n", "a = 1"],
        "print(a)",
        "# Exercise 7.7\nof another lab",
    ]
    found = _read(tmp_path, _notebook(*cells))
    assert found.answers == {"1.1": "# Exercise 1.1\na = 1", "1.2": cells[1]}
    assert found.given == (cells[0],)
    assert found.notes == ()


def test_of_two_cells_the_last_filled_in_one_counts(tmp_path):
    stub = '# Exercise 1.1\nraise NotImplementedError("exercise 1.1: your code here")'
    found = _read(tmp_path, _notebook("# Exercise 1.1\na = 1", "# Exercise 1.1\na = 2", stub))
    assert found.answers == {"1.1": "# Exercise 1.1\na = 2"}
    assert "has several cells: the last whole one counts" in found.notes[0]


def test_a_script_is_read_as_the_notebook_is(tmp_path):
    script = (
        "# ---\n# jupyter: x\n# ---\n\n# %% [markdown]\n# # Lab\n\n"
        "# %% given=true\nimport numpy\n\n"
        '# %% exercise="1.1" points=2\na = 1\n\n\nb = 2\n\n'
        '# %% title nbgrader={"grade": false}\n# Exercise 1.2 (3 points)\nc = 3\n'
    )
    found = _read(tmp_path, script, "lab.py")
    assert found.answers == {
        "1.1": "# Exercise 1.1\na = 1\n\n\nb = 2",
        "1.2": "# Exercise 1.2 (3 points)\nc = 3",
    }
    assert found.given == ("# Given\nimport numpy",)


def test_cells_of_all_formats_are_read(tmp_path):
    old = {"cells": [{"cell_type": "code", "input": ["# Exercise 1.1\n", "a = 1"]}]}
    assert _read(tmp_path, json.dumps({"worksheets": [old]})).answers == {
        "1.1": "# Exercise 1.1\na = 1"
    }
    nbgrader = {"nbgrader": {"grade_id": "exercise-1-2"}}
    cells = [
        {"cell_type": "code", "source": "a = 1", "id": "exercise-1-1"},
        {"cell_type": "code", "source": "b = 2", "id": "other", "metadata": nbgrader},
    ]
    assert _read(tmp_path, json.dumps({"cells": cells})).answers == {"1.1": "a = 1", "1.2": "b = 2"}
    script = "# %% Exercise 1.1\na = 1\n\n# %%\nb = 2\n"
    assert _read(tmp_path, script, "lab.py").answers == {"1.1": "# %% Exercise 1.1\na = 1"}


def test_half_a_surrogate_pair_is_replaced(tmp_path):
    found = _read(
        tmp_path, r'{"cells": [{"cell_type": "code", "source": "# Exercise 1.1 \ud800"}]}'
    )
    assert found.answers["1.1"] == "# Exercise 1.1 \ufffd"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged or incomplete"),
        (_notebook("# Exercise 1.1\na = 1").encode()[:-9], "damaged or incomplete"),
        (b"[" * 200_000, "damaged or incomplete"),
        (b'{"cells": ' + b"9" * 5000 + b"}", "damaged or incomplete"),
        (_notebook("# Exercise 1.1").encode("utf-16"), "no UTF-8 text"),
        (b"\x00" * 100, "damaged or incomplete"),
        (b'{"cells": {"a": 1}}', "has no cells"),
        (b"[]", "has no cells"),
        (b'{"cells": [1, null, [], {"cell_type": ["code"]}]}', "no exercise of this lab"),
        (_notebook(None, 1, [1, {}], {"a": 1}).encode(), "no exercise of this lab"),
        (_notebook("# Exercise 3.1").encode(), "no exercise of this lab"),
    ],
)
def test_a_file_that_is_no_notebook(tmp_path, content, why):
    with pytest.raises(SubmissionError, match=why):
        _read(tmp_path, content)


def test_a_file_that_is_too_large(tmp_path):
    file = tmp_path / "lab.ipynb"
    with file.open("wb") as large:
        large.truncate(4 * MAX_BYTES)
    with pytest.raises(SubmissionError, match=r"has 200 MB, more than 50\. Clear its outputs"):
        read_submission(file)


def test_a_small_notebook_that_would_need_much_memory(tmp_path):
    junk = b'{"a": [' + b'{"":0},' * 1_000_001
    with pytest.raises(SubmissionError, match="more values than any normal notebook"):
        _read(tmp_path, junk)


def test_a_path_that_is_no_file(tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "device.ipynb").symlink_to("/dev/zero")
    (tmp_path / "loop.ipynb").symlink_to("loop.ipynb")
    for name, why in {
        "folder.ipynb": "a folder or a device",
        "pipe.ipynb": "a folder or a device",
        "device.ipynb": "a folder or a device",
        "loop.ipynb": "cannot be read",
        "missing.ipynb": "no file",
        "null\0.ipynb": "cannot be read",
        "x\ny.pdf": r"x\\ny.pdf is no notebook",
    }.items():
        with pytest.raises(SubmissionError, match=why):
            read_submission(tmp_path / name)


def test_a_script_made_to_take_forever(tmp_path):
    with pytest.raises(SubmissionError, match="no exercise of this lab"):
        _read(tmp_path, "# %%\nx = 1\n" * 500_000, "lab.py")
    bomb = [f"#   a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    bomb = ["# ---", "# jupyter:", '#   a0: &a0 ["x"]', *bomb, "# ---", "# %%", "# Exercise 1.1"]
    assert _read(tmp_path, "\n".join(bomb), "lab.py").answers == {"1.1": "# Exercise 1.1"}


WORDS = st.sampled_from(
    [
        *("# Exercise 1.1", "# exercise 1.2 (3 points)\n", "# Given\n", "1.1", "'''", "\\"),
        *("# %%", "\n# %% [markdown]", '\n# %% exercise="1.1" points=1\n'),
        *("\n", "\r", "\x00", "\u202e", "\ud800"),
    ]
)
TEXT = st.lists(WORDS | st.text(max_size=5), max_size=6).map("".join)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8
)
CELLS = st.fixed_dictionaries(
    {}, optional={"cell_type": st.just("code") | JSON, "source": TEXT | st.lists(TEXT) | JSON}
)
CODE = st.fixed_dictionaries({"cell_type": st.just("code"), "source": TEXT | st.lists(TEXT)})
NOTEBOOKS = st.fixed_dictionaries({"cells": st.lists(CODE) | st.lists(CELLS | JSON) | JSON}) | JSON
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-le", "latin-1"])
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda t, e: t.encode(e, "replace"), NOTEBOOKS.map(json.dumps) | TEXT, ENCODINGS),
    st.builds(
        lambda t, at, byte: t[: at % (len(t) + 1)] + byte + t[at % (len(t) + 1) :][len(byte) :],
        NOTEBOOKS.map(json.dumps).map(str.encode),
        st.integers(0, 10_000),
        st.binary(max_size=3),
    ),
)


@settings(
    max_examples=100,
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(CONTENT, st.sampled_from(["lab.ipynb", "lab.py"]), st.sampled_from([EXERCISES, None]))
def test_any_content_is_read_or_gets_a_message(tmp_path, content, name, exercises):
    (tmp_path / name).write_bytes(content)
    try:
        found = read_submission(tmp_path / name, exercises)
    except SubmissionError as error:
        said = str(error)
    else:
        assert found.answers
        said = ascii(json.dumps(vars(found), ensure_ascii=False).encode())  # storable
    assert said.isprintable()
