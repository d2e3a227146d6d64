"""Tiny networks whose gradients are computed by hand."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers


@pytest.fixture
def linear() -> Callable[..., keras.Model]:
    """Return what builds a classifier (8, 8, 1) -> 2 probabilities with the scores x . w + b."""

    def build(w: np.ndarray, b: np.ndarray | None = None) -> keras.Model:
        network = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Flatten(name="flat"),
                layers.Dense(2, activation="softmax", name="classes"),
            ]
        )
        network.set_weights([w.reshape(64, 2), np.zeros(2) if b is None else b])
        return network

    return build


@pytest.fixture
def colors() -> keras.Model:
    """A classifier of any size: pixels -> 3 feature maps, which are averaged and are the scores.

    The maps are red - green, green, and blue + 1/2.
    """
    image = keras.Input((None, None, 3))
    maps = layers.Conv2D(3, 1, name="maps")(image)
    pooled = layers.GlobalAveragePooling2D(name="pool")(maps)
    network = keras.Model(image, layers.Softmax(name="softmax")(pooled))
    kernel = np.array([[1, 0, 0], [-1, 1, 0], [0, 0, 1]], "float32")
    network.set_weights([kernel[None, None], np.array([0, 0, 0.5])])
    return network
