"""Measure how much of the machine `fit` uses, compared with a large matrix product.

python bench/throughput.py [--precision mixed_bfloat16]

The measure is floating-point operations per second. TensorFlow's profiler counts the operations of
a training step in its graph: forward and backward passes, R1 and gradient penalties included. The
rate of a large float32 matrix product is measured before each training, on the same machine.
"Input alone" is `fit` of a model that does nothing with its images.
"""

import statistics
import time
from typing import Any

import ankeras
from ankeras.gans import CGAN

import keras
import numpy as np
import tensorflow as tf
from common import load, parser, save
from systems import DIGIT, FACE, SYSTEMS

ROUNDS, SECONDS, BATCH = 3, 2.5, 64
INPUT = "input alone"
MEASURED = (INPUT, "VAE", "DCGAN", "CGAN", "WGAN-GP", "DCGAN, faces of 64 pixels")


class Nothing(keras.Model):
    """A model that gets images and computes almost nothing."""

    def train_step(self, data: Any) -> dict:
        """Read the images, so that they are really loaded."""
        return {"loss": tf.reduce_max(data[..., 0])}


def compiled(name: str) -> keras.Model:
    """Return a new system, compiled with its default optimizers."""
    model = Nothing() if name == INPUT else SYSTEMS[name]()
    model.compile()
    return model


class Clock(keras.callbacks.Callback):
    """Measures images per second for SECONDS seconds, after the first three steps."""

    def __init__(self) -> None:
        super().__init__()
        self.start = 0.0
        self.steps = 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Count the step, and end the training if the time is over."""
        self.steps += 1
        if self.steps == 3:
            self.start = time.perf_counter()
        elapsed = time.perf_counter() - self.start
        if self.steps > 3 and elapsed > SECONDS:
            self.rate = (self.steps - 3) * BATCH / elapsed
            self.model.stop_training = True


def matmul_rate(n: int = 2048) -> float:
    """Return the floating-point operations per second of a float32 product of n x n matrices."""
    a = tf.random.normal((n, n))
    product = tf.function(lambda: tf.matmul(a, a))
    product()
    start, times = time.perf_counter(), 0
    while time.perf_counter() - start < 1.0:
        product()
        times += 1
    return times * 2 * n**3 / (time.perf_counter() - start)


def operations(model: keras.Model, inputs: tuple[np.ndarray, ...]) -> float:
    """Return the floating-point operations of a training step, per image."""
    specs = [tf.TensorSpec((BATCH, *each.shape[1:]), each.dtype) for each in inputs]
    step = tf.function(lambda *data: model.train_step(data if len(data) > 1 else data[0]))
    graph = step.get_concrete_function(*specs).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    found = tf.compat.v1.profiler.profile(graph, options=options)
    return found.total_float_ops / BATCH


def measure(precision: str) -> dict:
    """Train all models alternately, and return the figures of each."""
    ankeras.setup(0, precision=precision)
    rng = np.random.default_rng(0)
    made: dict = {}
    for name in MEASURED:
        images = rng.random((50 * BATCH, *(FACE if "faces" in name else DIGIT)), "float32")
        labels = rng.integers(0, 10, len(images))
        model = compiled(name)
        data = (images, labels) if isinstance(model, CGAN) else (images,)
        made[name] = (model, data, operations(model, data))
    rates: dict[str, list[float]] = {name: [] for name in made}
    shares: dict[str, list[float]] = {name: [] for name in made}
    products = []
    for _ in range(ROUNDS):
        for name, (model, data, count) in made.items():
            clock = Clock()
            products.append(matmul_rate())
            model.fit(*data, batch_size=BATCH, epochs=10_000, callbacks=[clock], verbose=0)
            rates[name].append(clock.rate)
            shares[name].append(clock.rate * count / products[-1])
    figures: dict = {"matrix product, GFLOP/s": statistics.median(products) / 1e9}
    for name, (_, _, count) in made.items():
        figures[name] = {
            "MFLOP per image": count / 1e6,
            "images/s": statistics.median(rates[name]),
            "of the matrix product's rate": statistics.median(shares[name]),
        }
        print(name, figures[name], flush=True)
    return figures


def main() -> None:
    """Measure with one precision; save its figures and keep those of the other precision."""
    options = parser(__doc__)
    options.add_argument("--precision", default="float32")
    precision = options.parse_args().precision
    save("throughput", load("throughput") | {precision: measure(precision)})


if __name__ == "__main__":
    main()
