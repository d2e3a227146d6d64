"""Kills a training three times at random moments, lets it end, and prints what came out.

`test_resume.py` starts this file. Each attempt is a fork, so that TensorFlow is imported once.
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
    gan.compile(run_eagerly=True)  # without a graph, which takes long to build
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
    """Train in a fork; after that many seconds of training it is killed, if any are given."""
    told, begun = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)  # what it says is not the result
        train(folder, begun)
        os._exit(0)
    os.read(told, 1)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    straight, killed = Path(sys.argv[1]), Path(sys.argv[2])
    start = time.monotonic()
    attempt(straight, None)
    third = (time.monotonic() - start) / 5  # some of it went by before the first step
    ends = [attempt(killed, random.uniform(0, third)) for _ in range(3)] + [attempt(killed, None)]
    print(json.dumps({"ends": ends}))
