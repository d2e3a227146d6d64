# Takes memory that the limit of a process does not see; right only if it can not. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return
    raise RuntimeError(f"{action} {arguments} went through")


import ctypes
import os
from multiprocessing import shared_memory

libc = ctypes.CDLL(None)
refused(os.memfd_create, "attacked")
refused(shared_memory.SharedMemory, "attacked", True, 4096)
refused(open, "/dev/shm/attacked", "w")
assert libc.shmget(0, 4096, 0o1600) == -1
assert libc.semget(0, 1, 0o1600) == -1
assert libc.msgget(0, 0o1600) == -1


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
