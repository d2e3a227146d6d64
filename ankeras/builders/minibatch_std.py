"""A layer that tells a discriminator how much the images of a minibatch differ.

Source: NOTES and AN2DL on mode collapse; Karras et al., "Progressive growing of GANs for improved
quality, stability, and variation" (ICLR 2018), section 3.

    m = mean over all features of sqrt(Var_batch [feature] + 1e-8)

m is appended to the features as one more channel. If G draws all images alike, m is smaller for
generated minibatches than for real ones, so D can tell them apart, and G must vary its images.
"""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ankeras")
class MinibatchStd(layers.Layer):
    """Appends the mean standard deviation over the minibatch, one value for all of its images.

    Called on (batch, ..., c). Returns (batch, ..., c + 1).
    """

    def call(self, x: Any) -> Any:
        """Return x with one more channel."""
        # in float32: in 16 bits, small variances are 0
        variance = ops.var(ops.cast(x, "float32"), axis=0)
        m = ops.mean(ops.sqrt(variance + 1e-8))
        channel = ops.ones_like(x[..., :1]) * ops.cast(m, x.dtype)
        return ops.concatenate([x, channel], axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return (batch, ..., c + 1)."""
        return (*input_shape[:-1], input_shape[-1] + 1)
