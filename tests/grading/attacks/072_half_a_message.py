# Announces 60 MB and sends a byte now and then. Limit: 4 s. Verdict: 1.1 = 0

# %%
# Exercise 1.1
import os
import struct
import time

for fd in range(3, 256):
    try:
        os.write(fd, struct.pack("!II", 60 << 20, 100))
        while True:
            time.sleep(0.1)
            os.write(fd, b" ")
    except OSError:
        pass


def squared_error(x, x_hat):
    return None
