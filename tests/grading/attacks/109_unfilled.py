# Nothing is filled in. Verdict: 1.1 = 0, 1.2 = 0

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    raise NotImplementedError("exercise 1.1: your code here")


# %%
# Exercise 1.2
def rmse(x, x_hat):
    raise NotImplementedError("exercise 1.2: your code here")
