"""The autoencoder with tied weights: the decoder uses the encoder's matrices, transposed.

Source: DLSP, "Autoencoder".

    h = f(W_h x + b_h),    x_hat = g(W_x h + b_x),    W_x = W_h^T
"""

from collections.abc import Sequence
from typing import Any

from ankeras.autoencoders.autoencoder import Autoencoder
from ankeras.builders import get_encoder
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ankeras")
class TransposedDense(layers.Layer):
    """A dense layer with the transposed kernel of another layer, and its own bias.

    Args:
        dense: the built Dense layer whose kernel is shared.
        activation: the activation g.
    """

    def __init__(self, dense: layers.Dense, activation: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = dense
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Any) -> None:
        """Create the bias b_x."""
        self.bias = self.add_weight(
            shape=(self.dense.kernel.shape[0],), initializer="zeros", name="bias"
        )

    def call(self, h: Any) -> Any:
        """Return g(W_h^T h + b_x): (batch, units) -> (batch, inputs of the shared layer)."""
        return self.activation(ops.matmul(h, ops.transpose(self.dense.kernel)) + self.bias)


@keras.saving.register_keras_serializable("ankeras")
class TiedAutoencoder(Autoencoder):
    """Autoencoder of dense layers in which W_x = W_h^T, layer by layer.

    Args:
        ae_input_shape: shape of an image, values in [0, 1].
        latent_dim: the size d of the code.
        widths: units of the hidden layers of the encoder, outermost first.
        activation: activation of the hidden layers.
        output_activation: the activation g of the reconstruction.
        seed: seed of the initial weights.
    """

    networks = ()  # they share weights: the sizes are saved instead
    options = (
        "ae_input_shape",
        "latent_dim",
        "widths",
        "activation",
        "output_activation",
        "seed",
    )

    def __init__(
        self,
        ae_input_shape: Sequence[int] = (28, 28, 1),
        latent_dim: int = 32,
        *,
        widths: Sequence[int] = (),
        activation: str = "relu",
        output_activation: str = "sigmoid",
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        encoder = get_encoder(
            ae_input_shape,
            latent_dim,
            kind="mlp",
            widths=widths,
            activation=activation,
            batch_norm=False,
            seed=seed,
        )
        stack = [layer for layer in encoder.layers if isinstance(layer, layers.Dense)]
        x = input_layer = layers.Input(shape=(latent_dim,), name="input_layer")
        for dense in reversed(stack[1:]):
            x = TransposedDense(dense, activation)(x)
        x = TransposedDense(stack[0], output_activation, dtype="float32", name="output_layer")(x)
        images = layers.Reshape(ae_input_shape, dtype="float32")(x)
        decoder = keras.Model(input_layer, images, name="decoder")
        super().__init__(encoder, decoder, **kwargs)
        self.ae_input_shape = list(ae_input_shape)
        self.latent_dim = latent_dim
        self.widths = list(widths)
        self.activation = activation
        self.output_activation = output_activation
        self.seed = seed


ROWS = (
    Row(
        name="tied weights",
        builds=TiedAutoencoder,
        lecture="DLSP, Autoencoder",
        paper="",
        notebook="01",
        learns_from="x, x",
        tiny=lambda: TiedAutoencoder(TINY_SHAPE, TINY_LATENT_DIM, widths=(16,)),
    ),
)
