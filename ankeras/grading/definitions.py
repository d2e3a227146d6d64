"""Finds the statements of a notebook that define a name, and all names that these need.

Only definitions of functions and classes, imports, and simple assignments are found. So no cell
that trains is run because an answer needs one constant of it.
"""

import __future__

import ast
import dis
import re
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

from ankeras.grading.ipython_code import as_python

MAX_CHARACTERS = 30_000  # of a cell; what a longer one defines is not found
OTHER_CELL = "<other cell"  # the file names of other cells start with it
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
# A function with such a name may take long, or reads what the grader does not have.
SLOW = re.compile(r"fit|train|load|read|open|download|fetch|get_file|predict|evaluate|input|sleep")
STARTS = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)", re.MULTILINE)
_FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell.

    Attributes:
        tree, code: its syntax tree, and the compiled code.
        cell: the source of its cell.
        text: its own source.
        binds, reads: the names that it defines, and the global names that it reads.
    """

    tree: ast.stmt
    code: CodeType
    cell: str
    text: str
    binds: frozenset[str]
    reads: frozenset[str]

    @property
    def is_definition(self) -> bool:
        """Whether it is a definition, an import or an assignment."""
        return isinstance(self.tree, DEFINITIONS + ASSIGNMENTS)

    @property
    def is_star(self) -> bool:
        """Whether it is `from ... import *`."""
        return isinstance(self.tree, ast.ImportFrom) and self.tree.names[0].name == "*"


@lru_cache(maxsize=100)  # the cells of one notebook
def read_statements(source: str, file: str) -> tuple[Statement, ...]:
    """Return the statements of a cell.

    Args:
        source: the text of the cell.
        file: its name in tracebacks.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: if it is no valid code.
    """
    wait = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    python = as_python(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SyntaxWarnings of the cell
        tree = ast.parse(python, file)
        whole = compile(tree, file, "exec", wait, dont_inherit=True)
        flags = wait | (whole.co_flags & _FUTURE)
        codes = [
            compile(ast.Module([each], []), file, "exec", flags, dont_inherit=True)
            for each in tree.body
        ]
    lines = python.splitlines(keepends=True)
    return tuple(
        _statement(each, code, source, lines) for each, code in zip(tree.body, codes, strict=True)
    )


def statements(source: str) -> tuple[Statement, ...]:
    """Return the statements of another cell; none if it is too long or no valid code."""
    if len(source) > MAX_CHARACTERS:
        return ()
    try:
        return read_statements(source, f"{OTHER_CELL} {zlib.crc32(source.encode()):x}>")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def defined_names(source: str) -> frozenset[str]:
    """Return the names that a cell defines.

    In a cell that is no valid code, only functions and classes are found.
    """
    found = statements(source)
    names = (name for each in found for name in each.binds)
    return frozenset(names if found else STARTS.findall(source))


def is_code(source: str) -> bool:
    """Return whether a cell has code, and all of it is valid."""
    return bool(statements(source))


def needed_names(found: Sequence[Statement]) -> frozenset[str]:
    """Return the names that the definitions and assignments of a cell need and do not define."""
    read = frozenset(name for each in found if each.is_definition for name in each.reads)
    return read - {name for each in found for name in each.binds}


def find_definitions(
    names: Iterable[str], cells: Sequence[str], known: Callable[[str], bool]
) -> list[Statement]:
    """Return the statements that define names, and all that these need, in the order to run them.

    Args:
        names: the names. A name that no cell defines is left out, unless a cell imports all names
            of a module.
        cells: the sources of the cells. For each name, the first cell that defines it counts.
        known: whether a name needs no definition.
    """
    functions = {
        name
        for cell in cells
        for each in statements(cell)
        if isinstance(each.tree, ast.FunctionDef | ast.AsyncFunctionDef)
        for name in each.binds
    }
    found: list[Statement] = []
    seen: set[str] = set()

    def follow(name: str) -> None:
        if name in seen or known(name):
            return
        seen.add(name)
        for each in _defining(name, cells, functions):
            for needed in sorted(each.reads):
                follow(needed)
            if each not in found:
                found.append(each)

    for name in names:
        follow(name)
    return found


def _defining(name: str, cells: Sequence[str], functions: set[str]) -> list[Statement]:
    """Return the statements of the first cell that defines a name; none if one is not simple.

    If no cell defines it, it may come from an import of all names of a module.
    """
    for cell in cells:
        if any(name in each.binds for each in statements(cell)):
            found = [s for s in statements(cell) if name in s.binds or _changes(s.tree, name)]
            simple = all(_is_simple(each.tree, functions) for each in found)
            return found if simple and not _is_trained(name, cell) else []
    return [each for cell in cells for each in statements(cell) if each.is_star]


def _changes(tree: ast.AST, name: str) -> bool:
    """Return whether a statement is such as `names.append(1)` or `sizes[0] = 1`."""
    match tree:
        case ast.Expr(ast.Call(func=ast.Attribute(value=ast.Name(id=found)))):
            return found == name
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target]):
            return isinstance(target.value, ast.Name) and target.value.id == name
    return False


def _is_trained(name: str, cell: str) -> bool:
    """Return whether a cell has a call such as `name.fit(...)`."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == name
        and SLOW.search(node.func.attr)
        for each in statements(cell)
        if isinstance(each.tree, ast.Expr | ast.Assign)
        for node in ast.walk(each.tree)
    )


def _is_simple(tree: ast.AST, functions: set[str]) -> bool:
    """Return whether a statement is a definition, or an assignment that takes no time.

    Args:
        tree: the statement.
        functions: the functions of the notebook: to call one may take long.
    """
    match tree:
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Expr():
            return not any(_is_slow(node, functions) for node in _run_at_once(tree))
        case ast.If():
            slow = any(_is_slow(node, functions) for node in _run_at_once(tree.test))
            parts = (*tree.body, *tree.orelse)
            return not slow and all(_is_simple(each, functions) for each in parts)
        case ast.Try():
            handlers = (each for handler in tree.handlers for each in handler.body)
            parts = (*tree.body, *handlers, *tree.orelse, *tree.finalbody)
            return all(_is_simple(each, functions) for each in parts)
    return isinstance(tree, (*DEFINITIONS, ast.Pass))


def _run_at_once(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a statement, without those inside of a lambda: they are run later."""
    yield tree
    if not isinstance(tree, ast.Lambda):
        for child in ast.iter_child_nodes(tree):
            yield from _run_at_once(child)


def _is_slow(node: ast.AST, functions: set[str]) -> bool:
    match node:
        case ast.Await() | ast.Yield() | ast.YieldFrom():
            return True
        case ast.Call(func=ast.Name(id=called)):
            return called in functions or bool(SLOW.search(called))
        case ast.Call(func=ast.Attribute(attr=called)):
            return bool(SLOW.search(called))
    return False


def _statement(tree: ast.stmt, code: CodeType, cell: str, lines: Sequence[str]) -> Statement:
    first = min([tree.lineno, *(each.lineno for each in getattr(tree, "decorator_list", ()))])
    text = "".join(lines[first - 1 : tree.end_lineno])
    binds = (i.argval for i in dis.get_instructions(code) if i.opname == "STORE_NAME")
    return Statement(tree, code, cell, text, frozenset(binds), frozenset(_reads(code)))


def _reads(code: CodeType) -> Iterator[str]:
    """Yield the global names that compiled code and its functions read."""
    for each in dis.get_instructions(code):
        if each.opname.startswith("LOAD_") and each.opname.endswith(("NAME", "GLOBAL", "GLOBALS")):
            yield each.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _reads(constant)
