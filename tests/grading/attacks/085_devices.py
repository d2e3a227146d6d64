# Opens devices; right only if it can open none that holds anything. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return
    raise RuntimeError(f"{action} {arguments} went through")


import os

for name in ("mem", "kmsg", "tty", "console", "ptmx", "pts/0", "fuse", "kvm", "shm/x", "mqueue/x"):
    refused(open, f"/dev/{name}", "rb")
for name in ("sda", "vda", "nvme0n1", "loop0", "loop-control", "nvidia0", "net/tun"):
    refused(open, f"/dev/{name}", "rb")
refused(os.listdir, "/dev")
refused(os.mknod, "device", 0o600 | 0o020000, os.makedev(1, 1))
refused(os.mknod, "disk", 0o600 | 0o060000, os.makedev(8, 0))
with open("/dev/null", "w") as null:
    null.write("x")


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
