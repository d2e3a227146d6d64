# The name has a Cyrillic letter: it is another name. Verdict: 1.1 = 0

# %%
# Exercise 1.1
def squаred_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
