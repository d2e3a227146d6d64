"""What all errors of grading have in common: one sentence that says what to do."""


class GradingError(Exception):
    """Grading can't go on; the message is for the teacher."""
