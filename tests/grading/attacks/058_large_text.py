# Returns a text of 500 MB. Verdict: 1.1 = 0

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    return "x" * 500_000_000
