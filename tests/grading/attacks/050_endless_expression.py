# One expression that takes years and no exception can interrupt. Limit: 4 s. Verdict: 1.1 = 0

# %%
# Exercise 1.1
import re


def squared_error(x, x_hat):
    return re.match("(a|a)+$", "a" * 60 + "b")
