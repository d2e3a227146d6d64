# Replies with references to objects that are not there. Verdict: 1.1 = 0

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


write(message(b'{"d": [["value", {"r": [4611686018427387904, "float"]}]]}') * 2)
write(message(b'{"d": [["value", {"r": [-1, "ndarray"]}]]}'))


def squared_error(x, x_hat):
    return None
