# Changes locale, environment, standard output and recursion limit. Verdict: 1.1 = 3, 1.2 = 2

# %%
# Exercise 1.1
import locale
import os
import sys

try:
    locale.setlocale(locale.LC_ALL, "tr_TR.UTF-8")
except locale.Error:
    locale.setlocale(locale.LC_ALL, "C")
os.environ.clear()
os.environ["PYTHONIOENCODING"] = "utf-16"
sys.stdout = sys.stderr = sys.stdin = None
sys.setrecursionlimit(200)
sys.setswitchinterval(1.0)


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
