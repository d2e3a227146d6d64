"""Style transfer: the content of one image with the Gram matrices of another.

Source: NOTES, lesson 10, "Style Transfer"; ATIV, "An almost-training-free approach"; Gatys et al.
2016, "Image Style Transfer Using Convolutional Neural Networks".

    L(x) = alpha L_content(x) + beta L_style(x),        start: the content

    L_content(x) = ||F^c(x) - F^c(content)||^2 / ||F^c(content)||^2        at one layer c
    L_style(x)   = 1/L  sum_l  ||G^l(x) - A^l||^2 / ||A^l||^2              at several layers

Of several styles with weights w_i, the target is the mean A^l = sum_i w_i A^l_i.
"""

from collections.abc import Sequence
from typing import Any

from ankeras.input_gradients.image_parameters import image_parameters
from ankeras.input_gradients.network import check_photos, read_layer, read_layers
from ankeras.input_gradients.representation_inversion import relative_distance
from ankeras.input_gradients.texture_synthesis import (
    STYLE_LAYERS,
    gram_matrix,
    style_loss,
    style_of,
)
from ankeras.training.catalogue_row import Row
from ankeras.training.lbfgs import minimize_lbfgs
from ankeras.training.optimize_input import OptimizedInput

import keras
import numpy as np
from keras import ops

CONTENT_LAYER = "block_06"


def transfer_style(
    network: keras.Model,
    content: np.ndarray,
    styles: np.ndarray | Sequence[np.ndarray],
    *,
    weights: Sequence[float] | None = None,
    alpha: float = 0.01,
    beta: float = 1.0,
    content_layer: str = CONTENT_LAYER,
    style_layers: Sequence[str] = STYLE_LAYERS,
    steps: int = 400,
) -> OptimizedInput:
    """Return an image with the content of one image and the style of others.

    Args:
        network: a classifier that reads images of any size.
        content: (height, width, c).
        styles: one image (height, width, c) of any size, or a list of them.
        weights: weight of each style; their sum need not be 1. Default: equal.
        alpha: weight of the content.
        beta: weight of the style.
        content_layer: the layer that is compared position by position.
        style_layers: the layers whose Gram matrices are compared.
        steps: the largest number of steps of L-BFGS.

    Returns:
        x, one image (1, height, width, c), and the history: "loss" is L at the start and
        after each step.

    Raises:
        ValueError: if there is no such layer, an image does not fit the network, or there is not
            one weight per style.
    """
    given = [styles] if isinstance(styles, np.ndarray) and styles.ndim == 3 else list(styles)
    shares = np.ones(len(given)) if weights is None else np.asarray(weights, "float64")
    if shares.shape != (len(given),) or shares.min() < 0 or not shares.sum() > 0:
        raise ValueError(f"{len(given)} styles need {len(given)} weights from 0, not {weights}.")
    shares /= shares.sum()
    x_0 = check_photos(network, np.asarray(content)[None])
    grams = [style_of(network, style[None], style_layers) for style in given]
    target = [
        sum(share * gram for share, gram in zip(shares, of_layer, strict=True)).astype("float32")
        for of_layer in zip(*grams, strict=True)
    ]
    reader = read_layers(network, [*style_layers, content_layer])
    content_features = reader.predict(x_0, verbose=0)[-1]
    parameters = image_parameters("fourier", x_0.shape[1:])

    def features(z: Any) -> list:
        return reader(parameters.decode(z), training=False)

    def loss(z: Any) -> Any:
        *style, content = features(z)
        of_content = relative_distance(content, content_features)
        of_style = style_loss([gram_matrix(f) for f in style], target)
        return alpha * of_content + beta * of_style

    found = minimize_lbfgs(loss, parameters.encode(x_0), steps=steps)
    return found._replace(x=ops.convert_to_numpy(parameters.decode(found.x)))


def content_distance(
    network: keras.Model, images: np.ndarray, content: np.ndarray, layer: str = CONTENT_LAYER
) -> np.ndarray:
    """Return L_content between images and a content: (n,); 0 for the content itself.

    Args:
        network: a classifier.
        images: (n, height, width, c).
        content: (height, width, c).
        layer: the layer that is compared.
    """
    reader = read_layer(network, layer)
    theta, theta_0 = (
        reader.predict(check_photos(network, x), verbose=0, batch_size=8)
        for x in (images, content[None])
    )
    return ops.convert_to_numpy(relative_distance(theta, theta_0))


ROWS = (
    Row(
        name="style transfer",
        builds=transfer_style,
        lecture="NOTES, lesson 10; ATIV, almost training-free",
        paper="Gatys 2016",
        notebook="15",
    ),
)
