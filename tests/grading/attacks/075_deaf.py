# Answers without reading what it is asked. Limit: 4 s. Verdict: 1.1 = 0

# %%
# Exercise 1.1
import time

from ankeras.grading import worker


def deaf(connection):
    time.sleep(60)


worker.wire.receive = deaf


def squared_error(x, x_hat):
    return None
