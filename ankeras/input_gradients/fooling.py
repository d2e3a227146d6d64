"""Fooling a classifier by evolution: images that show nothing, and are read with near certainty.

Source: NOTES, lesson 10: "We can do something similar using the network as a black box by means
(i.e.) of evolutionary techniques"; Nguyen et al. 2015, "Deep Neural Networks are Easily Fooled".

    population of random images;  repeat:
        selection:  keep the images with the largest p(class|x)
        crossover:  each part of a child comes from one of two parents
        mutation:   some parts of a child change at random

The network is only asked for its probabilities; no gradient is needed. What evolves is either the
pixels themselves, which gives noise, or the weights of a small network that paints a picture:

    "cppn":  x(u, v) = f(u, v, sqrt(u^2 + v^2))      for each position (u, v) in [-1, 1]^2

Such a compositional pattern-producing network (Stanley 2007) composes sines, bells and absolute
values of the position. So its pictures are regular: symmetric, repeated, "geometrical examples with
high regularities, which are meaningful for humans".
"""

from typing import NamedTuple

from ankeras.training.catalogue_row import Row

import keras
import numpy as np
from keras import ops

ENCODINGS = ("pixels", "cppn")
HIDDEN = 12  # nodes in each of the two layers of a CPPN
PARENTS = 0.25  # share of a population that is kept
MUTATED = 0.05  # share of the values of a child that change


class Fooling(NamedTuple):
    """What evolution found.

    Attributes:
        images: (classes, height, width, c) in [0, 1], the best image for each class.
        confidence: (classes,), its probability p(class|x).
        history: (generations, classes), the best probability in each generation.
    """

    images: np.ndarray
    confidence: np.ndarray
    history: np.ndarray


def evolve(
    network: keras.Model,
    classes: list[int] | np.ndarray,
    *,
    encoding: str = "pixels",
    size: int = 64,
    population: int = 40,
    generations: int = 200,
    enough: float = 1.0,
    seed: int = 0,
) -> Fooling:
    """Return an image for each class that a classifier reads as that class.

    Args:
        network: a classifier, (batch, *image) -> (batch, n_classes) probabilities. It is a black
            box: only its answers are read.
        classes: the classes; each one has its own population.
        encoding: what evolves, "pixels" or "cppn".
        size: side of the images in pixels, if the network reads any size.
        population: number of images for each class, at least 8.
        generations: number of rounds.
        enough: evolution ends when each class has an image of this probability.
        seed: seed of all draws.

    Raises:
        ValueError: if a class or the encoding does not exist, or the population is too small.
    """
    if encoding not in ENCODINGS:
        raise ValueError(f"Images are encoded as {' or '.join(ENCODINGS)}, not as {encoding!r}.")
    n_classes = network.output_shape[-1]
    wanted = np.asarray(classes)
    right_type = wanted.dtype.kind in "iu"
    if wanted.ndim != 1 or not right_type or not all(0 <= c < n_classes for c in wanted):
        raise ValueError(f"The classes are a list of numbers from 0 to {n_classes - 1}.")
    if population < 8 or generations < 1:
        raise ValueError("Evolution needs 8 images for each class and one generation at least.")
    height, width, channels = (s or size for s in network.input_shape[1:])
    rng = np.random.default_rng(seed)
    paint = (
        Pixels((height, width, channels))
        if encoding == "pixels"
        else CPPN((height, width, channels))
    )
    k, rows = len(wanted), np.arange(len(wanted))[:, None]
    genes = paint.random(rng, k * population).reshape(k, population, -1)
    n_parents = max(2, round(PARENTS * population))
    n_children = population - n_parents
    history = []
    fitness = _fitness(network, paint, genes, wanted)
    for _ in range(generations):
        # selection: the best images of each class
        order = np.argsort(-fitness, axis=1, kind="stable")[:, :n_parents]
        parents, kept = genes[rows, order], fitness[rows, order]
        history.append(kept[:, 0])
        if kept[:, 0].min() >= enough:
            break
        # crossover: each value of a child comes from one of two parents
        mother, father = rng.integers(n_parents, size=(2, k, n_children))
        shape = (k, n_children, genes.shape[-1])
        children = np.where(rng.random(shape) < 0.5, parents[rows, mother], parents[rows, father])
        # mutation: some values of a child change
        children = paint.mutated(rng, children, rng.random(shape) < MUTATED)
        genes = np.concatenate([parents, children], axis=1)
        fitness = np.concatenate([kept, _fitness(network, paint, children, wanted)], axis=1)
    best = fitness.argmax(axis=1)
    return Fooling(
        paint.images(genes[rows[:, 0], best]), fitness[rows[:, 0], best], np.array(history)
    )


def _fitness(
    network: keras.Model, paint: "Pixels | CPPN", genes: np.ndarray, classes: np.ndarray
) -> np.ndarray:
    """Return p(class|x) of each image: genes (classes, n, values) -> (classes, n)."""
    k, n, _ = genes.shape
    images = paint.images(genes.reshape(k * n, -1))
    # `predict` would need longer for its own preparations than a small network for its answer
    p = ops.convert_to_numpy(network.predict_on_batch(images)).reshape(k, n, -1)
    return p[np.arange(k), :, classes]


class Pixels:
    """Images whose genes are their pixels.

    Args:
        image_shape: (height, width, c).
    """

    def __init__(self, image_shape: tuple[int, ...]) -> None:
        self.image_shape = image_shape

    def random(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Return the genes of n random images: (n, values)."""
        return rng.random((n, int(np.prod(self.image_shape))), "float32")

    def mutated(self, rng: np.random.Generator, genes: np.ndarray, where: np.ndarray) -> np.ndarray:
        """Return genes of which those at `where` moved by a normal step; they stay in [0, 1]."""
        steps = rng.normal(0, 0.5, genes.shape)
        return np.clip(genes + where * steps, 0, 1).astype("float32")

    def images(self, genes: np.ndarray) -> np.ndarray:
        """Return the images of genes: (n, values) -> (n, height, width, c)."""
        return genes.reshape(-1, *self.image_shape)


class CPPN:
    """Images whose genes are the weights of a network that maps a position to a colour.

    Args:
        image_shape: (height, width, c).
    """

    def __init__(self, image_shape: tuple[int, ...]) -> None:
        height, width, channels = image_shape
        self.image_shape = image_shape
        v, u = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
        place = np.stack([u, v, np.hypot(u, v), np.ones_like(u)], axis=-1)
        self.place = place.reshape(-1, 4).astype("float32")
        self.shapes = ((4, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, channels))

    def random(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Return the genes of n random networks: (n, values)."""
        return rng.normal(0, 1.5, (n, sum(a * b for a, b in self.shapes))).astype("float32")

    def mutated(self, rng: np.random.Generator, genes: np.ndarray, where: np.ndarray) -> np.ndarray:
        """Return genes of which those at `where` moved: most by a small step, a few by a large one.

        The steps have a t distribution. Normal steps of one size end before a thin stroke fits.
        """
        return (genes + where * 0.3 * rng.standard_t(1.5, genes.shape)).astype("float32")

    def images(self, genes: np.ndarray) -> np.ndarray:
        """Return the images of genes: (n, values) -> (n, height, width, c)."""
        n, h = len(genes), np.broadcast_to(self.place, (len(genes), *self.place.shape))
        start = 0
        for number, (fan_in, fan_out) in enumerate(self.shapes):
            weights = genes[:, start : start + fan_in * fan_out].reshape(n, fan_in, fan_out)
            start += fan_in * fan_out
            h = h @ weights
            if number < 2:
                # a third of the nodes each: waves, bells and folds
                waves, bells, folds = np.split(h, 3, axis=-1)
                h = np.concatenate([np.sin(3 * waves), np.exp(-(bells**2)), np.abs(folds)], axis=-1)
        return (0.5 + 0.5 * np.tanh(h)).reshape(n, *self.image_shape).astype("float32")


ROWS = (
    Row(
        name="fooling by evolution",
        builds=evolve,
        lecture="NOTES, lesson 10",
        paper="Nguyen 2015",
        notebook="14",
    ),
)
