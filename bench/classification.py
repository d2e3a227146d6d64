"""Compare classifier initialization with a random start, on real digits with few labels.

python bench/classification.py [--data mnist.npz]

There are three ways to train the same network: with the encoder of an autoencoder, fine-tuned; with
the same encoder, frozen; and from random weights. For each number of labels, the settings of each
way are searched on 1,000 labelled validation images, which are not used in training. Then the test
accuracy is measured for 5 seeds.
"""

import itertools
from typing import Any

import ankeras
from ankeras.autoencoders import accuracy, few_labels, fine_tune, train
from ankeras.builders import get_autoencoder, get_classifier, get_encoder
from ankeras.data import Dataset

import keras
import numpy as np
from common import parser, real_digits, save

LABELS, SEEDS, TUNING_SEEDS = (50, 100, 500, 1000), range(5), (100,)
RATES, STEPS = (1e-3, 3e-3, 1e-2, 3e-2), (150, 600)
LATENT_DIM, EPOCHS = 16, 8
WAYS = ("fine-tuned", "frozen", "random start")


def start(way: str, pretrained: keras.Model, seed: int) -> keras.Model:
    """Return a classifier with a new head and a copy of the encoder, or a random encoder."""
    encoder = get_encoder(pretrained.input_shape[1:], LATENT_DIM, seed=seed)
    if way != "random start":
        encoder.set_weights(pretrained.get_weights())
    return get_classifier(encoder, 10, seed=seed)


def score(
    way: str, pretrained: keras.Model, labelled: Dataset, test: Dataset, seed: int, **options: Any
) -> float:
    """Fine-tune one classifier and return its accuracy."""
    keras.utils.set_random_seed(seed)
    classifier = start(way, pretrained, seed)
    fine_tune(classifier, labelled, freeze=way == "frozen", verbose=0, **options)
    return accuracy(classifier, test)


def main() -> None:
    """Search the settings, measure the accuracies, and print and save them."""
    ankeras.setup(0, precision="float32")
    everything, test = real_digits(parser(__doc__).parse_args().data)
    validation, pool = everything.take(slice(0, 1000)), everything.take(slice(1000, None))
    keras.utils.set_random_seed(0)
    autoencoder = get_autoencoder(pool.images.shape[1:], latent_dim=LATENT_DIM, seed=0)
    train(autoencoder, pool.images, validation.images, epochs=EPOCHS, verbose=0)
    encoder = autoencoder.get_layer("encoder")
    figures = {}
    for n, way in itertools.product(LABELS, WAYS):
        grid: list[dict[str, Any]] = [
            {"learning_rate": rate, "steps": steps, "head_steps": 100 * (way == "fine-tuned")}
            for rate, steps in itertools.product(RATES, STEPS)
        ]
        if way == "frozen":  # the learning rate of the head is fixed: search the number of steps
            grid = [{"head_steps": steps, "steps": 0} for steps in (25, 50, 100, 200, 400, 800)]
        tuned = [
            np.mean(
                [
                    score(way, encoder, few_labels(pool, n, seed), validation, seed, **options)
                    for seed in TUNING_SEEDS
                ]
            )
            for options in grid
        ]
        best = grid[int(np.argmax(tuned))]
        scores = [
            score(way, encoder, few_labels(pool, n, seed), test, seed, **best) for seed in SEEDS
        ]
        figures[f"{n} labels, {way}"] = {"test accuracy": scores, "tuned to": best}
        print(
            f"{n:5} labels  {way:13}{np.mean(scores):.3f} +- {np.std(scores):.3f}  {best}",
            flush=True,
        )
    save("classification", figures)


if __name__ == "__main__":
    main()
