"""EfficientNet-Lite0, a classifier of photographs with 4.65 million weights.

Its layers have names, so that each of them can be looked at.

Source: Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Networks";
the Lite variant has ReLU6 instead of swish, and no squeeze-and-excitation.

    x  ->  stem  ->  block_01 ... block_16  ->  head  ->  pool  ->  scores  ->  probabilities

A block widens its input six times by a 1x1 convolution (its layer "expand"), filters each channel
by itself ("depthwise"), and narrows the result by a 1x1 convolution without activation. If the
shapes are equal, it adds its input.

The network is made to be looked at, not to be trained: each batch normalization is part of the
convolution before it. With fixed mean m and variance v, gamma (W x - m) / sqrt(v + eps) + beta is a
convolution with the kernel W gamma / sqrt(v + eps) and a bias.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

# number of blocks, side of the kernel, stride of the first block, factor of the width, width
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD, CLASSES = 32, 1280, 1000
EPSILON = 1e-3  # of the batch normalizations
SMALLEST_SIDE = 32  # pixels: all strides together divide a side by 32


def get_efficientnet_lite0(initializer: str = "he_normal") -> keras.Model:
    """Build EfficientNet-Lite0, not trained.

    Args:
        initializer: name of the Keras initializer of the kernels.

    Returns:
        (batch, height, width, 3) in [0, 1], of any size -> (batch, 1000) probabilities. It is not
        trainable, and it computes in float32.
    """
    options = {"padding": "same", "dtype": "float32", "kernel_initializer": initializer}
    image = layers.Input((None, None, 3), name="image")
    # (255 x - 127) / 128
    x = layers.Rescaling(255 / 128, -127 / 128, name="normalized", dtype="float32")(image)
    x = layers.Conv2D(STEM, 3, strides=2, name="stem_conv", **options)(x)
    x = layers.ReLU(6.0, dtype="float32", name="stem")(x)
    number = 0
    for blocks, kernel, stride, factor, width in STAGES:
        for i in range(blocks):
            number += 1
            strides = stride if i == 0 else 1
            x = _block(x, f"block_{number:02}", kernel, strides, factor, width, options)
    x = layers.Conv2D(HEAD, 1, name="head_conv", **options)(x)
    x = layers.ReLU(6.0, dtype="float32", name="head")(x)
    x = layers.GlobalAveragePooling2D(name="pool", dtype="float32")(x)
    scores = layers.Dense(CLASSES, name="scores", dtype="float32")(x)
    probabilities = layers.Softmax(name="probabilities", dtype="float32")(scores)
    network = keras.Model(image, probabilities, name="efficientnet_lite0")
    network.trainable = False
    return network


def _block(
    x: Any, name: str, kernel: int, strides: int, factor: int, width: int, options: dict[str, Any]
) -> Any:
    start, inner = x, factor * x.shape[-1]
    if factor > 1:
        x = layers.Conv2D(inner, 1, name=f"{name}_expand_conv", **options)(x)
        x = layers.ReLU(6.0, dtype="float32", name=f"{name}_expand")(x)
    of_depth = {"depthwise_initializer": options["kernel_initializer"], **options}
    del of_depth["kernel_initializer"]
    x = layers.DepthwiseConv2D(kernel, strides=strides, name=f"{name}_depthwise_conv", **of_depth)(
        x
    )
    x = layers.ReLU(6.0, dtype="float32", name=f"{name}_depthwise")(x)
    if strides == 1 and start.shape[-1] == width:
        x = layers.Conv2D(width, 1, name=f"{name}_project_conv", **options)(x)
        return layers.Add(name=name, dtype="float32")([start, x])
    return layers.Conv2D(width, 1, name=name, **options)(x)


def set_torch_weights(network: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Give EfficientNet-Lite0 the weights of its PyTorch form.

    Args:
        network: as `get_efficientnet_lite0` returns it.
        weights: name -> array: kernels (out, in, height, width), and the batch normalization after
            each of them.
    """
    _set(network, "stem_conv", "_conv_stem", "_bn0", weights)
    for i in range(sum(stage[0] for stage in STAGES)):
        name, torch_name = f"block_{i + 1:02}", f"_blocks.{i}"
        expands = f"{torch_name}._expand_conv.weight" in weights
        if expands:
            _set(
                network,
                f"{name}_expand_conv",
                f"{torch_name}._expand_conv",
                f"{torch_name}._bn0",
                weights,
            )
        _set(
            network,
            f"{name}_depthwise_conv",
            f"{torch_name}._depthwise_conv",
            f"{torch_name}._bn1",
            weights,
        )
        adds = isinstance(network.get_layer(name), layers.Add)
        _set(
            network,
            f"{name}_project_conv" if adds else name,
            f"{torch_name}._project_conv",
            f"{torch_name}._bn2",
            weights,
        )
    _set(network, "head_conv", "_conv_head", "_bn1", weights)
    network.get_layer("scores").set_weights([weights["_fc.weight"].T, weights["_fc.bias"]])


def _set(
    network: keras.Model, name: str, conv: str, norm: str, weights: Mapping[str, np.ndarray]
) -> None:
    """Set a layer to a convolution and the batch normalization after it."""
    layer = network.get_layer(name)
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + EPSILON)
    kernel = weights[f"{conv}.weight"] * scale[:, None, None, None]
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    layer.set_weights([kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0)), bias])
