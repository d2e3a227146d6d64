# Prints for ever. Limit: 4 s. Verdict: 1.1 = 0, 1.2 = 2

# %%
# Exercise 1.1
import os
import sys


def squared_error(x, x_hat):
    while True:
        os.write(1, b"x" * 2**20)
        print("x" * 2**20, file=sys.stderr)

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
