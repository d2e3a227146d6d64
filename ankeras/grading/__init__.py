"""Labs: their exercises, the checks that a student sees, and the proof of these checks.

What runs here trusts nobody's code and needs no Keras; what runs a student's code is
`session.py`, which a grader moves into a process of its own.
"""

from ankeras.grading import expect
from ankeras.grading.check import checker
from ankeras.grading.marks import Alternative, Mutant, exercise
from ankeras.grading.student import class_name

__all__ = ["Alternative", "Mutant", "checker", "class_name", "exercise", "expect"]
