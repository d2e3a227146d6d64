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
from ankeras.training.lbfgs import minimize_lbfgs
from ankeras.training.optimize_input import OptimizedInput

import keras
import numpy as np
from keras import ops


def invert_representation(
    network: keras.Model,
    layer: str,
    images: np.ndarray,
    *,
    lam: float = 0.01,
    image: str = "fourier",
    steps: int = 256,
    seed: int = 0,
) -> OptimizedInput:
    """Return images with the representations of given images, found from noise by L-BFGS.

    Args:
        network: a classifier, or any model of one image.
        layer: the layer whose output is the representation Theta.
        images: (n, height, width, c), the images x_0. They only enter through Theta_0. Repeat an
            image to get several solutions.
        lam: weight lambda of the total variation.
        image: "fourier" or "pixels", see `image_parameters`.
        steps: the largest number of steps.
        seed: seed of the noise.

    Returns:
        x, of the shape of the images, and the history: "loss" is l + lambda R at the start and
        after each step, averaged over the images.

    Raises:
        ValueError: if there is no such layer or parameterization, or the images do not fit.
    """
    theta = read_layer(network, layer)
    images = check_photos(network, images)
    theta_0 = theta.predict(images, verbose=0, batch_size=8)
    parameters = image_parameters(image, images.shape[1:])
    noise = np.random.default_rng(seed).normal(0, 0.01, images.shape).astype("float32")
    starts = parameters.encode(np.full(images.shape, 0.5)) + noise
    found, losses = [], np.empty((len(images), steps + 1), "float32")
    for i in range(len(images)):

        def objective(z: Any, theta_0: np.ndarray = theta_0[i : i + 1]) -> Any:
            x = parameters.decode(z)
            return relative_distance(theta(x, training=False), theta_0) + lam * total_variation(x)

        reached = minimize_lbfgs(
            objective,
            starts[i : i + 1],
            steps=steps,
            bounds=None if parameters.project is None else (0.0, 1.0),
        )
        loss = reached.history["loss"]
        # an image whose loss can't fall further keeps it
        losses[i] = np.pad(loss, (0, steps + 1 - len(loss)), mode="edge")
        found.append(ops.convert_to_numpy(parameters.decode(reached.x)))
    return OptimizedInput(np.concatenate(found), {"loss": losses.mean(axis=0)})


def relative_distance(theta: Any, theta_0: Any) -> Any:
    """Return l = ||Theta - Theta_0||^2 / ||Theta_0||^2 of each image: (n, ...) -> (n,)."""
    axes = tuple(range(1, len(theta.shape)))
    squared = ops.sum(ops.square(ops.subtract(theta, theta_0)), axis=axes)
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
