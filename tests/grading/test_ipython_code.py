"""Cells with magics become plain Python with the same lines, and run without IPython."""

import ast
from types import CodeType

from ankeras.grading.ipython_code import Shell, as_python, run

import pytest

PYTHON = "x = 1  # why?\nname = ('%s'\n    % x)\n"


@pytest.mark.parametrize(
    ("cell", "line", "python"),
    [
        ("!ls {x}", 1, "get_ipython().system('ls {x}')"),
        ("%pip install x", 1, "get_ipython().run_line_magic('pip', 'install x')"),
        ("x.shape?", 1, "get_ipython().run_line_magic('pinfo', 'x.shape')"),
        ("if x:\n    %time x + 1", 2, "    get_ipython().run_line_magic('time', 'x + 1')"),
        ("files = !ls", 1, "files = get_ipython().getoutput('ls')"),
        ("y = %time x", 1, "y = get_ipython().run_line_magic('time', 'x')"),
        ("!ls \\\n  -l\nx = 2", 3, "x = 2"),
        ("%%time\n%%capture out\nx = 2", 3, "x = 2"),
        ("\n\n  %%timeit -n 1\n  x = 2", 4, "x = 2"),
        ("%%bash\nls *", 2, ""),
        ("%%writefile a.py\nx = 5", 2, ""),
        (">>> x = 1\n>>> y = 2", 2, "y = 2"),
    ],
)
def test_a_line_for_ipython_is_replaced_in_its_place(cell, line, python):
    for end in ("\n", "\r\n"):
        found = as_python(cell.replace("\n", end)).splitlines()
        assert found[line - 1] == python
        assert len(found) == len(cell.splitlines())


def test_python_and_other_mistakes_stay():
    for cell in (PYTHON, "%%time\n" + PYTHON, "%pylab\n" + PYTHON):
        assert as_python(cell).endswith(PYTHON)
    assert as_python("y = (") == "y = (\n"
    assert as_python("%time\ny = (").endswith("\ny = (\n")


def test_a_cell_of_many_commands_is_not_read_for_ever():
    assert as_python("!ls\n" * 1000).count("get_ipython") == 50


def _compiled(source: str) -> CodeType:
    return compile(source, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def _run(cell: str) -> dict:
    names: dict = {}
    shell = Shell(names)
    names["get_ipython"] = lambda: shell
    run(
        compile(as_python(cell), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names
    )  # with top-level await
    return names


def test_magics_run_their_code_and_commands_do_nothing():
    cell = "%time a = 1\nb = %timeit -n 2 -r 1 a + 1\nfiles = !exit 1\n!exit 1\n%pip list\nlen?"
    names = _run(cell)
    assert (names["a"], names["b"], names["files"]) == (1, 2, [])
    calls = (
        "get_ipython().run_cell_magic('time', '', 'a = 3')",
        "get_ipython().run_cell_magic('bash', '', 'exit 1')",
        "get_ipython().magic('%matplotlib inline')",
        "get_ipython().events.register('pre_run_cell', print)",
        "colab = 'x' in get_ipython().config",
    )
    names = _run("\n".join(calls))
    assert (names["a"], names["colab"]) == (3, False)


def test_await_at_the_top_level_waits():
    cell = "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 5\nx = await f()"
    assert _run(cell)["x"] == 5
    inside = f"import asyncio\nasync def g():\n    namespace.update(_run({cell!r}))\nawait g()"
    namespace: dict = {}
    names = {"_run": _run, "namespace": namespace}
    run(
        compile(inside, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names
    )  # in a notebook, a loop runs already
    assert namespace["x"] == 5
