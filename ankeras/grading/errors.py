"""The base class of all errors of grading."""


class GradingError(Exception):
    """Grading can't continue. The message is one sentence for the teacher that says what to do."""
