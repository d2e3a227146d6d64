# Raises a subclass of SystemExit with a strange code. Verdict: 1.1 = 0, 1.2 = 2

# %%
# Exercise 1.1
class Leave(SystemExit):
    code = property(lambda self: 1 / 0)


def squared_error(x, x_hat):
    raise Leave("passed")

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
