# Never ends. Limit: 4 s. Verdict: 1.1 = 0, 1.2 = 2

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    while True:
        pass

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
