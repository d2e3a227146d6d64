# Looks at other processes in /proc; right only if it can not. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return
    raise RuntimeError(f"{action} {arguments} went through")


import os

refused(os.listdir, "/proc")
for process in ("1", "2", "self", "thread-self", str(os.getpid()), os.readlink("/proc/self")):
    for name in ("environ", "maps", "mem", "cgroup", "mountinfo", "status", "root/etc/passwd"):
        refused(open, f"/proc/{process}/{name}")
    refused(os.listdir, f"/proc/{process}/fd")
    refused(os.listdir, f"/proc/{process}/task")
refused(open, "/proc/1/cmdline")
refused(open, "/proc/sys/kernel/hostname", "w")
refused(open, "/proc/sysrq-trigger", "w")
refused(open, "/proc/self/oom_score_adj", "w")


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
