"""Players so small that a round of theirs is worked out by hand."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers, ops


class _Constant(layers.Layer):
    """One number for every row of the input, and trainable."""

    def __init__(self, value, **kwargs):
        super().__init__(**kwargs)
        self.value = self.add_weight(shape=(1,), name="value")
        self.value.assign([value])

    def call(self, x):
        return 0.0 * x[:, :1] + self.value


@pytest.fixture
def linear_players() -> Callable[[float, float], tuple[keras.Model, keras.Model]]:
    """Return what builds G and D: G draws the number g, and D(s) = w s, a logit or a score."""

    def build(g: float, w: float) -> tuple[keras.Model, keras.Model]:
        generator = keras.Sequential([keras.Input((1,)), _Constant(g)])
        discriminator = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)])
        discriminator.layers[-1].kernel.assign([[w]])
        return generator, discriminator

    return build


@pytest.fixture
def round_of() -> Callable[..., tuple[dict[str, float], float, float]]:
    """Return what plays one round of linear players on 4 equal images s, by gradient descent.

    The round returns its logs, and w and g after it.
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
    """Return what makes a tensor (n, 1) of numbers."""
    return lambda *numbers: ops.convert_to_tensor(np.array(numbers, "float32")[:, None])
