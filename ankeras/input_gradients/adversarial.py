"""Adversarial examples: images that differ hardly, and that a classifier reads as something else.

Source: NOTES, lesson 10, "Distance from a target category": "a tiny, imperceptible to humans, yet
consistent perturbation of all of them is able to fool the classifier"; Goodfellow et al. 2015 (one
step); Kurakin et al. 2017 (iterated and targeted); Madry et al. 2018 (random start).

    one step:   x' = clip(x + epsilon sign(d/dx H(y, x)))
    iterated:   x' <- clip_epsilon(x' + a sign(d/dx' H(y, x')))
    targeted:   x' <- clip_epsilon(x' - a sign(d/dx' H(t, x')))

H(y, x) = -log p(y|x) is the cross-entropy, y the class that x has, t the class that x' should get.
clip_epsilon keeps each pixel within epsilon of x and within [0, 1]. Epsilon is in units of pixels:
1/255 is the smallest difference that an image file can store. The normalization is inside of the
network, so it changes neither epsilon nor the clip.
"""

from typing import Any

from ankeras.input_gradients.network import check_classes, check_photos, read_scores
from ankeras.training.catalogue_row import Row
from ankeras.training.checks import check_floats
from ankeras.training.optimize_input import optimize_input
from ankeras.training.optimizers import SignDescent

import keras
import numpy as np
from keras import ops

LEVELS = 255  # steps of an image that is stored in 8 bits


def cross_entropy(classes: Any, scores: Any) -> Any:
    """Return H = -log p(class) of each row: (n,) integers and (n, k) scores -> (n,)."""
    return keras.losses.sparse_categorical_crossentropy(classes, scores, from_logits=True)


def attack(
    network: keras.Model,
    images: np.ndarray,
    labels: np.ndarray | int | None = None,
    *,
    epsilon: float = 1 / 255,
    steps: int = 1,
    step_size: float | None = None,
    targets: np.ndarray | int | None = None,
    random_start: bool = False,
    seed: int = 0,
) -> np.ndarray:
    """Return adversarial examples of images.

    Args:
        network: a classifier.
        images: (n, height, width, c).
        labels: (n,), their classes y. Default: what the network reads in them.
        epsilon: the largest change of a pixel, in (0, 1].
        steps: 1 for the one-step attack.
        step_size: a. Default: epsilon for one step, else 2.5 epsilon / steps, but at least 1/255.
        targets: (n,) or one class t that the images should get. Default: any class but y.
        random_start: whether to start at a random point within epsilon.
        seed: seed of the random start.

    Returns:
        (n, height, width, c), float32, values in [0, 1] and within epsilon of the images.

    Raises:
        ValueError: if an image, a class, epsilon or the number of steps does not fit.
    """
    x = check_photos(network, images)
    if not 0 < epsilon <= 1:
        raise ValueError(f"epsilon is the largest change of a pixel, in (0, 1], not {epsilon}.")
    if steps < 1:
        raise ValueError(f"An attack takes at least one step, not {steps}.")
    read = read_scores(network)
    n = len(x)
    if targets is not None:
        classes, sign = check_classes(network, targets, n), 1.0
    else:
        if labels is None:
            labels = read.predict(x, verbose=0).argmax(axis=1)
        classes, sign = check_classes(network, labels, n), -1.0
    if step_size is None:
        step_size = epsilon if steps == 1 else max(2.5 * epsilon / steps, min(epsilon, 1 / LEVELS))
    low, high = np.maximum(x - epsilon, 0), np.minimum(x + epsilon, 1)
    start = x
    if random_start:
        start = np.random.default_rng(seed).uniform(low, high).astype("float32")
    return optimize_input(
        lambda x: sign * cross_entropy(classes, read(x, training=False)),
        start,
        steps=steps,
        learning_rate=step_size,
        project=lambda x: ops.clip(x, low, high),
        optimizer=SignDescent,
    ).x


def random_noise(images: np.ndarray, epsilon: float, seed: int = 0) -> np.ndarray:
    """Return images with a change of +epsilon or -epsilon in each value, drawn at random.

    It is the baseline of an attack: of the same size, but without the gradient.
    """
    check_floats(images)
    signs = np.random.default_rng(seed).choice((-1, 1), images.shape)
    return np.clip(images + epsilon * signs, 0, 1).astype("float32")


def stored(images: np.ndarray) -> np.ndarray:
    """Return images as a file with 8 bits per value keeps them: multiples of 1/255."""
    check_floats(images)
    return (np.round(images * LEVELS) / LEVELS).astype("float32")


def fooled_share(
    network: keras.Model, images: np.ndarray, adversarial: np.ndarray, labels: Any = None
) -> float:
    """Return the share of images whose class the network reads otherwise after a change.

    Args:
        network: a classifier.
        images: (n, *image), as they were.
        adversarial: (n, *image), changed.
        labels: (n,), true classes. Only images count that are read right before the change.
            Default: what the network reads in them before.

    Raises:
        ValueError: if no image is read right.
    """
    read = read_scores(network)
    before = read.predict(images, verbose=0).argmax(axis=1)
    after = read.predict(adversarial, verbose=0).argmax(axis=1)
    right = np.ones(len(images), bool) if labels is None else before == labels
    if not right.any():
        raise ValueError("The network reads none of these images right.")
    return float(np.mean(after[right] != before[right]))


ROWS = (
    Row(
        name="adversarial examples",
        builds=attack,
        lecture="NOTES, lesson 10",
        paper="Goodfellow 2015",
        notebook="14",
    ),
)
