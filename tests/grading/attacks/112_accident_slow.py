# Is slow, but within the limit. Limit: 4 s. Verdict: 1.1 = 3

# %%
# Exercise 1.1
import time


def squared_error(x, x_hat):
    time.sleep(@SECONDS@ / 10)
    return ops.mean(ops.square(x - x_hat), axis=-1)
