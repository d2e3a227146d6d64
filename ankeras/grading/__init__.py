"""Labs: their exercises, the checks that a student sees, and the proof of these checks.

What runs here trusts nobody's code and needs no Keras; what runs a student's code is
`session.py`, which a grader moves into a process of its own. Importing this package is light, since
the command `ankeras` does: the notebooks' libraries load when a name that needs them is first used.
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
