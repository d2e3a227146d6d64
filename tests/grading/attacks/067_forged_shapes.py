# Replies with an array of a shape that its bytes do not have. Verdict: 1.1 = 0

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


for shape in (b"[-1]", b"[0, 4611686018427387904]", b"[1e9]", b'"4"', b"[true]", b"[99999999999999]"):
    write(message(b'{"d": [["value", {"a": ["<f4", ' + shape + b"]}]]}"))


def squared_error(x, x_hat):
    write(message(b'{"d": [["value", {"a": ["O", [4]]}]]}'))
    return None
