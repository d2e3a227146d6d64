# Asks and changes which parts of files are in memory, a message to later workers. Verdict: 1.1 = 3

# %%
# Exercise 1.1
import ctypes
import mmap
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
file = os.open(ctypes.__file__, os.O_RDONLY)
CACHESTAT, PROCESS_MADVISE, PAGEOUT, NOWAIT = 451, 440, 21, 8


def refused(answer):
    if answer != -1:
        raise RuntimeError(f"a call went through: {answer}")


def refused_by_python(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return
    raise RuntimeError(f"{action} {arguments} went through")


size, found = ctypes.c_size_t(mmap.PAGESIZE), ctypes.create_string_buffer(64)
page = ctypes.c_void_p(libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_PRIVATE, file, 0))
refused(libc.mincore(page, size, found))
refused(libc.madvise(page, size, PAGEOUT))
refused(libc.readahead(file, ctypes.c_long(0), size))
refused(libc.syscall(CACHESTAT, file, found, found, 0))
refused(libc.syscall(PROCESS_MADVISE, -1, found, 1, PAGEOUT, 0))
refused_by_python(os.posix_fadvise, file, 0, 0, os.POSIX_FADV_DONTNEED)
refused_by_python(os.preadv, file, [bytearray(1)], 0, NOWAIT)


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
