# Each call is within the limit, the sum is not; all tests share the limit. Limit: 4 s. Verdict: 1.1 = 1

# %%
# Exercise 1.1
import time


def squared_error(x, x_hat):
    time.sleep(@SECONDS@ * (0.4 if x.shape == (4, 7) else 0.65 if len(x) == 1 else 0.0))
    return ops.mean(ops.square(x - x_hat), axis=-1)
