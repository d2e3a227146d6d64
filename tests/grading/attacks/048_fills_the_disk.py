# Fills its folder with bytes and with empty files; right only if both end. Verdict: 1.1 = 3

# %%
# Exercise 1.1
import os

written = 0
try:
    with open("large", "wb", buffering=0) as file:
        while written < 256 << 20:
            written += file.write(bytes(8 << 20))
    raise RuntimeError(f"{written >> 20} MiB were written")
except OSError:
    os.truncate("large", 0)
try:
    for number in range(60_000):
        os.mknod(f"empty-{number}")
    raise RuntimeError("60,000 files were made")
except OSError:
    pass


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
