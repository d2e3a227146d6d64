"""Representation inversion: an image with the same internal representation as a given one.

Source: NOTES, lesson 10; Mahendran and Vedaldi 2015, "Understanding Deep Image Representations by
Inverting Them".

    x = argmin_x  l(Theta(x), Theta_0) + lambda R(x),        Theta_0 = Theta(x_0),    start: noise

    l(Theta, Theta_0) = ||Theta - Theta_0||^2 / ||Theta_0||^2,    R: the total variation

"It is simpler to invert from the first layer, as we've lost less information." Several starts give
several images with one representation: what differs among them is what the layer has lost.
"""

from typing import Any

from ankeras.input_gradients.image_parameters import image_parameters
from ankeras.input_gradients.network import check_photos, read_layer
from ankeras.input_gradients.regularizers import total_variation
from ankeras.training.catalogue_row import Row
from ankeras.training.optimize_input import OptimizedInput, optimize_input

import keras
import numpy as np
from keras import ops


def invert_representation(
    network: keras.Model,
    layer: str,
    images: np.ndarray,
    *,
    lam: float = 1e-3,
    image: str = "fourier",
    steps: int = 256,
    learning_rate: float | None = None,
    seed: int = 0,
) -> OptimizedInput:
    """Return images with the representations of given images, found from noise.

    Args:
        network: a classifier, or any model of one image.
        layer: the layer whose output is the representation Theta.
        images: (n, height, width, c), the images x_0. They only enter through Theta_0. Repeat an
            image to get several solutions.
        lam: weight lambda of the total variation.
        image: "fourier" or "pixels", see `image_parameters`.
        steps: number of steps of Adam, whose learning rate falls to zero along half a cosine.
        learning_rate: that of the first step. Default: one that suits `image`.
        seed: seed of the noise.

    Returns:
        x, of the shape of the images, and the history: "loss" is l + lambda R.

    Raises:
        ValueError: if there is no such layer or parameterization, or the images do not fit.
    """
    theta = read_layer(network, layer)
    images = check_photos(network, images)
    theta_0 = ops.convert_to_tensor(theta.predict(images, verbose=0, batch_size=8))
    parameters = image_parameters(image, images.shape[1:])
    noise = np.random.default_rng(seed).normal(0, 0.01, images.shape).astype("float32")
    rate = parameters.learning_rate if learning_rate is None else learning_rate

    found = optimize_input(
        lambda z: relative_distance(theta(parameters.decode(z), training=False), theta_0),
        parameters.encode(np.full(images.shape, 0.5)) + noise,
        steps=steps,
        learning_rate=keras.optimizers.schedules.CosineDecay(rate, steps),
        regularizer=lambda z: total_variation(parameters.decode(z)),
        weight=lam,
        project=parameters.project,
        seed=seed,
    )
    return found._replace(x=ops.convert_to_numpy(parameters.decode(found.x)))


def relative_distance(theta: Any, theta_0: Any) -> Any:
    """Return l = ||Theta - Theta_0||^2 / ||Theta_0||^2 of each image: (n, ...) -> (n,)."""
    axes = tuple(range(1, len(theta.shape)))
    squared = ops.sum(ops.square(theta - theta_0), axis=axes)
    return squared / (ops.sum(ops.square(theta_0), axis=axes) + 1e-12)


ROWS = (
    Row(
        name="representation inversion",
        builds=invert_representation,
        lecture="NOTES, lesson 10",
        paper="Mahendran 2015",
        notebook="14",
    ),
)
