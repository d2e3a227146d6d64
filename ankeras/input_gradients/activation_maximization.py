"""Activation maximization: an image to which a part of a network reacts most.

Source: NOTES, lesson 10, "Gradient Ascent on Input"; Erhan et al. 2009, "Visualizing Higher-Layer
Features of a Deep Network".

    x  <-  x + step * d/dx [ a_i(x) - R(x) ],        start: noise

a_i(x) is the activation of a channel, a neuron, a class or a whole layer. Of a channel it is the
mean over all positions, so the whole image fills with its pattern. A neuron is one position of a
channel: the central one. Of a layer it is the mean of the squares. The activation of a class is its
score: "we can increase, starting from noise or any given picture, the score of whatever class we
want" (NOTES, "Distance from a target category").
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ankeras.input_gradients.image_parameters import image_parameters
from ankeras.input_gradients.network import check_photos, read_layer
from ankeras.input_gradients.regularizers import rolled, weighted
from ankeras.training.catalogue_row import Row
from ankeras.training.optimize_input import OptimizedInput, optimize_input

import keras
import numpy as np
from keras import ops

PARTS = ("channel", "neuron")


def maximize_activation(
    network: keras.Model,
    layer: str,
    units: int | Sequence[int] | None = None,
    *,
    part: str = "channel",
    size: int = 128,
    start: np.ndarray | None = None,
    image: str = "fourier",
    regularizers: Mapping[str, float] | None = None,
    jitter: int = 8,
    steps: int = 128,
    learning_rate: float | None = None,
    seed: int = 0,
) -> OptimizedInput:
    """Return one image for each unit, found by gradient ascent on the unit's activation.

    Args:
        network: a classifier, or any model of one image. It does not change.
        layer: name of a layer, or "scores" for a class.
        units: channels of the layer, or classes. Default: the whole layer.
        part: "channel" or "neuron", if the layer has positions.
        size: side of the images in pixels, if the network reads any size.
        start: (n, height, width, c), a picture for each unit. Default: faint noise around grey.
        image: "fourier" or "pixels", see `image_parameters`.
        regularizers: name -> weight, of `regularizers.REGULARIZERS`.
        jitter: largest shift in pixels, see `regularizers.rolled`.
        steps: number of steps of Adam.
        learning_rate: its learning rate. Default: one that suits `image`.
        seed: seed of the start and of the jitter.

    Returns:
        x, the images (n, height, width, c) in [0, 1], and the history: "loss" is R - a.

    Raises:
        ValueError: if there is no such layer, unit, part, parameterization or regularizer, or the
            start does not fit.
    """
    reader = read_layer(network, layer)
    chosen = None if units is None else np.atleast_1d(units)
    if part not in PARTS:
        raise ValueError(f"A part of a layer is a {' or a '.join(PARTS)}, not a {part!r}.")
    if chosen is not None:
        _check_units(reader, layer, chosen)
    n = 1 if chosen is None else len(chosen)
    if start is None:
        height, width, channels = reader.input_shape[1:]
        shape = (n, height or size, width or size, channels)
    else:
        start = check_photos(network, start)
        shape = start.shape
        if chosen is not None and len(start) != n:
            raise ValueError(f"{n} units need {n} pictures to start from, not {len(start)}.")
    parameters = image_parameters(image, shape[1:])
    if start is None:
        noise = np.random.default_rng(seed).normal(0, 0.01, shape).astype("float32")
        # noise in z: it has the same spectrum as what the steps add to it
        z = parameters.encode(np.full(shape, 0.5)) + noise
    else:
        z = parameters.encode(start)
    penalty = weighted(regularizers or {})
    move = rolled(jitter)

    def descent(z: Any, seed: Any) -> Any:
        x = parameters.decode(z)
        return x if move is None else move(x, seed)

    found = optimize_input(
        lambda x: -_activation(reader(x, training=False), chosen, part),
        z,
        steps=steps,
        learning_rate=parameters.learning_rate if learning_rate is None else learning_rate,
        regularizer=None if penalty is None else lambda z: penalty(parameters.decode(z)),
        jitter=descent,
        project=parameters.project,
        seed=seed,
    )
    return found._replace(x=ops.convert_to_numpy(parameters.decode(found.x)))


def activations(
    network: keras.Model,
    layer: str,
    images: np.ndarray,
    units: Sequence[int],
    part: str = "channel",
) -> np.ndarray:
    """Return the activation of each unit for each image: (n, units).

    Args:
        network, layer, part: as in `maximize_activation`.
        images: (n, height, width, c).
        units: channels of the layer, or classes.

    Raises:
        ValueError: as `maximize_activation`.
    """
    reader = read_layer(network, layer)
    chosen = np.asarray(units)
    _check_units(reader, layer, chosen)
    a = reader.predict(check_photos(network, images), verbose=0, batch_size=32)
    if a.ndim == 4:
        middle = a[:, a.shape[1] // 2, a.shape[2] // 2]
        a = middle if part == "neuron" else a.mean(axis=(1, 2))
    return a[:, chosen]


def _activation(outputs: Any, units: np.ndarray | None, part: str) -> Any:
    """Return a_i(x), one value per image."""
    a = outputs
    axes = tuple(range(1, len(a.shape)))
    if units is None:
        return ops.mean(ops.square(a), axis=axes)
    if len(a.shape) == 4:
        middle = a[:, a.shape[1] // 2, a.shape[2] // 2]
        a = middle if part == "neuron" else ops.mean(a, axis=(1, 2))
    one_hot = np.eye(a.shape[-1], dtype="float32")[units]
    return ops.sum(ops.multiply(a, one_hot), axis=1)


def _check_units(reader: keras.Model, layer: str, units: np.ndarray) -> None:
    output = reader.outputs[0]
    if len(output.shape) not in (2, 4):
        raise ValueError(f"The layer {layer!r} has neither channels nor classes: {output.shape}.")
    number = output.shape[-1]
    if units.dtype.kind not in "iu" or units.min() < 0 or units.max() >= number:
        raise ValueError(f"The units of {layer!r} are 0 to {number - 1}, not {units.tolist()}.")


ROWS = (
    Row(
        name="activation maximization",
        builds=maximize_activation,
        lecture="NOTES, lesson 10",
        paper="Erhan 2009",
        notebook="14",
    ),
)
