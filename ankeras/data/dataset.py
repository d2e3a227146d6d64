"""What every source of images returns: the images, and what is known about each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their targets: what a network may learn to predict from them or draw from it.

    A target has a name and one row per image. Which targets there are depends on the source:
    labels, factors, captions, masks, boxes or paired images. The two that most sources have can be
    read as `data.labels` and `data.factors`, any other one as `data.targets["masks"]`.

    Attributes:
        images: float32 (n, height, width, channels), values in [0, 1].
        targets: name of the target -> array (n, ...).
            "labels": int64 (n,), indices into `class_names`.
            "factors": structured array (n,), one field per factor of a program that drew the
            images.
        class_names: one name per class.

    Raises:
        ValueError: if a target is not an array with one row per image.
    """

    images: np.ndarray
    targets: Mapping[str, np.ndarray] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, target in self.targets.items():
            if np.ndim(target) == 0 or len(target) != len(self.images):
                raise ValueError(
                    f"The target {name!r} needs one row for each of {len(self.images)} images, "
                    f"but its shape is {np.shape(target)}."
                )

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.images)

    @property
    def labels(self) -> np.ndarray | None:
        """The labels, int64 (n,); None if there are no classes."""
        return self.targets.get("labels")

    @property
    def factors(self) -> np.ndarray | None:
        """The factors, a structured array (n,); None if no program drew the images."""
        return self.targets.get("factors")

    def take(self, rows: Any) -> "Dataset":
        """Return the data set of some rows: a slice, indices or a boolean mask."""
        targets = {name: target[rows] for name, target in self.targets.items()}
        return Dataset(self.images[rows], targets, self.class_names)
