# Prints much, and warns on standard error. Verdict: 1.1 = 3

# %%
# Exercise 1.1
import logging
import sys
import warnings


def squared_error(x, x_hat):
    for _ in range(20):
        print("x" * 100_000)
        print("warning: all is well", file=sys.stderr)
    warnings.warn("deprecated", DeprecationWarning)
    logging.error("an error that is none")
    return ops.mean(ops.square(x - x_hat), axis=-1)
