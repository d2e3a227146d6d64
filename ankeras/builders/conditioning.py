"""How a condition enters a network: appended to its input, or by FiLM.

Source: AN2DL, "Intuition behind Conditional GANs"; NOTES, lesson 16, "Concrete Handling of the
Condition"; Perez et al., "FiLM: visual reasoning with a general conditioning layer" (AAAI 2018).

    append, a vector:  [z, one-hot(y)]       the one-hot label stands behind the noise
    append, an image:  [s, channels]         one constant channel per class, behind the image's own
    film:              gamma(y) * features + beta(y), one pair per channel, in each block

A conditional network has two inputs, [x, condition]. The condition is a vector, such as a one-hot
label. The builder decides how it enters, and `keras.utils.plot_model` shows it.
"""

from typing import Any

import keras
from keras import layers, ops

WAYS = ("append", "film")


class Condition:
    """The second input of a network, and the way in which it enters.

    Without a size, the network has no condition, and each method returns x as it is.

    Args:
        dim: size of the condition, for one-hot labels the number of classes; or None.
        way: "append" or "film".

    Raises:
        ValueError: if the size is below 1, or there is no such way.
    """

    def __init__(self, dim: int | None, way: str) -> None:
        if way not in WAYS:
            raise ValueError(f"condition_by must be one of {WAYS}, not {way!r}.")
        if dim is not None and dim < 1:
            raise ValueError(f"A condition holds at least 1 number, not {dim}.")
        self.way = way
        self.input = None if dim is None else layers.Input((int(dim),), name="condition")

    def append_to(self, x: Any) -> Any:
        """Return a network's input x with the condition appended, if that is the way."""
        if self.input is None or self.way != "append":
            return x
        return append_condition(x, self.input)

    def modulate(self, features: Any) -> Any:
        """Return the features of a block, modulated by FiLM, if that is the way."""
        if self.input is None or self.way != "film":
            return features
        return FiLM()([features, self.input])

    def inputs(self, x: Any) -> Any:
        """Return all inputs of the network: [x, condition], or x alone."""
        return x if self.input is None else [x, self.input]


def append_condition(x: Any, condition: Any) -> Any:
    """Append a condition to a vector, or as constant channels to an image.

    Args:
        x: (batch, d) or (batch, height, width, c).
        condition: (batch, n).

    Returns:
        (batch, d + n) or (batch, height, width, c + n).
    """
    if len(x.shape) == 4:
        height, width = x.shape[1:3]
        condition = layers.RepeatVector(height * width)(condition)
        condition = layers.Reshape((height, width, condition.shape[-1]))(condition)
    return layers.Concatenate(name="append_condition")([x, condition])


@keras.saving.register_keras_serializable("ankeras")
class FiLM(layers.Layer):
    """Feature-wise linear modulation: the condition scales and shifts each feature (channel).

    Called on [features (batch, ..., c), condition (batch, n)]. Returns the features' shape. At the
    start of a training it changes nothing.
    """

    def build(self, input_shape: Any) -> None:
        """Make the two linear maps from the condition to one number per channel."""
        features, condition = input_shape
        shape = (condition[-1], features[-1])
        self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta")

    def call(self, inputs: Any) -> Any:
        """Return gamma(y) * features + beta(y)."""
        features, condition = inputs
        condition = ops.cast(condition, features.dtype)
        shape = (-1, *[1] * (len(features.shape) - 2), features.shape[-1])
        gamma = ops.reshape(ops.matmul(condition, ops.cast(self.gamma, features.dtype)), shape)
        beta = ops.reshape(ops.matmul(condition, ops.cast(self.beta, features.dtype)), shape)
        return gamma * features + beta
