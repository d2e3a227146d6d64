# Raises an exception that is no Exception. Verdict: 1.1 = 0, 1.2 = 2

# %%
# Exercise 1.1
class Boom(BaseException):
    pass


def squared_error(x, x_hat):
    raise Boom

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
