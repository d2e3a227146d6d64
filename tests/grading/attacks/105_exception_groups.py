# Raises exceptions that hold and cause each other. Verdict: 1.1 = 0

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    one.__context__, two.__context__ = two, one
    group = ExceptionGroup("group", [one])
    for _ in range(1000):
        group = ExceptionGroup("group", [group])
    raise group
