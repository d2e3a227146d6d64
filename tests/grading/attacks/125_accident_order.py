# Cells in another order, copied, empty and added. Verdict: 1.1 = 3, 1.2 = 2, 2.1 = 2

# %%
# Exercise 2.1
def tiny(d):
    return keras.Sequential([keras.Input((3,)), layers.Dense(d, use_bias=False)])

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))

# %%
raise RuntimeError('a cell of my own')

# %%

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    raise NotImplementedError("exercise 1.1: your code here")

# %% [markdown]
# # Exercise 1.2
# def rmse(): is text here
