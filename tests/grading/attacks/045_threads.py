# Starts thousands of threads. Verdict: 1.1 = 0, 1.2 = 2

# %%
# Exercise 1.1
import threading
import time

ends = threading.Event()


def squared_error(x, x_hat):
    threading.stack_size(32768)
    for _ in range(4000):
        threading.Thread(target=ends.wait, args=(5,), daemon=True).start()
    time.sleep(1)
    return ops.mean(ops.square(x - x_hat), axis=-1)

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
