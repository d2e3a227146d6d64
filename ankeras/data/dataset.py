"""What every source of images returns: the images and all that is known about them."""

from typing import Any, NamedTuple

import numpy as np


class Dataset(NamedTuple):
    """Images with their labels and, where they were drawn by a program, what drew them.

    Attributes:
        images: float32 (n, height, width, channels), values in [0, 1].
        labels: int64 (n,), indices into `class_names`; None where there are no classes.
        class_names: one name a class.
        factors: structured array (n,), one row an image, one field a factor; None for
            images that were photographed or downloaded.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()
    factors: np.ndarray | None = None

    def take(self, rows: Any) -> "Dataset":
        """Return the data set of some rows: a slice, indices or a boolean mask."""
        return self._replace(
            images=self.images[rows],
            labels=None if self.labels is None else self.labels[rows],
            factors=None if self.factors is None else self.factors[rows],
        )
