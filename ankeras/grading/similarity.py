"""Finds copied answers in a class, also where names, comments or the order were changed.

An answer is rewritten in a normal form and cut into runs of GRAM tokens. Two answers are compared
by the runs that are rare in the class. Runs from the stub, or that most students write, do not
count.

Two answers are alike if they share most of their rare runs. A pair of students is reported if all
that they share in such exercises is very improbable for any pair of the class. So one equal line,
or the only natural answer, is not enough, and six exercises count more than one.

The time is linear in the length of the answers, and bounded in the number of pairs: the rarest runs
are compared first, until MAX_PAIRS pairs of students have been counted in one exercise. A class of
some hundred students never reaches this bound.
"""

import ast
import builtins
import keyword
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ankeras.grading.ipython_code import as_python
from ankeras.grading.results import Grade

import numpy as np
from scipy.sparse import csr_array, triu

GRAM = 10  # tokens in a run: about one call
MAX_CHARACTERS = 30_000  # of an answer that are compared
MAX_PAIRS = 20_000_000  # that share a run, summed over the runs of one exercise
UNSEEN = 8  # a run that nobody else wrote is assumed to be written by one student in 8
MARGIN = 8  # bits: one of 2 ** 8 classes has a pair that is alike by chance
HABIT = 2  # this many bits count as one: two students who write one line alike write more alike

TOKEN = re.compile(
    r"""
    # a short string: searching for the end of a long one without end takes too long
    [rbfu]{0,2} (?: '(?:\\.|[^'\\\n]){0,200}' | "(?:\\.|[^"\\\n]){0,200}" )
    | \w+(?:\.\d+)?                              # a name or a number
    | \*\*|//|->|:=|<<|>>|[-+*/%@&|^=<>!]=       # an operator of two characters
    | [^\w\s]
    """,
    re.VERBOSE | re.IGNORECASE,
)
RENAMED = re.compile(r"ν\d+")  # replaces a name that the student chose
COMMENT = re.compile(r"#.*")
EMPTY = re.compile(r"^[ \t]*(?:#.*)?(?:\n|\Z)", re.MULTILINE)  # lines without code


@dataclass(frozen=True)
class Pair:
    """Two students whose answers to an exercise are very similar.

    Attributes:
        a, b: the ids of the students.
        exercise: the number of the exercise.
        similarity: the similarity of the parts that are rare in the class, from 0 to 1 (a copy).
    """

    a: str
    b: str
    exercise: str
    similarity: float


def similar_answers(
    grades: Sequence[Grade], *, threshold: float = 0.7, stubs: Mapping[str, str] | None = None
) -> list[Pair]:
    """Return the pairs of very similar answers, the most similar pair first.

    Args:
        grades: the grades of the whole class. In a larger class it is clearer what is rare.
        threshold: the smallest similarity of a reported pair.
        stubs: exercise number -> the cell that students were given. Default: none. In a large
            class, the text of the stub does not count anyway, since all students have it.
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
    """Return the hashes of all runs of GRAM tokens of an answer in normal form.

    Inside a run, a name that the student chose is replaced by the distance to its last use. So text
    that is inserted elsewhere does not change the run.
    """
    tokens = normal_form(source)
    seen: dict[str, int] = {}
    back: list[int] = []  # per token: the distance to the last use of a chosen name; 0 for others
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
    """Return the tokens of an answer, without comments, docstrings, annotations and layout.

    Names that the answer defines (variables, functions, arguments, attributes) are numbered, and
    keyword arguments are sorted. In code that is no valid Python, only names are numbered and
    comments removed.
    """
    source = EMPTY.sub("", source)[:MAX_CHARACTERS]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ignore the SyntaxWarnings of the answer
            tree = ast.parse(as_python(source))
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
    """How improbable the rare runs are that two answers share, in bits, and the similarity."""

    bits: float
    similarity: float


def _compare(answers: Sequence[set[int]], threshold: float) -> list[tuple[int, int, _Likeness]]:
    """Return (i, j, likeness) for answers to one exercise that are alike, and not by chance."""
    n = len(answers)
    where: dict[int, list[int]] = {}
    for i, own in enumerate(answers):
        for run in own:
            where.setdefault(run, []).append(i)
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    left = MAX_PAIRS
    for column, who in enumerate(sorted(where.values(), key=len)):
        left -= len(who) ** 2
        if len(who) > max(2, n / 2) or left < 0:
            break
        # A run is as probable as it is frequent among the other students. One of the two that are
        # compared does not count.
        bits = -math.log2(max(len(who) - 1, 1) / (n - 2 + UNSEEN))
        rows += who
        columns += [column] * len(who)
        values += [math.sqrt(bits / GRAM)] * len(who)  # each choice of a student is in GRAM runs
    runs = csr_array((values, (rows, columns)), shape=(n, len(where)))
    shared = runs @ runs.T  # bits that two answers share; the diagonal: of one answer
    own_bits = np.maximum(shared.diagonal(), 1e-9)
    pairs = triu(shared, 1).tocoo()
    similarity = pairs.data / np.sqrt(own_bits[pairs.row] * own_bits[pairs.col])
    alike = (similarity >= threshold) & (pairs.data >= MARGIN)
    return [
        (int(i), int(j), _Likeness(float(bits), min(float(same), 1.0)))
        for i, j, bits, same in zip(
            pairs.row[alike], pairs.col[alike], pairs.data[alike], similarity[alike], strict=True
        )
    ]


def _chosen_names(tree: ast.AST) -> dict[str, str]:
    """Return name -> replacement for the names that an answer defines."""
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
    """Rewrites the syntax tree of an answer in normal form."""

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
        # The student also chose the argument names of this function, so only their order
        # can be compared.
        if isinstance(call.func, ast.Name) and RENAMED.fullmatch(call.func.id):
            for given in call.keywords:
                given.arg = self.names.get(given.arg or "", given.arg)
        else:
            call.keywords.sort(key=lambda given: given.arg or "")

    @staticmethod
    def _without_texts(
        node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    ) -> None:
        """Remove docstrings, and other strings that are statements."""
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
