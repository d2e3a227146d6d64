# Returns a list that is nested 100,000 times, and one that holds itself. Verdict: 1.1 = 0, 1.2 = 0

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    found = []
    for _ in range(100_000):
        found = [found]
    return found


# %%
# Exercise 1.2
def rmse(x, x_hat):
    found = []
    found.append(found)
    return found
