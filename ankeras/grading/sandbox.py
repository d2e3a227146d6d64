"""The sandbox around a submission, on Linux. The process that runs the submission puts it up.

namespaces        its own users, processes, network, IPC and mounts: it sees no other process and
                  no network; its own folder is a small file system in memory; all other files are
                  read-only, and so are their dates and permissions
landlock          it reads only Python, the libraries and fonts of the system, and its own folder
seccomp           no programs, no new processes, no sockets, no tracing, no mounts, no memory
                  that the limits do not count, no locks of files, no questions about what other
                  processes have read
limits            memory, size of files, number of open files
no new privileges no program that it starts could gain more rights

docs/grading.md says which attacks each layer stops.
"""

import ctypes
import errno
import os
import resource
import signal
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

LAYERS = ("namespaces", "landlock", "seccomp", "limits", "no new privileges")

_CLONE_NEW = {
    "mount": 0x20000,
    "ipc": 0x8000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
_CLONE_THREAD = 0x10000
_MS_NOSUID_NODEV, _MS_REC_PRIVATE = 0x2 | 0x4, 0x4000 | 0x40000
_SYS_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 0x1
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_MAX_FILES = 50_000  # in its own folder; empty files take memory too
_NOBODY = 65534
_FORBIDDEN = (
    *("execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev"),
    *("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4"),
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "open_tree", "move_mount"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at"),
    *("bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "kcmp"),
    *("add_key", "keyctl", "request_key", "init_module", "finit_module", "delete_module"),
    *("kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl"),
    *("pidfd_getfd", "pidfd_open", "fanotify_init", "personality", "setrlimit"),
    *("memfd_create", "memfd_secret", "shmget", "shmat", "semget", "msgget", "mq_open"),
    *("inotify_init", "inotify_init1"),
    # By these, a process could leave a message: which parts of a file are in memory. `getrusage`
    # tells it by the number of page faults, and `move_pages` by what a fault brings along.
    *("mincore", "fadvise64", "readahead", "preadv2", "process_madvise"),
    *("getrusage", "move_pages", "migrate_pages"),
)
# Locks, leases and notes of changes: two processes that read one file can signal with them.
_F_LOCKS = (5, 6, 7, 36, 37, 38)  # F_GETLK, F_SETLK, F_SETLKW, and those with OFD
_F_LEASES = (1024, 1025, 1026)  # F_SETLEASE, F_GETLEASE, F_NOTIFY
_SYS_CACHESTAT = 451  # the same number on all processors; libseccomp may not know the name
_MADV_COLD, _MADV_PAGEOUT = 20, 21
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Attributes:
        seconds: the time for the tests of one exercise.
        memory: bytes of address space. TensorFlow alone maps 1 GiB, a small training 2.2 GiB.
        disk: bytes of files in its own folder.
    """

    seconds: float = 30.0
    memory: int = 4 * 2**30
    disk: int = 256 * 2**20

    def __str__(self) -> str:
        return (
            f"{self.seconds:g} s per exercise, {self.memory >> 20} MiB, {self.disk >> 20} MiB disk"
        )


def enter_namespaces() -> None:
    """Create new namespaces for the children of this process.

    Raises:
        OSError: if the system does not allow it.
    """
    uid, gid = os.geteuid(), os.getegid()
    _call("unshare", sum(_CLONE_NEW.values()))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} {gid} 1")
    _call("mount", None, b"/", None, _MS_REC_PRIVATE, None)


def mount_own_folder(folder: Path, limits: Limits) -> Path:
    """Make all files read-only, mount a file system in memory, and return the path of its folder.

    The folder is /tmp, since notebooks write there; or the given folder, if Python or a package is
    in /tmp. Other processes do not see either: they have another mount namespace. Landlock alone
    would let the owner of a file change its permissions and dates.

    Raises:
        OSError: if the system does not allow it.
    """
    temporary = Path("/tmp")
    if temporary.is_dir() and not any(path.is_relative_to(temporary) for path in readable()):
        folder = temporary
    read_only = (ctypes.c_uint64 * 4)(_MOUNT_ATTR_RDONLY)
    where = (_AT_FDCWD, b"/", _AT_RECURSIVE)
    _call("syscall", _SYS_MOUNT_SETATTR, *where, read_only, ctypes.sizeof(read_only))
    options = f"size={limits.disk},nr_inodes={_MAX_FILES},mode=700".encode()
    _call("mount", b"tmpfs", str(folder).encode(), b"tmpfs", _MS_NOSUID_NODEV, options)
    return folder


def end_with_parent(parent: int) -> None:
    """Make the system kill this process when its parent ends. If it has ended already, end now.

    Args:
        parent: the process number of the parent. The parent must read it before the fork.
    """
    if sys.platform != "linux":
        return
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # When a parent ends, its children get another parent. The number of the new parent shows this
    # earliest: the children are given away with the first thread of the old parent, while its other
    # threads are still ending. os.getppid() can't be used, since it is 0 in a namespace.
    status = Path("/proc/self/stat").read_text()
    if int(status.rpartition(")")[2].split()[1]) != parent:
        os._exit(1)


def confine(folder: Path, limits: Limits) -> list[str]:
    """Put up the other layers of the sandbox. They can't be removed again.

    Args:
        folder: the only folder in which this process may write.
        limits: what it may use.

    Returns:
        The names of the layers that are up.
    """
    standing = []
    for name, build in (
        ("limits", lambda: _limit(limits)),
        ("no new privileges", _no_privileges),
        ("landlock", lambda: _landlock(folder)),
        ("seccomp", _seccomp),
    ):
        try:
            build()
        except (OSError, ImportError, AttributeError, RuntimeError):
            continue
        standing.append(name)
    return standing


def readable() -> list[Path]:
    """Return the paths that a submission may read: Python, packages, libraries, fonts, no labs."""
    package = Path(__file__).parents[1]
    python = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), str(package)}
    system = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share")
    etc = ("/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/etc/nsswitch.conf")
    kernel = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu")
    own = ("/proc/self/cmdline",)  # TensorFlow reads it at its first operation
    found = (Path(name) for name in (*python, *system, *etc, *kernel, *own))
    return sorted({path for path in found if path.exists()})


def readable_top(path: Path) -> Path | None:
    """Return the path of `readable` that contains a path; None: no submission may read it."""
    real = path.resolve()
    return next((top for top in readable() if real.is_relative_to(top.resolve())), None)


def missing(standing: Iterable[str]) -> list[str]:
    """Return the layers that are not in `standing`."""
    return [name for name in LAYERS if name not in set(standing)]


def _call(function: str, *arguments: object) -> None:
    converted: Sequence[object] = [
        ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments
    ]
    if getattr(_libc, function)(*converted) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def _limit(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.disk, limits.disk))
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that grows too large is an OSError


def _no_privileges() -> None:
    """Give up the capabilities in the new namespaces, and never gain any."""
    version_3 = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _call("capset", version_3, (ctypes.c_uint32 * 6)())
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _landlock(folder: Path) -> None:
    import landlock  # noqa: PLC0415 - it exists only on Linux
    from landlock import FSAccess  # noqa: PLC0415

    read = FSAccess.READ_FILE | FSAccess.EXECUTE
    rules = landlock.Ruleset()
    for path in readable():
        rules.allow(path, rules=read | FSAccess.READ_DIR if path.is_dir() else read)
    rules.allow(folder)
    for device in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"):
        rules.allow(device, rules=FSAccess.READ_FILE | FSAccess.WRITE_FILE)
    rules.apply()


def _seccomp() -> None:
    import pyseccomp  # noqa: PLC0415 - it needs the library libseccomp

    def low(place: int, value: int) -> object:
        return pyseccomp.Arg(place, pyseccomp.MASKED_EQ, 0xFFFFFFFF, value)

    refuse = pyseccomp.ERRNO(errno.EPERM)
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in _FORBIDDEN:
        try:
            rules.add_rule(refuse, name)
        except (ValueError, OSError):  # this processor or library does not know the call
            continue
    rules.add_rule(refuse, _SYS_CACHESTAT)
    # The kernel reads the lower half of these arguments only.
    for advice in (_MADV_COLD, _MADV_PAGEOUT):
        rules.add_rule(refuse, "madvise", low(2, advice))
    for command in (*_F_LOCKS, *_F_LEASES):
        rules.add_rule(refuse, "fcntl", low(1, command))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "flock")  # HDF5 goes on without it then
    # Threads are allowed, processes are not. A filter can't see the flags of clone3. Without clone3
    # the C library uses clone.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, 0))
    rules.add_rule(
        refuse, "prlimit64", pyseccomp.Arg(2, pyseccomp.NE, 0)
    )  # reading its own limits is allowed
    # It must not switch off that the system kills it when its supervisor ends.
    rules.add_rule(refuse, "prctl", low(0, _PR_SET_PDEATHSIG))
    rules.load()
    resource.getrusage = _no_usage  # a notebook may ask for it


def _no_usage(who: int) -> resource.struct_rusage:
    """Return zeros instead of what a process has used."""
    return resource.struct_rusage([0.0] * 16)
