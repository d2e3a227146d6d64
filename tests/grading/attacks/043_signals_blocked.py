# Blocks every signal and catches every exception in an endless loop. Limit: 4 s. Verdict: 1.1 = 0

# %%
# Exercise 1.1
import signal
import time


def squared_error(x, x_hat):
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            time.sleep(0.01)
        except BaseException:
            pass
