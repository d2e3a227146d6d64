# Stops and kills itself. Verdict: 1.1 = 0, 1.2 = 2

# %%
# Exercise 1.1
import os
import signal


def squared_error(x, x_hat):
    for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGKILL, signal.SIGSEGV):
        os.kill(os.getpid(), number)

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
