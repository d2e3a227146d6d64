# Has type hints, defaults, decorators and a docstring. Verdict: 1.1 = 3

# %%
# Exercise 1.1
from __future__ import annotations

import functools
from typing import Any


def noted(function: Any) -> Any:
    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return inner


@noted
def squared_error(x: tf.Tensor, x_hat: tf.Tensor | None = None, *, axis: int = -1) -> tf.Tensor:
    """Average over the pixels."""
    return ops.mean(ops.square(x - x_hat), axis=axis)
