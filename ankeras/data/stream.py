"""Digits or faces without end: each minibatch is drawn when it is needed, and is not kept."""

from collections.abc import Iterator

from ankeras.data.dataset import Dataset
from ankeras.data.image_files import check_size
from ankeras.data.loading import PROCEDURAL

import numpy as np


def stream(
    name: str, batch_size: int = 64, *, seed: int = 0, size: int | None = None
) -> Iterator[Dataset]:
    """Yield minibatches of new images without end, in constant memory.

        batches = ((batch.images,) for batch in stream("digits"))
        vae.fit(batches, steps_per_epoch=1000, epochs=10, shuffle=False)

    An autoencoder needs `(batch.images, batch.images)`, a conditional system
    `(batch.images, batch.labels)`.

    Args:
        name: "digits" or "faces".
        batch_size: number of images per minibatch.
        seed: seed of all minibatches.
        size: side of the images in pixels, as in `load`.

    Yields:
        Data sets of `batch_size` images with labels and factors.

    Raises:
        ValueError: for an unknown name, or a size that can't be drawn.
    """
    if name not in PROCEDURAL:
        raise ValueError(f"Only {' and '.join(map(repr, PROCEDURAL))} are drawn, not {name!r}.")
    check_size(size)
    draw, default_size = PROCEDURAL[name]
    side = default_size if size is None else size
    numbers = np.random.default_rng(seed)
    while True:
        yield draw(batch_size, seed=int(numbers.integers(2**31)), size=side)
