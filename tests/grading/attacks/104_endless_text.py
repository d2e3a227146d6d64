# Raises an exception whose text never ends. Limit: 4 s. Verdict: 1.1 = 0

# %%
# Exercise 1.1
import time


class Endless(Exception):
    def __str__(self):
        time.sleep(60)
        return ""


def squared_error(x, x_hat):
    raise Endless
