"""How a class label y enters a network.

Source: AN2DL, "Intuition behind Conditional GANs"; NOTES, lesson 16, "Concrete Handling of the
Condition"; Perez et al., "FiLM: visual reasoning with a general conditioning layer" (AAAI 2018).

    vector:    z, one-hot(y)          -> concatenated
    channels:  image, one-hot(y)      -> one constant channel a class, behind the image's own
    FiLM:      features, one-hot(y)   -> gamma(y) * features + beta(y), one pair a channel
"""

from typing import Any

import keras
from keras import layers, ops


def append_to_vector(z: Any, one_hot: Any) -> Any:
    """Append the label to a vector: (batch, d), (batch, n_classes) -> (batch, d + n_classes)."""
    return ops.concatenate([z, ops.cast(one_hot, z.dtype)], axis=-1)


def append_as_channels(images: Any, one_hot: Any) -> Any:
    """Append the label to images as channels that are 1 for its class and 0 for the others.

    Args:
        images: (batch, height, width, c).
        one_hot: (batch, n_classes).

    Returns:
        (batch, height, width, c + n_classes).
    """
    rows, columns = images.shape[1:3]
    channels = ops.cast(one_hot, images.dtype)[:, None, None, :]
    channels = ops.tile(channels, (1, rows, columns, 1))
    return ops.concatenate([images, channels], axis=-1)


@keras.saving.register_keras_serializable("ankeras")
class FiLM(layers.Layer):
    """Feature-wise linear modulation: the condition weighs and shifts each feature (channel).

    Called on [features (batch, ..., c), condition (batch, n)]; returns the features' shape. Starts
    as the identity.
    """

    def build(self, input_shape: Any) -> None:
        """Make the two linear maps from the condition to one number a channel."""
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
