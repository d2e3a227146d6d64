"""Functions of the generative models' benchmarks: train for some time, evaluate samples."""

import time
from collections.abc import Callable, Iterable

import ankeras
from ankeras import evaluation, pictures
from ankeras.autoencoders import VAE
from ankeras.data import Dataset
from ankeras.gans import GAN
from ankeras.training.callbacks import WeightAverage

import keras
import numpy as np
from common import RESULTS


def let_fall(rates: Iterable[tuple[keras.optimizers.Optimizer, float]], share: float) -> None:
    """Set learning rates: they rise in the first 2 % of a training, then fall along half a cosine.

    Args:
        rates: optimizers, and the highest rate of each.
        share: the part of the training that is done, in [0, 1].
    """
    factor = min(share / 0.02, 1.0) * 0.5 * (1 + np.cos(np.pi * share))
    for optimizer, rate in rates:
        optimizer.learning_rate = rate * max(factor, 1e-3)


class Training(keras.callbacks.Callback):
    """Ends a training after some seconds; the rates fall along half a cosine during this time."""

    def __init__(self, seconds: float, *optimizers: keras.optimizers.Optimizer) -> None:
        super().__init__()
        self.seconds = seconds
        self.rates = [(optimizer, float(optimizer.learning_rate)) for optimizer in optimizers]
        self.start = time.perf_counter()

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Set the learning rates."""
        let_fall(self.rates, min((time.perf_counter() - self.start) / self.seconds, 1.0))

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """End the training if the time is over."""
        if time.perf_counter() - self.start > self.seconds:
            self.model.stop_training = True


def train_vae(vae: VAE, data: Dataset, seconds: float, rate: float = 5e-3) -> dict:
    """Train a VAE for some seconds; return the seconds and the number of steps."""
    vae.compile(keras.optimizers.Adam(rate))
    clock = Training(seconds, vae.optimizer)
    vae.fit(data, batch_size=100, epochs=10_000, callbacks=[clock], verbose=0)
    return {"seconds": time.perf_counter() - clock.start, "steps": int(vae.optimizer.iterations)}


def train_gan(gan: GAN, data: Dataset, seconds: float) -> dict:
    """Train a GAN for some seconds, with averaged weights of G; return seconds and steps."""
    gan.compile()
    clock = Training(seconds, gan.optimizer.discriminator, gan.optimizer.generator)
    gan.fit(data, batch_size=64, epochs=10_000, callbacks=[WeightAverage(), clock], verbose=0)
    steps = int(gan.optimizer.generator.iterations)
    return {"seconds": time.perf_counter() - clock.start, "steps": steps}


def report(name: str, figures: dict) -> dict:
    """Print the figures that are numbers, and return all figures."""
    shown = {k: round(v, 4) for k, v in figures.items() if isinstance(v, float | int)}
    print(f"{name}: {shown}", flush=True)
    return figures


def over_seeds(name: str, seeds: int, run: Callable[[int], dict]) -> dict:
    """Return the mean figures of a model over some seeds, and the figures of each seed.

    Args:
        name: of the model, to print.
        seeds: number of seeds.
        run: trains and evaluates the model, seed -> its figures, which are numbers.
    """
    each = []
    for seed in range(seeds):
        ankeras.setup(seed)
        each.append(report(f"{name}, seed {seed}", run(seed)))
    return {"mean": {key: float(np.mean([f[key] for f in each])) for key in each[0]}, "seeds": each}


def evaluated(classifier: keras.Model, real: np.ndarray, fake: np.ndarray) -> dict:
    """Return the figures of `evaluation.evaluate_samples` as a dictionary that JSON can hold."""
    found = evaluation.evaluate_samples(classifier, real, fake)
    return {
        "n": found.n,
        "frechet": found.frechet,
        "frechet, real against real": found.frechet_real,
        "precision": found.precision,
        "precision, real": found.precision_real,
        "recall": found.recall,
        "recall, real": found.recall_real,
        "histogram distance": found.histogram_distance,
        "histogram distance, real": found.histogram_distance_real,
        "histogram": {name: shares.tolist() for name, shares in found.histogram.items()},
    }


def picture(name: str, images: np.ndarray) -> None:
    """Save a picture of the first 100 samples."""
    RESULTS.mkdir(exist_ok=True)
    pictures.image_grid(images[:100]).savefig(RESULTS / f"{name}.png")
