"""Fixtures: very small networks, for which one training step can be computed by hand."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers, ops


class _Constant(layers.Layer):
    """Returns the same trainable number for every row of the input."""

    def __init__(self, value, **kwargs):
        super().__init__(**kwargs)
        self.value = self.add_weight(shape=(1,), name="value")
        self.value.assign([value])

    def call(self, x):
        return 0.0 * x[:, :1] + self.value


@pytest.fixture
def linear_players() -> Callable[[float, float], tuple[keras.Model, keras.Model]]:
    """Return a function that builds G and D: G returns the number g, and D(s) = w s."""

    def build(g: float, w: float) -> tuple[keras.Model, keras.Model]:
        generator = keras.Sequential([keras.Input((1,)), _Constant(g)])
        discriminator = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)])
        discriminator.layers[-1].kernel.assign([[w]])
        return generator, discriminator

    return build


@pytest.fixture
def round_of() -> Callable[..., tuple[dict[str, float], float, float]]:
    """Return a function that trains linear players for one step, with SGD on 4 equal images s.

    The function returns the logs, and w and g after the step.
    """

    def play(model: keras.Model, s: float, rate: float) -> tuple[dict[str, float], float, float]:
        model.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate))
        history = model.fit(np.full((4, 1), s, "float32"), batch_size=4, verbose=0).history
        logs = {name: values[0] for name, values in history.items()}
        w, g = model.discriminator.get_weights()[0][0, 0], model.generator.get_weights()[0][0]
        return logs, float(w), float(g)

    return play


@pytest.fixture
def column() -> Callable[..., keras.KerasTensor]:
    """Return a function that makes a tensor (n, 1) of n numbers."""
    return lambda *numbers: ops.convert_to_tensor(np.array(numbers, "float32")[:, None])
