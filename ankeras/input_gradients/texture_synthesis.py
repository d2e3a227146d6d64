"""Texture synthesis: a new image with the Gram matrices of a texture.

Source: NOTES, lesson 10, "Style Transfer"; ATIV, "An almost-training-free approach"; Gatys et al.
2015, "Texture Synthesis Using Convolutional Neural Networks".

    G^l_{d1,d2} = F^l_{d1} . F^l_{d2} = sum_k F^l_{d1,k} F^l_{d2,k}        (D^l x D^l)

    L_style(x) = 1/L  sum_l  ||G^l(x) - A^l||^2 / ||A^l||^2,        start: noise

F^l is the output of layer l: D^l feature maps with M^l positions k each. A^l is the Gram matrix of
the texture. The sum over k forgets where a feature is, and keeps which features come together. Here
G is divided by M^l, so that images of different sizes can be compared, and each layer by the size
of its A^l: without that, a layer with large activations would count thousands of times more.
"""

from collections.abc import Sequence
from typing import Any

from ankeras.input_gradients.image_parameters import image_parameters
from ankeras.input_gradients.network import check_photos, read_layers
from ankeras.input_gradients.regularizers import rolled
from ankeras.training.catalogue_row import Row
from ankeras.training.optimize_input import OptimizedInput, optimize_input
from ankeras.training.schedules import falling_rate

import keras
import numpy as np
from keras import ops

STYLE_LAYERS = ("stem", "block_02_expand", "block_04_expand", "block_06_expand", "block_09_expand")


def gram_matrix(features: Any) -> Any:
    """Return the Gram matrices of feature maps: (n, height, width, d) -> (n, d, d).

    Entry (d1, d2) is the dot product of two feature maps, divided by the number of positions.
    """
    height, width, d = features.shape[1:]
    f = ops.reshape(features, (-1, height * width, d))
    return ops.matmul(ops.transpose(f, (0, 2, 1)), f) / (height * width)


def style_loss(gram: Sequence[Any], target: Sequence[Any]) -> Any:
    """Return 1/L sum_l ||G^l - A^l||^2 / ||A^l||^2 of each image: (n,).

    Args:
        gram, target: one array (n, d, d) or (1, d, d) per layer.
    """
    total = 0.0
    for g, a in zip(gram, target, strict=True):
        squared = ops.sum(ops.square(ops.subtract(g, a)), axis=(1, 2))
        total = total + squared / (ops.sum(ops.square(a), axis=(1, 2)) + 1e-12)
    return total / len(gram)


def style_of(
    network: keras.Model, images: np.ndarray, layers: Sequence[str] = STYLE_LAYERS
) -> list[np.ndarray]:
    """Return the Gram matrices of images, one array (n, d, d) per layer.

    Args:
        network: a classifier.
        images: (n, height, width, c).
        layers: names of layers with positions.

    Raises:
        ValueError: if there is no such layer, a layer has no positions, or the images do not fit.
    """
    reader = read_layers(network, layers)
    for name, output in zip(layers, reader.outputs, strict=True):
        if len(output.shape) != 4:
            raise ValueError(f"The layer {name!r} has no positions to sum over.")
    found = reader.predict(check_photos(network, images), verbose=0, batch_size=8)
    return [
        ops.convert_to_numpy(gram_matrix(ops.convert_to_tensor(f)))
        for f in (found if isinstance(found, list) else [found])
    ]


def style_distance(
    network: keras.Model,
    images: np.ndarray,
    style: np.ndarray,
    layers: Sequence[str] = STYLE_LAYERS,
) -> np.ndarray:
    """Return the style loss between images and a style: (n,); 0 for the style itself.

    Args:
        network, layers: as in `style_of`.
        images: (n, height, width, c).
        style: (height, width, c), of any size that the network reads.
    """
    grams, target = style_of(network, images, layers), style_of(network, style[None], layers)
    return ops.convert_to_numpy(style_loss(grams, target))


def synthesize_texture(
    network: keras.Model,
    texture: np.ndarray,
    *,
    n: int = 1,
    size: int = 128,
    layers: Sequence[str] = STYLE_LAYERS,
    jitter: int = 4,
    steps: int = 200,
    learning_rate: float = 0.05,
    seed: int = 0,
) -> OptimizedInput:
    """Return new images with the texture of a photograph.

    Args:
        network: a classifier that reads images of any size.
        texture: (height, width, c), the photograph.
        n: number of images; each starts from its own noise.
        size: their side in pixels.
        layers: the layers whose Gram matrices are compared.
        jitter: largest shift in pixels before each step.
        steps: number of steps of Adam, whose learning rate falls to zero along half a cosine.
        learning_rate: that of the first step.
        seed: seed of the noise and of the jitter.

    Returns:
        x, the images (n, size, size, c), and the history: "loss" is the style loss.

    Raises:
        ValueError: as `style_of`.
    """
    target = style_of(network, texture[None], layers)
    reader = read_layers(network, layers)
    fixed = network.input_shape[1:3]
    shape = (n, fixed[0] or size, fixed[1] or size, texture.shape[-1])
    parameters = image_parameters("fourier", shape[1:])
    mean = np.broadcast_to(texture.mean(axis=(0, 1)), shape)
    noise = np.random.default_rng(seed).normal(0, 0.3, shape).astype("float32")
    move = rolled(jitter)

    def jittered(z: Any, seed: Any) -> Any:
        x = parameters.decode(z)
        return x if move is None else move(x, seed)

    def loss(x: Any) -> Any:
        features = reader(x, training=False)
        return style_loss([gram_matrix(f) for f in _listed(features)], target)

    found = optimize_input(
        loss,
        parameters.encode(mean) + noise,
        steps=steps,
        learning_rate=falling_rate(learning_rate, steps),
        jitter=jittered,
        seed=seed,
    )
    return found._replace(x=ops.convert_to_numpy(parameters.decode(found.x)))


def _listed(features: Any) -> list:
    return list(features) if isinstance(features, list | tuple) else [features]


ROWS = (
    Row(
        name="texture synthesis",
        builds=synthesize_texture,
        lecture="ATIV, almost training-free",
        paper="Gatys 2015",
        notebook="15",
    ),
)
