"""Sequences of digits with the same digits reversed or sorted: the first thing for a transformer.

Tokens: 0 padding, 1 the start, 2 the end, as in `tokenizer.py`; 3 ... 12 are the digits 0 ... 9.
"""

from ankeras.data.tokenizer import END, PADDING, START

import numpy as np

FIRST_DIGIT = 3
N_TOKENS = FIRST_DIGIT + 10
TASKS = ("reverse", "sort")


def digit_sequences(
    n: int, task: str = "reverse", n_digits: int = 8, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw sequences of random digits, and what a task makes of them.

    Args:
        n: number of sequences.
        task: "reverse" or "sort".
        n_digits: digits per sequence.
        seed: seed of the draws.

    Returns:
        (source, target), both int32 (n, n_digits + 2). A source holds the digits and two times
        padding; a target holds the start, the digits in their new order, and the end.

    Raises:
        ValueError: if there is no such task, or n or n_digits is below 1.
    """
    if task not in TASKS:
        raise ValueError(f"There is no task {task!r}; there are {' and '.join(TASKS)}.")
    if n < 1 or n_digits < 1:
        raise ValueError(f"Ask for at least 1 sequence of 1 digit, not {n} of {n_digits}.")
    tokens = np.random.default_rng(seed).integers(FIRST_DIGIT, N_TOKENS, (n, n_digits), "int32")
    source = np.pad(tokens, ((0, 0), (0, 2)), constant_values=PADDING)
    target = np.full((n, n_digits + 2), END, "int32")
    target[:, 0] = START
    target[:, 1:-1] = tokens[:, ::-1] if task == "reverse" else np.sort(tokens, axis=1)
    return source, target
