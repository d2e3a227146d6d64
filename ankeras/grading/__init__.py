"""Labs: their exercises, the checks that a student sees, and the proof of these checks.

A student's code runs in `session.py` only. A grader moves the session into a separate, confined
process. All other modules never run a student's code, and need no Keras. The command `ankeras`
imports this package, so its import is fast: a name is imported when it is first used.
"""

import importlib
from typing import Any

_HOME = {
    "Alternative": "ankeras.grading.marks",
    "Mutant": "ankeras.grading.marks",
    "checker": "ankeras.grading.check",
    "class_name": "ankeras.grading.student",
    "exercise": "ankeras.grading.marks",
}

__all__ = ["Alternative", "Mutant", "checker", "class_name", "exercise", "expect"]


def __getattr__(name: str) -> Any:
    if name == "expect":
        return importlib.import_module("ankeras.grading.expect")
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'ankeras.grading' has no attribute {name!r}")
