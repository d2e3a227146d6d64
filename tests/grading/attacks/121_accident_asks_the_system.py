# Asks for processors, memory, threads, time and its name. Verdict: 1.1 = 3

# %%
# Exercise 1.1
import getpass
import os
import platform
import resource
import threading

os.cpu_count(), platform.platform(), resource.getrusage(resource.RUSAGE_SELF)
resource.getrlimit(resource.RLIMIT_NOFILE)
os.path.expanduser("~"), os.environ.get("HOME"), os.getcwd(), os.listdir(".")
open("/proc/meminfo").read(), open("/proc/cpuinfo").read()
results = []
thread = threading.Thread(target=lambda: results.append(1))
thread.start()
thread.join()


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
