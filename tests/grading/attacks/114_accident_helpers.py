# Has helpers and nested functions in the cell. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def difference(x, x_hat):
    return x - x_hat


def squared_error(x, x_hat):
    def square(value):
        return value**2

    global last
    last = square(difference(x, x_hat))
    return ops.mean(last, axis=-1)
