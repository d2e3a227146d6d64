"""Answers of a class that are too similar: copies, whatever was renamed, commented or moved.

An answer is brought to a normal form and cut into runs of GRAM tokens. Answers are compared by the
runs that are rare in the class: what the stub gives or most students write says nothing.

A pair is reported with the exercises in which the two share most of what is rare in them, if what
they share in all of these would hardly be shared by chance by any pair of the class. So one line,
or the one natural answer, proves nothing, and six exercises prove more than one.
"""

import ast
import builtins
import keyword
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ankeras.grading.results import Grade
from ankeras.grading.session import as_python

import numpy as np

GRAM = 10  # tokens: about one call
MAX_CHARACTERS = 30_000  # of an answer; the rest is not compared
UNSEEN = 8  # a run of tokens that nobody else has is taken to be written by one student in 8
MARGIN = 8  # bits: of 2 ** 8 classes, one has a pair that is alike by chance
HABIT = 2  # who writes one line alike writes others alike: so many bits count as one

TOKEN = re.compile(
    r"""
    # a string, unless it is long: the search for an end that is not there takes its time
    [rbfu]{0,2} (?: '(?:\\.|[^'\\\n]){0,200}' | "(?:\\.|[^"\\\n]){0,200}" )
    | \w+(?:\.\d+)?                              # a name or a number
    | \*\*|//|->|:=|<<|>>|[-+*/%@&|^=<>!]=       # an operator of two characters
    | [^\w\s]
    """,
    re.VERBOSE | re.IGNORECASE,
)
RENAMED = re.compile(r"ν\d+")  # instead of a name that the student chose
COMMENT = re.compile(r"#.*")
EMPTY = re.compile(r"^[ \t]*(?:#.*)?(?:\n|\Z)", re.MULTILINE)  # lines without code


@dataclass(frozen=True)
class Pair:
    """Two students whose answers to an exercise are very similar.

    Attributes:
        a, b: the students.
        exercise: its number.
        similarity: of what is rare in the class; 1 is a copy.
    """

    a: str
    b: str
    exercise: str
    similarity: float


def similar_answers(
    grades: Sequence[Grade], *, threshold: float = 0.7, stubs: Mapping[str, str] | None = None
) -> list[Pair]:
    """Find very similar answers.

    Args:
        grades: of the whole class: the larger it is, the better is known what is usual.
        threshold: similarity from which a pair is reported.
        stubs: exercise -> the cell that students were given. Default: in a class of some size, what
            all share is found to be shared.

    Returns:
        The pairs, the most similar first.
    """
    exercises = dict.fromkeys(number for grade in grades for number in grade.answers)
    alike: dict[tuple[int, int], dict[str, _Likeness]] = {}
    for number in exercises:
        who = [i for i, grade in enumerate(grades) if number in grade.answers]
        given = _runs((stubs or {}).get(number, ""))
        own = [_runs(grades[i].answers[number]) - given for i in who]
        for i, j, found in _compare(own, threshold):
            alike.setdefault((who[i], who[j]), {})[number] = found
    pairs = len(grades) * (len(grades) - 1) / 2
    needed = HABIT * (math.log2(max(pairs, 1)) + MARGIN)
    return sorted(
        (
            Pair(grades[i].student, grades[j].student, number, found.similarity)
            for (i, j), by_exercise in alike.items()
            if sum(found.bits for found in by_exercise.values()) >= needed
            and grades[i].student != grades[j].student
            for number, found in by_exercise.items()
        ),
        key=lambda pair: -pair.similarity,
    )


def _runs(source: str) -> set[int]:
    """Return hashes of all runs of GRAM tokens of an answer in normal form.

    Inside a run a chosen name is known by how far back it stood before: what is inserted elsewhere
    leaves the run as it is.
    """
    tokens = normal_form(source)
    seen: dict[str, int] = {}
    back: list[int] = []  # of every token: how far back the same name is; 0 if it is no chosen name
    for i, token in enumerate(tokens):
        back.append(i - seen.get(token, -len(tokens)) if RENAMED.fullmatch(token) else 0)
        seen[token] = i
    return {
        hash(
            tuple(
                tokens[i] if not back[i] else back[i] if back[i] <= i - start else -1
                for i in range(start, start + GRAM)
            )
        )
        for start in range(len(tokens) - GRAM + 1)
    }


def normal_form(source: str) -> list[str]:
    """Return an answer's tokens, without comments, docstrings, annotations and layout.

    Names that the answer itself gives (variables, functions, arguments, attributes) are numbered,
    and keyword arguments are sorted. Code that is no valid Python is cut into tokens as it stands,
    but for names and comments.
    """
    source = EMPTY.sub("", source)[:MAX_CHARACTERS]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SyntaxWarnings are the student's
            tree = as_python(ast.parse, source)
        normal = _Normal(_chosen_names(tree)).visit(tree)
        return TOKEN.findall(ast.unparse(normal))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tokens = TOKEN.findall(COMMENT.sub("", source))
    known = {*keyword.kwlist, *dir(builtins)}
    after = [None, *tokens]
    order: dict[str, str] = {}
    return [
        order.setdefault(token, f"ν{len(order)}")
        if token.isidentifier() and token not in known and before != "."
        else token
        for before, token in zip(after, tokens, strict=False)
    ]


@dataclass(frozen=True)
class _Likeness:
    """How much two answers share of what is rare, and how improbable that is, in bits."""

    bits: float
    similarity: float


def _compare(answers: Sequence[set[int]], threshold: float) -> list[tuple[int, int, _Likeness]]:
    """Compare all answers to one exercise: those that are alike, and it is no mere chance."""
    n = len(answers)
    where: dict[int, list[int]] = {}
    for i, own in enumerate(answers):
        for run in own:
            where.setdefault(run, []).append(i)
    shared = np.zeros((n, n))  # bits, GRAM times; on the diagonal those of each answer
    for who in where.values():
        if len(who) > max(2, n / 2):
            continue
        # What the others write says how probable a run is: of the two compared, one is left out.
        bits = -math.log2(max(len(who) - 1, 1) / (n - 2 + UNSEEN))
        shared[np.ix_(who, who) if len(who) > 1 else (who, who)] += bits
    shared /= GRAM  # one choice of a student is in GRAM runs
    own_bits = np.maximum(shared.diagonal(), 1e-9)
    similarity = shared / np.sqrt(np.outer(own_bits, own_bits))
    alike = np.triu((similarity >= threshold) & (shared >= MARGIN), 1)
    return [
        (int(i), int(j), _Likeness(float(shared[i, j]), min(float(similarity[i, j]), 1.0)))
        for i, j in np.argwhere(alike)
    ]


def _chosen_names(tree: ast.AST) -> dict[str, str]:
    """Return what replaces the names that an answer itself gives."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
                | ast.arg(arg=name)
                | ast.Name(id=name, ctx=ast.Store())
                | ast.Attribute(attr=name, ctx=ast.Store())
                | ast.alias(asname=str(name))
                | ast.ExceptHandler(name=str(name))
            ):
                names.setdefault(name, f"ν{len(names)}")
    return names


class _Normal(ast.NodeTransformer):
    """Rewrites an answer in normal form."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                node.name = self.names[node.name]
                node.returns = None
                self._without_texts(node)
            case ast.ClassDef():
                node.name = self.names[node.name]
                self._without_texts(node)
            case ast.Module():
                self._without_texts(node)
            case ast.arg():
                node.arg, node.annotation = self.names[node.arg], None
            case ast.Name():
                node.id = self.names.get(node.id, node.id)
            case ast.Attribute():
                node.attr = self.names.get(node.attr, node.attr)
            case ast.alias() if node.asname:
                node.asname = self.names[node.asname]
            case ast.ExceptHandler() if node.name:
                node.name = self.names[node.name]
            case ast.AnnAssign(target=target, value=value) if value is not None:
                return ast.copy_location(ast.Assign([target], value), node)
            case ast.Call():
                self._sort_keywords(node)
        return node

    def _sort_keywords(self, call: ast.Call) -> None:
        # Of the student's own function the names are the student's, and only their order is known.
        if isinstance(call.func, ast.Name) and RENAMED.fullmatch(call.func.id):
            for given in call.keywords:
                given.arg = self.names.get(given.arg or "", given.arg)
        else:
            call.keywords.sort(key=lambda given: given.arg or "")

    @staticmethod
    def _without_texts(
        node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    ) -> None:
        """Leave out strings that stand alone, as docstrings do."""
        rest = [
            line
            for line in node.body
            if not (
                isinstance(line, ast.Expr)
                and isinstance(line.value, ast.Constant)
                and isinstance(line.value.value, str)
            )
        ]
        node.body = rest or [ast.Pass()]
