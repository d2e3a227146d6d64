# Maps files of others and memory that can be executed; right only if all is its own. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return
    raise RuntimeError(f"{action} {arguments} went through")


import mmap
import os

refused(lambda: mmap.mmap(os.open("@WITNESS@", os.O_RDWR), 0))
refused(lambda: mmap.mmap(os.open("/dev/mem", os.O_RDONLY), 4096, mmap.MAP_SHARED))
own = mmap.mmap(-1, 2**20, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
own.write(b"\xc3")


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
