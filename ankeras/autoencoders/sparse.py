"""The sparse autoencoder: a code of which few units are active for any one input.

Source: AE, "Sparse Autoencoders"; AN2DL, "Autoencoders", regularization of E(s).

    L(x, g(f(x))) + Omega(z),    Omega(z) = lambda sum_i |z_i|
"""

from typing import Any

from ankeras.autoencoders.autoencoder import tiny_networks
from ankeras.autoencoders.regularized import RegularizedAutoencoder
from ankeras.training.catalogue_row import Row

import keras
from keras import ops


def sparsity(z: Any) -> Any:
    """Return sum_i |z_i|, averaged over the batch: (batch, d) -> ()."""
    return ops.mean(ops.sum(ops.abs(z), axis=1))


@keras.saving.register_keras_serializable("ankeras")
class SparseAutoencoder(RegularizedAutoencoder):
    """Autoencoder with the penalty Omega(z) on the activations of the code."""

    def regularizer(self, x: Any, z: Any, x_hat: Any) -> Any:
        """Return the sum of the absolute activations."""
        return sparsity(z)


ROWS = (
    Row(
        name="sparse autoencoder",
        builds=SparseAutoencoder,
        lecture="AE, Sparse Autoencoders",
        paper="",
        notebook="01",
        learns_from="x, x",
        tiny=lambda: SparseAutoencoder(**tiny_networks(), lam=0.1),
    ),
)
