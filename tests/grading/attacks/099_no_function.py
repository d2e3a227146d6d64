# Is a generator; another a coroutine. Verdict: 1.1 = 0, 1.2 = 0

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    yield ops.mean(ops.square(x - x_hat), axis=-1)


# %%
# Exercise 1.2
async def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
