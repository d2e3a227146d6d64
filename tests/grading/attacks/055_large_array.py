# Returns an array of 200 MB. Verdict: 1.1 = 0

# %%
# Exercise 1.1
import numpy as np


def squared_error(x, x_hat):
    return np.zeros(50_000_000, "float32")
