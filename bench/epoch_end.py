"""Measure how long an epoch waits at its end when tf.data tunes its pipeline, as by default.

python bench/epoch_end.py

The same model trains on the same images, alternately with and without tuning, with epochs of
several lengths. The figure is the time with tuning divided by the time without: the median over the
rounds. `ankeras/training/tensorflow_patch.py` explains the cause.
"""

import statistics
import time

import ankeras

import keras
import numpy as np
import tensorflow as tf
from common import save
from systems import DIGIT, SYSTEMS

BATCH, EPOCHS, ROUNDS = 64, 4, 5
STEPS = (10, 30, 100)


def pipeline(images: np.ndarray, tuned: bool) -> tf.data.Dataset:
    """Return a pipeline of minibatches, with or without tuning."""
    options = tf.data.Options()
    options.autotune.enabled = tuned
    data = tf.data.Dataset.from_tensor_slices(images).batch(BATCH, drop_remainder=True)
    return data.prefetch(tf.data.AUTOTUNE).with_options(options)


def seconds(model: keras.Model, data: tf.data.Dataset) -> float:
    """Return the seconds that EPOCHS epochs take."""
    start = time.perf_counter()
    model.fit(data, epochs=EPOCHS, shuffle=False, verbose=0)
    return time.perf_counter() - start


def main() -> None:
    """Measure and save the figures."""
    ankeras.setup(0)
    model = SYSTEMS["VAE"]()
    model.compile()
    images = np.random.default_rng(0).random((max(STEPS) * BATCH, *DIGIT), "float32")
    seconds(model, pipeline(images[: 2 * BATCH], tuned=False))  # builds the graph
    figures = {}
    for steps in STEPS:
        tuned, untuned = (pipeline(images[: steps * BATCH], choice) for choice in (True, False))
        times = [(seconds(model, tuned), seconds(model, untuned)) for _ in range(ROUNDS)]
        figures[f"{steps} steps per epoch"] = {
            "seconds per epoch, untuned": statistics.median(b for _, b in times) / EPOCHS,
            "time with tuning, of that without": statistics.median(a / b for a, b in times),
        }
        print(steps, figures[f"{steps} steps per epoch"], flush=True)
    save("epoch_end", figures)


if __name__ == "__main__":
    main()
