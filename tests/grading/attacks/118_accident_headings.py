# The first lines of cells are written differently. Verdict: 1.1 = 3, 1.2 = 2, 2.1 = 2

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)

# %% [code] tags=["x"]

#exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))

#%% a title
  # EXERCISE   2.1 (2 points)
def tiny(d):
    return keras.Sequential([keras.Input((3,)), layers.Dense(d, use_bias=False)])
