"""Kill a training three times at random moments, then let it end, and print the exit codes.

`test_resume.py` starts this file. Each attempt runs in a fork, so that TensorFlow is imported once.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import ankeras  # noqa: F401 - first, so that TensorFlow starts quietly
from ankeras.builders import get_discriminator, get_generator
from ankeras.gans import GAN
from ankeras.training.callbacks import Resume, WeightAverage

import keras
import numpy as np

SHAPE, EPOCHS = (8, 8, 1), 20


def train(folder, begun):
    """Train a GAN to its end and write its weights, its average and its history."""
    gan = GAN(
        get_generator(3, SHAPE, kind="mlp", widths=(8,)),
        get_discriminator(SHAPE, kind="mlp", widths=(8,)),
    )
    gan.compile(run_eagerly=True)  # building a graph would take longer than the training
    average = WeightAverage(0.9)
    tell = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: os.write(begun, b"."))
    x = np.random.default_rng(0).uniform(size=(32, *SHAPE)).astype("float32")
    history = gan.fit(
        x,
        batch_size=16,
        epochs=EPOCHS,
        shuffle=False,
        callbacks=[average, Resume(folder, average), tell],
        verbose=0,
    )
    state = [*gan.variables, *gan.optimizer.variables, *average.average]
    result = {
        "state": [np.array(values, "float64").ravel().tolist() for values in state],
        "history": history.history,
        "epochs": history.epoch,
    }
    (folder / "result.json").write_text(json.dumps(result))


def attempt(folder, seconds):
    """Train in a fork, kill it after some seconds if given, and return its exit code."""
    has_begun, begun = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)  # standard output is for the result only
        train(folder, begun)
        os._exit(0)
    os.read(has_begun, 1)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    straight, killed = Path(sys.argv[1]), Path(sys.argv[2])
    start = time.monotonic()
    attempt(straight, None)
    third = (time.monotonic() - start) / 5  # not / 3: part of this time is before the first step
    ends = [attempt(killed, random.uniform(0, third)) for _ in range(3)] + [attempt(killed, None)]
    print(json.dumps({"ends": ends}))
