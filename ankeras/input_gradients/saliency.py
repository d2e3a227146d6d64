"""Maps of what mattered: which pixels of an image made a classifier answer as it does.

Source: NOTES, lesson 10: "what information from the input image is considered relevant by the
neural network?"; Simonyan et al. 2014 (gradient); Shrikumar et al. 2017 (gradient times input);
Sundararajan et al. 2017 (integrated gradients); Selvaraju et al. 2017 (Grad-CAM); Petsiuk et al.
2018 (deletion).

    gradient:               m = max over channels of |d s_c / dx|
    gradient times input:   m = |sum over channels of x d s_c / dx|
    integrated gradients:   m = sum over channels of (x - b) g,
                            g = mean of d s_c / dx over points of the straight line from b to x
    Grad-CAM:               m = ReLU(sum_k w_k A_k),    w_k = mean over positions of d s_c / dA_k

s_c is the score of the class c, A_k is feature map k of a deep layer, b is the image blurred until
nothing can be read from it. A map always looks like an answer. The deletion test asks whether it is
one: the image is made unreadable cell by cell, in the order of the map. The faster the probability
of c falls, the better the map says what mattered.
"""

from typing import Any

from ankeras.input_gradients.network import (
    after_layer,
    check_classes,
    check_photos,
    layer_shapes,
    read_layer,
    read_scores,
)
from ankeras.training.autodiff import input_gradient
from ankeras.training.catalogue_row import Row

import keras
import numpy as np
from keras import ops
from skimage.filters import gaussian
from skimage.transform import resize

MAPS = ("gradient", "gradient times input", "integrated gradients", "grad-cam")
POINTS = 16  # of the line of integrated gradients
CELLS = 14  # cells per side in the deletion test


def saliency_map(
    network: keras.Model,
    images: np.ndarray,
    kind: str = "grad-cam",
    *,
    classes: Any = None,
    layer: str | None = None,
) -> np.ndarray:
    """Return how much each pixel matters for a class: (n, height, width).

    The values are >= 0, but integrated gradients are negative where a pixel speaks against the
    class: their sum is the score of the image less that of the blurred image.

    Args:
        network: a classifier.
        images: (n, height, width, c).
        kind: one of `MAPS`.
        classes: the class c, or one for each image. Default: the class that the network reads.
        layer: for Grad-CAM, the layer of the feature maps A. Default: the deepest with positions.

    Raises:
        ValueError: if the kind or the layer does not exist, or images or classes do not fit.
    """
    if kind not in MAPS:
        raise ValueError(f"There is no map {kind!r}; there are {', '.join(MAPS)}.")
    x = check_photos(network, images)
    read = read_scores(network)
    if classes is None:
        classes = read.predict(x, verbose=0).argmax(axis=1)
    c = check_classes(network, classes, len(x))
    if kind == "grad-cam":
        return _grad_cam(network, x, c, layer or deepest_map(network))
    if kind == "integrated gradients":
        return _integrated_gradients(read, x, c)
    slope = _slope(read, x, c)
    if kind == "gradient":
        return np.abs(slope).max(axis=-1)
    return np.abs((slope * x).sum(axis=-1))


def deepest_map(network: keras.Model) -> str:
    """Return the name of the last layer whose output has positions.

    Raises:
        ValueError: if there is none.
    """
    shapes = layer_shapes(network)
    names = [name for name, shape in shapes.items() if len(shape) == 4]
    if not names:
        raise ValueError("No layer of this network has positions, so it has no Grad-CAM.")
    return names[-1]


def _grad_cam(network: keras.Model, x: np.ndarray, c: np.ndarray, layer: str) -> np.ndarray:
    a = read_layer(network, layer).predict(x, verbose=0, batch_size=8)
    if a.ndim != 4:
        raise ValueError(f"The layer {layer!r} has no positions, so it has no Grad-CAM.")
    w = _slope(after_layer(network, layer), a, c).mean(axis=(1, 2), keepdims=True)
    m = np.maximum((w * a).sum(axis=-1), 0)
    # order=1: the map of the few positions of A, smooth between them
    return np.stack([resize(row, x.shape[1:3], order=1) for row in m]).astype("float32")


def _integrated_gradients(read: keras.Model, x: np.ndarray, c: np.ndarray) -> np.ndarray:
    b = np.stack([_blurred(image) for image in x])
    line = [b + (i + 0.5) / POINTS * (x - b) for i in range(POINTS)]
    g = np.mean([_slope(read, point, c) for point in line], axis=0)
    return ((x - b) * g).sum(axis=-1)


def _blurred(image: np.ndarray) -> np.ndarray:
    """Return an image (height, width, c) so blurred that nothing can be read from it."""
    return gaussian(image, sigma=min(image.shape[:2]) / 12, channel_axis=-1)


def _slope(read: keras.Model, x: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return the gradient of the score of class c_i with respect to x_i: of the shape of x."""
    one_hot = np.eye(read.output_shape[-1], dtype="float32")[c]

    def score(x: Any) -> Any:
        return ops.sum(ops.multiply(read(x, training=False), one_hot), axis=1)

    _, slope = input_gradient(score, ops.convert_to_tensor(x))
    return ops.convert_to_numpy(slope)


def deletion_curve(
    network: keras.Model,
    image: np.ndarray,
    order: np.ndarray,
    *,
    label: int | None = None,
    steps: int = 28,
) -> np.ndarray:
    """Return the probability of a class while an image is made unreadable, cell by cell.

    Args:
        network: a classifier that returns probabilities.
        image: (height, width, c).
        order: (height, width), a map: the cells with the largest sums are deleted first. A deleted
            cell shows the image blurred, so that no new edges appear but those of the cells.
        label: the class. Default: what the network reads.
        steps: number of steps from the image to nothing.

    Returns:
        (steps + 1,), the probability after 0, 1/steps, ..., all cells.

    Raises:
        ValueError: if the map does not fit the image, the image or the label does not fit the
            network, or steps < 1.
    """
    if steps < 1:
        raise ValueError(f"steps is at least 1, not {steps}.")
    if label is not None:
        check_classes(network, label, 1)
    x = check_photos(network, image[None])[0]
    if order.shape != x.shape[:2]:
        raise ValueError(f"A map of {order.shape} does not fit an image of {x.shape[:2]}.")
    cell_of = _cells(x.shape[:2])
    sums = np.bincount(cell_of.ravel(), order.ravel(), minlength=CELLS**2)
    rank = np.empty(CELLS**2, int)
    rank[np.argsort(-sums, kind="stable")] = np.arange(CELLS**2)
    limits = np.round(np.linspace(0, CELLS**2, steps + 1))
    deleted = rank[cell_of][None] < limits[:, None, None]
    stages = np.where(deleted[..., None], _blurred(x), x).astype("float32")
    p = network.predict(np.clip(stages, 0, 1), verbose=0, batch_size=8)
    return p[:, p[0].argmax() if label is None else label]


def deletion_area(curve: np.ndarray) -> float:
    """Return the area under a deletion curve, in [0, 1]: small if the map is right."""
    return float(np.trapezoid(curve, dx=1 / (len(curve) - 1)))


def random_order(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Return a map that gives each cell of the deletion test a random value: the baseline.

    It deletes the same cells as other maps do, in a random order. Random pixels would be no fair
    baseline: their noise alone confuses a network.
    """
    values = np.random.default_rng(seed).random(CELLS**2)
    return values[_cells(shape)] / np.bincount(_cells(shape).ravel())[_cells(shape)]


def _cells(shape: tuple[int, int]) -> np.ndarray:
    """Return the number of the cell in which each pixel is: (height, width)."""
    row, column = (np.arange(side) * CELLS // side for side in shape)
    return row[:, None] * CELLS + column[None]


ROWS = (
    Row(
        name="maps of what mattered",
        builds=saliency_map,
        lecture="NOTES, lesson 10",
        paper="Selvaraju 2017",
        notebook="14",
    ),
)
