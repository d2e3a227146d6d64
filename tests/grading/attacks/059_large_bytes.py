# Returns bytes of 500 MB, twice. Verdict: 1.1 = 0

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    text = b"x" * 500_000_000
    return [text, text]
