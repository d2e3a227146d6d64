# Raises its limits and its priority; right only if it can not. Verdict: 1.1 = 3

# %%
# Exercise 1.1
import os
import resource

for name in ("AS", "FSIZE", "NOFILE", "CORE"):
    limit = getattr(resource, f"RLIMIT_{name}")
    soft, hard = resource.getrlimit(limit)
    assert hard != resource.RLIM_INFINITY, name
    try:
        resource.setrlimit(limit, (hard + 1, hard + 1))
    except (OSError, ValueError):
        continue
    raise RuntimeError(f"{name} was raised")
for action in (
    lambda: os.nice(-5),
    lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
    lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    lambda: os.setuid(0),
    lambda: os.setgroups([0]),
):
    try:
        action()
    except OSError:
        continue
    raise RuntimeError("a privilege was gained")


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
