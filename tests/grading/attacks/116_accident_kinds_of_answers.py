# Returns an array of NumPy, and a list of Python. Verdict: 1.1 = 3, 1.2 = 2

# %%
# Exercise 1.1
squared_error = lambda x, x_hat: ((x - x_hat) ** 2).mean(axis=-1)


# %%
# Exercise 1.2
def rmse(x, x_hat):
    return [float(value) ** 0.5 for value in squared_error(x, x_hat)]
