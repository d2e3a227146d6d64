# A thread corrupts what later exercises use. Verdict: 1.1 = 3, 1.2 = 2

# %%
# Exercise 1.1
import threading
import time

mean, square = ops.mean, ops.square


def corrupt():
    while True:
        keras.ops.sqrt = lambda value: value * 0
        time.sleep(0.001)


def squared_error(x, x_hat):
    return mean(square(x - x_hat), axis=-1)


threading.Thread(target=corrupt, daemon=True).start()

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
