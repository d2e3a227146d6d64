# Lines end as on Windows. Verdict: 1.1 = 3, 1.2 = 2

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
