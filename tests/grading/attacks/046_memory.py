# Takes memory until there is none; right only if it ends before 4 GiB. Verdict: 1.1 = 3, 1.2 = 2

# %%
# Exercise 1.1
taken = []
try:
    for _ in range(64):
        taken.append(bytearray(64 << 20))
except MemoryError:
    pass
else:
    raise RuntimeError(f"{len(taken) * 64} MiB were to be had")
finally:
    taken.clear()


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))
