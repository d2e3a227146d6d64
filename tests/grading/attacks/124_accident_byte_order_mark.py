# Begins with a byte order mark. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
