"""Measure how long tools take at full size: grids, distances, inversion, a million images.

python bench/tools_speed.py
"""

import itertools
import resource
import time
from collections.abc import Callable

import ankeras
from ankeras import evaluation, latent
from ankeras.builders import get_decoder
from ankeras.data import digits, stream

import numpy as np
from common import save
from sklearn.neighbors import NearestNeighbors

N_FRECHET, N_TRAINING, N_SAMPLES, N_STREAM, N_INVERTED = 50_000, 60_000, 10_000, 1_000_000, 64


def peak() -> float:
    """Return the maximum memory of this process so far, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Measure the time of each tool once.

    Before that, the first two tools run once with little data, so that no compilation is measured.
    """
    ankeras.setup(0, precision="float32")
    decoder = get_decoder(2, (28, 28, 1))
    classifier = evaluation.digit_classifier()
    real, fake = digits(N_FRECHET, seed=1).images, digits(N_FRECHET, seed=2).images
    training, samples = digits(N_TRAINING, seed=3).images, fake[:N_SAMPLES]
    figures: dict = {"memory with the images, GiB": peak()}

    def distance(n: int) -> float:
        return evaluation.frechet_distance(
            *(evaluation.features(classifier, x[:n]) for x in (real, fake))
        )

    def nearest_by_sklearn() -> np.ndarray:
        flat = training.reshape(N_TRAINING, -1), samples.reshape(N_SAMPLES, -1)
        return NearestNeighbors(n_neighbors=1, algorithm="brute").fit(flat[0]).kneighbors(flat[1])

    def precision_recall() -> tuple[float, float]:
        found = [evaluation.features(classifier, x[:N_SAMPLES]) for x in (real, fake)]
        return evaluation.precision_recall(found[0], found[1])

    def draw(n: int) -> None:
        for _ in itertools.islice(stream("digits", 500), n // 500):
            pass

    tools: dict[str, Callable[[], object]] = {
        "grid of 40 x 40": lambda: latent.quantile_grid(decoder, 40),
        f"Frechet distance, {N_FRECHET} samples": lambda: distance(N_FRECHET),
        f"nearest of {N_TRAINING} images to {N_SAMPLES}": lambda: (
            evaluation.nearest_training_images(samples, training)
        ),
        "the same by scikit-learn": nearest_by_sklearn,
        f"precision and recall of {N_SAMPLES} samples": precision_recall,
        f"inversion of {N_INVERTED} images": lambda: latent.invert(decoder, real[:N_INVERTED]),
        f"stream of {N_STREAM} digits": lambda: draw(N_STREAM),
    }
    latent.quantile_grid(decoder, 2)
    distance(500)
    for name, use in tools.items():
        start = time.perf_counter()
        use()
        figures[name] = {"seconds": time.perf_counter() - start, "memory so far, GiB": peak()}
        print(name, figures[name], flush=True)
    save("tools_speed", figures)


if __name__ == "__main__":
    main()
