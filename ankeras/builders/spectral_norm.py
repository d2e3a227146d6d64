"""Spectral normalization: no layer of D enlarges the difference between two inputs.

Source: AN2DL, "The GAN ZOO"; Miyato et al., "Spectral normalization for generative adversarial
networks" (ICLR 2018), equation 8 and algorithm 1.

    y = x W / sigma(W) + b,    sigma(W) = v^T W u, the largest singular value of W

    one power iteration a training step:  v <- W u / ||W u||,   u <- W^T v / ||W^T v||

The gradient treats u and v as constants, but not W. So a step does not lengthen W in a direction
that the division removes again. (`keras.layers.SpectralNormalization` overwrites W by W / sigma(W)
instead. On TensorFlow the gradient then ignores sigma, and PyTorch can't compute a gradient.)
"""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ankeras")
class SpectralNorm(layers.Wrapper):
    """A dense or convolutional layer with its weights divided by their largest singular value."""

    def build(self, input_shape: Any) -> None:
        """Start the power iteration with a random vector."""
        super().build(input_shape)
        anywhere = keras.initializers.RandomNormal(stddev=1.0, seed=0)
        self.u = self.add_weight(
            shape=(self.layer.kernel.shape[-1], 1),
            initializer=anywhere,
            trainable=False,
            dtype="float32",
            autocast=False,  # a mixed policy would round it in each iteration
            name="u",
        )

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return x W / sigma(W) + b."""
        w = ops.cast(self.layer.kernel, "float32")
        w = ops.reshape(w, (-1, w.shape[-1]))
        v = ops.stop_gradient(_unit(ops.matmul(w, self.u)))
        u = ops.stop_gradient(_unit(ops.matmul(ops.transpose(w), v)))
        if training:
            self.u.assign(u)
        sigma = ops.sum(v * ops.matmul(w, u))
        y = self.layer(x)
        b = ops.cast(self.layer.bias, y.dtype) if self.layer.use_bias else 0.0
        return (y - b) / ops.cast(sigma, y.dtype) + b

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of what the layer returns."""
        return self.layer.compute_output_shape(input_shape)


def _unit(vector: Any) -> Any:
    return vector / (ops.norm(vector) + keras.config.epsilon())
