"""The linear autoencoder: with squared error its optimum is principal component analysis.

Source: AE, "When the decoder is linear and L is the mean squared error, autoencoder = PCA";
NOTES, lesson 11; Baldi and Hornik, "Neural networks and principal component analysis" (1989).

    z = W_h x + b_h,    x_hat = W_x z + b_x,    l(x, x_hat) = 1/2 ||x - x_hat||^2

At the optimum the columns of W_x span the space of the d leading principal components and b_x
makes up for the mean; W_x and W_h themselves are only known up to an invertible d x d matrix.
"""

from collections.abc import Sequence

from ankeras.builders import get_autoencoder
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
import numpy as np


def get_linear_autoencoder(
    ae_input_shape: Sequence[int] = (28, 28, 1), *, latent_dim: int = 2, seed: int = 42
) -> keras.Model:
    """Build the linear autoencoder: one dense layer each way, no activation.

    Args:
        ae_input_shape: shape of an image.
        latent_dim: the size d of the code.
        seed: seed of the initial weights.

    Returns:
        A model named "autoencoder", with "encoder" and "decoder" as layers.
    """
    return get_autoencoder(
        ae_input_shape,
        latent_dim=latent_dim,
        kind="mlp",
        widths=(),
        output_activation="linear",
        seed=seed,
    )


def principal_angles(autoencoder: keras.Model, components: np.ndarray) -> np.ndarray:
    """Measure how far the decoder's columns span another space than the principal components.

    Args:
        autoencoder: a linear autoencoder over n pixels with a code of size d.
        components: (d, n), orthonormal rows: `sklearn.decomposition.PCA(d).components_`.

    Returns:
        (d,) angles in radians, largest first; all 0 where the two spaces are the same.
    """
    kernel, _ = autoencoder.get_layer("decoder").get_weights()  # (d, n), (n,)
    basis, _ = np.linalg.qr(kernel.T)  # (n, d)
    cosines = np.linalg.svd(components @ basis, compute_uv=False)
    return np.arccos(np.clip(cosines[::-1], -1.0, 1.0))


ROWS = (
    Row(
        name="linear autoencoder (PCA)",
        builds=get_linear_autoencoder,
        lecture="AE, under-complete autoencoders",
        paper="Baldi 1989",
        notebook="01",
        learns_from="x, x",
        tiny=lambda: get_linear_autoencoder(TINY_SHAPE, latent_dim=TINY_LATENT_DIM),
    ),
)
