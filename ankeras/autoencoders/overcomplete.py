"""The over-complete autoencoder: a code larger than the input, free to copy it.

Source: AE, "over-complete"; DLSP, "Under-/over-complete hidden layer".

    h in R^d with d > n:    x_hat = W_x h = x for every x, for example with W_h = [I; 0] = W_x^T

Nothing needs to be learnt about the data to reach zero loss, so an over-complete code is used
with a regularizer: sparsity, denoising or contraction.
"""

import math
from collections.abc import Sequence

from ankeras.builders import get_autoencoder
from ankeras.training.catalogue_row import TINY_SHAPE, Row

import keras
import numpy as np


def get_overcomplete_autoencoder(
    ae_input_shape: Sequence[int] = (28, 28, 1), *, expansion: float = 1.5, seed: int = 42
) -> keras.Model:
    """Build an autoencoder of two dense layers with a code of d = expansion * n units.

    Args:
        ae_input_shape: shape of an image, n values in all.
        expansion: d / n, more than 1; d is rounded up.
        seed: seed of the initial weights.

    Returns:
        A model named "autoencoder", with "encoder" and "decoder" as layers.

    Raises:
        ValueError: if the code would not be larger than the input.
    """
    if expansion <= 1:
        raise ValueError(
            f"An over-complete code is larger than the input: expansion must be more than 1, "
            f"not {expansion}."
        )
    return get_autoencoder(
        ae_input_shape,
        latent_dim=math.ceil(expansion * math.prod(ae_input_shape)),
        kind="mlp",
        widths=(),
        output_activation="linear",
        seed=seed,
    )


def set_to_identity(autoencoder: keras.Model) -> None:
    """Give an over-complete autoencoder the weights W_h = [I; 0], W_x = [I, 0]: it copies.

    Args:
        autoencoder: as `get_overcomplete_autoencoder` builds it.
    """
    n_units, n_inputs = autoencoder.get_layer("decoder").get_weights()[0].shape
    identity = np.eye(n_inputs, n_units, dtype="float32")
    autoencoder.get_layer("encoder").set_weights([identity, np.zeros(n_units)])
    autoencoder.get_layer("decoder").set_weights([identity.T, np.zeros(n_inputs)])


ROWS = (
    Row(
        name="over-complete autoencoder",
        builds=get_overcomplete_autoencoder,
        lecture="AE; DLSP, Under-/over-complete hidden layer",
        paper="",
        notebook="01",
        learns_from="x, x",
        tiny=lambda: get_overcomplete_autoencoder(TINY_SHAPE),
    ),
)
