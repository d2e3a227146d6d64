# A class that is called like the function. Verdict: 1.1 = 3, 1.2 = 2

# %%
# Exercise 1.1
class squared_error:
    def __new__(cls, x, x_hat):
        return ops.mean(ops.square(x - x_hat), axis=-1)


# %%
# Exercise 1.2
class Root:
    def __call__(self, x, x_hat):
        return ops.sqrt(squared_error(x, x_hat))


rmse = Root()
