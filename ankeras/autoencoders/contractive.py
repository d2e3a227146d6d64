"""The contractive autoencoder: a code that changes little when the input changes slightly.

Source: AE, "Penalizing Derivative Autoencoders"; DLSP, "Contractive autoencoder"; Rifai et al.,
"Contractive auto-encoders" (ICML 2011), equation 1.

    L(x, g(f(x))) + lambda ||grad_x z||^2,    ||grad_x z||^2 = sum_i ||grad_x z_i||^2

The Jacobian is exact, by automatic differentiation through the encoder as it is used after
training: with batch normalization in its inference mode, where each image is encoded alone.
"""

from typing import Any

from ankeras.autoencoders.autoencoder import tiny_networks
from ankeras.autoencoders.regularized import RegularizedAutoencoder
from ankeras.training.autodiff import input_jacobian
from ankeras.training.catalogue_row import Row

import keras
from keras import ops


def contraction(encoder: keras.Model, x: Any) -> Any:
    """Return sum_i ||grad_x z_i||^2, averaged over the batch: (batch, *image) -> ()."""
    jacobian = input_jacobian(lambda x: encoder(x, training=False), x)  # (batch, d, *image)
    axes = tuple(range(1, len(jacobian.shape)))
    return ops.mean(ops.sum(ops.square(jacobian), axis=axes))


@keras.saving.register_keras_serializable("ankeras")
class ContractiveAutoencoder(RegularizedAutoencoder):
    """Autoencoder with a penalty on the derivative of the code."""

    def regularizer(self, x: Any, z: Any, x_hat: Any) -> Any:
        """Return ||grad_x z||^2."""
        return contraction(self.encoder, x)


ROWS = (
    Row(
        name="contractive autoencoder",
        builds=ContractiveAutoencoder,
        lecture="AE; DLSP, Contractive autoencoder",
        paper="Rifai 2011",
        notebook="01",
        learns_from="x, x",
        tiny=lambda: ContractiveAutoencoder(**tiny_networks(), lam=0.1),
    ),
)
