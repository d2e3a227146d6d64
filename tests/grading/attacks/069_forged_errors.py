# Replies with errors whose texts are hostile. Verdict: 1.1 = 0

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


text = b"\\u001b[2J\\u0000<script>alert(1)</script>\\u202e\\ud83d\\ude00\\u2028" * 10_000
write(message(b'{"d": [["error", {"l": ["Crashed", "' + text + b'", 5, "' + text + b'"]}]]}') * 3)


def squared_error(x, x_hat):
    return None
