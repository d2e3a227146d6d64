# Raises KeyboardInterrupt. Verdict: 1.1 = 0, 1.2 = 2

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    raise KeyboardInterrupt

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
