# Starts processes in every way; right only if none starts. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return
    raise RuntimeError(f"{action} {arguments} went through")


import multiprocessing
import os
import subprocess
import sys


def fork():
    if os.fork() == 0:
        os._exit(0)


refused(fork)
refused(os.forkpty)
assert os.system("true") != 0
refused(subprocess.run, ["true"])
refused(subprocess.run, [sys.executable, "-c", "pass"])
refused(os.posix_spawn, "/bin/true", ["true"], {})
refused(os.execv, "/bin/true", ["true"])
refused(multiprocessing.get_context("fork").Process(target=print).start)


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
