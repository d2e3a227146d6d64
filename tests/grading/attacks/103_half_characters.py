# Raises an exception with halves of characters in its text. Verdict: 1.1 = 0

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    raise ValueError("\ud83d \udfff")
