"""What the builders share: the block of the slides with seeded weights, and checks of sizes."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from ankeras.builders.conditioning import Condition
from ankeras.builders.spectral_norm import SpectralNorm
from ankeras.training.checks import check_keras_settings

import keras
import numpy as np
from keras import layers

Shape = int | Sequence[int]
CONV_WIDTHS = (16, 32, 64)
MLP_WIDTHS = (256, 128)


def synchronize_batch_norm(model: keras.Model) -> None:
    """Let all batch normalization of a model average over the minibatch of all devices.

    Call it before `fit`. Otherwise each of TensorFlow's devices normalizes its part of a minibatch
    and keeps its statistics, and only those of the first device are saved. On JAX the average is
    always over all devices, and nothing changes.

    Args:
        model: a network, or a system with its networks.
    """
    if keras.backend.backend() != "tensorflow":
        return
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            synchronize_batch_norm(layer)
        elif isinstance(layer, layers.BatchNormalization):
            layer.synchronized = True


class SeededLayers:
    """Makes layers whose initial weights all differ, and all depend on one seed.

    Args:
        seed: seed of the initial weights.
        spectral_norm: whether the weights of each layer are divided by their largest singular
            value, as in `spectral_norm.py`.

    Raises:
        ValueError: if the seed is no integer.
    """

    def __init__(self, seed: int, spectral_norm: bool = False) -> None:
        if not isinstance(seed, Integral):
            raise ValueError(f"The seed of the initial weights is an integer, not {seed!r}.")
        self.seed: int = int(seed)
        self.spectral_norm: bool = spectral_norm

    def __call__(self, layer: type[layers.Layer], *sizes: Any, **options: Any) -> layers.Layer:
        """Return a dense or convolutional layer, `layer(*sizes, **options)`."""
        weights = keras.initializers.GlorotUniform(self.next_seed())
        made = layer(*sizes, kernel_initializer=weights, **options)
        if not self.spectral_norm:
            return made
        return SpectralNorm(made, name=made.name, dtype=made.dtype_policy)

    def next_seed(self, n: int = 1) -> int:
        """Return the first of n seeds that no layer has yet."""
        self.seed += n
        return self.seed - n + 1


class Block:
    """The block of the slides: layer + normalization + activation.

    Args:
        seeded: makes the layers.
        activation: name of the activation; "leaky_relu" has the slope 0.2 of Radford et al.
        normalization: "batch"; "instance", each channel of each image on its own; or None.
        condition: the condition of the network, which may modulate each block.
    """

    def __init__(
        self, seeded: SeededLayers, activation: str, normalization: str | None, condition: Condition
    ) -> None:
        self.seeded = seeded
        self.activation = activation
        self.normalization = normalization
        self.condition = condition

    def __call__(self, layer: type[layers.Layer], x: Any, width: int, **options: Any) -> Any:
        """Apply the whole block to x: layer, normalization, condition, activation."""
        # A normalization after the layer would subtract its bias again.
        x = self.seeded(layer, width, use_bias=self.normalization is None, **options)(x)
        return self.after(x)

    def after(self, x: Any) -> Any:
        """Apply what follows the layer: normalization, condition, activation."""
        if self.normalization == "instance":
            x = layers.GroupNormalization(groups=-1)(x)
        elif self.normalization == "batch":
            # With Keras's momentum of 0.99 the statistics would still lag behind after the few
            # hundred steps that a small training set allows.
            x = layers.BatchNormalization(momentum=0.95)(x)
        return self.activate(x)

    def activate(self, x: Any) -> Any:
        """Apply condition and activation."""
        x = self.condition.modulate(x)
        if self.activation == "leaky_relu":
            return layers.LeakyReLU(0.2)(x)
        return layers.Activation(self.activation)(x)


def crop(x: Any, size: tuple[int, int]) -> Any:
    """Cut the last row or column of an image that was doubled past an odd side."""
    extra = x.shape[1] - size[0], x.shape[2] - size[1]
    return layers.Cropping2D(((0, extra[0]), (0, extra[1])))(x) if any(extra) else x


def halved_sizes(image_shape: tuple[int, ...], n_blocks: int) -> list[tuple[int, int]]:
    """Return the (rows, columns) before and after each stride of 2, outermost first."""
    height, width = image_shape[:2]
    return [(math.ceil(height / 2**i), math.ceil(width / 2**i)) for i in range(n_blocks + 1)]


def checked_image_shape(shape: Shape, kind: str) -> tuple[int, ...]:
    """Return an image shape as a tuple of integers, or raise a ValueError."""
    check_keras_settings()
    if kind not in ("conv", "mlp"):
        raise ValueError(f'kind must be "conv" or "mlp", not {kind!r}.')
    image_shape = _integers(shape, "An image shape")
    if kind == "conv" and len(image_shape) != 3:
        raise ValueError(
            f"A convolutional network needs an image shape (height, width, channels), "
            f"not {image_shape}."
        )
    if not image_shape or min(image_shape) < 1:
        raise ValueError(f"Every side of an image shape must be at least 1, not {image_shape}.")
    return image_shape


def checked_latent_dim(shape: Shape) -> int:
    """Return the latent dimension d, given as d or (d,), or raise a ValueError."""
    dims = _integers(shape, "The latent dimension")
    if len(dims) != 1 or dims[0] < 1:
        raise ValueError(
            f"The latent representation is a vector: give d >= 1 or (d,), not {shape}."
        )
    return dims[0]


def checked_widths(
    widths: Shape | None, kind: str, default: tuple[int, ...] = CONV_WIDTHS
) -> tuple[int, ...]:
    """Return the widths of the blocks as integers, or their default, or raise a ValueError."""
    if widths is None:
        return default if kind == "conv" else MLP_WIDTHS
    found = _integers(widths, "The width of each block")
    if any(width < 1 for width in found):
        raise ValueError(f"Every block needs a width of at least 1, not {found}.")
    return found


def _integers(sizes: Any, what: str) -> tuple[int, ...]:
    """Return one size or a sequence of sizes as a tuple of Python integers."""
    found = tuple(sizes) if isinstance(sizes, Sequence | np.ndarray) else (sizes,)
    if not all(isinstance(size, Integral) and not isinstance(size, bool) for size in found):
        raise ValueError(f"{what} consists of integers that are known, not {sizes!r}.")
    return tuple(int(size) for size in found)


def check_depth(image_shape: tuple[int, ...], widths: Sequence[int]) -> None:
    """Raise a ValueError if an image can't be halved as often as there are widths."""
    deepest = math.ceil(math.log2(min(image_shape[:2])))
    if len(widths) > deepest:
        raise ValueError(
            f"An image of {image_shape[0]}x{image_shape[1]} can be halved {deepest} times, "
            f"but {len(widths)} blocks were asked for: give fewer widths or a larger image."
        )
