# Aborts. Verdict: 1.1 = 0, 1.2 = 2

# %%
# Exercise 1.1
import os


def squared_error(x, x_hat):
    os.abort()

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
