"""The networks of a GAN, by the guidelines of Radford et al.

Source: ATIV, "Architecture guidelines for stable Deep Convolutional GANs".

    G: R^d -> R^n, s_hat = G(z)    D: R^n -> R, a logit; its sigmoid is the posterior "s is real"
"""

import math
from collections.abc import Sequence

from ankeras.builders.blocks import (
    Block,
    SeededLayers,
    Shape,
    check_depth,
    checked_image_shape,
    checked_latent_dim,
    checked_widths,
    crop,
    halved_sizes,
)
from ankeras.builders.conditioning import Condition
from ankeras.builders.minibatch_std import MinibatchStd

import keras
from keras import layers

GAN_WIDTH = 32


def get_generator(
    latent_dim: Shape = 64,
    image_shape: Shape = (28, 28, 1),
    *,
    kind: str = "conv",
    widths: Sequence[int] | None = None,
    condition_dim: int | None = None,
    condition_by: str = "append",
    seed: int = 42,
) -> keras.Model:
    """Build the generator G: noise z -> image.

    "conv" follows the advice of Radford et al. (ATIV): z is projected and reshaped,
    fractionally-strided convolutions double the image, no hidden layer is fully connected, each
    block holds batch normalization and ReLU, and tanh draws the image. Images of this package lie
    in [0, 1]. So the last layer rescales tanh's [-1, 1], and the discriminator's first layer
    rescales images back to [-1, 1].

    Args:
        latent_dim: the size d of z.
        image_shape: image shape (height, width, channels) of any sides; for "mlp" any shape.
        kind: "conv" or "mlp" (dense layers with ReLU, as in Goodfellow et al. 2014).
        widths: channels or units of each block, outermost first. Default: MLP_WIDTHS, or as many
            blocks of `gan_widths` as bring the image down to at most 7 pixels.
        condition_dim, condition_by: as in `get_encoder`.
        seed: seed of the initial weights.

    Returns:
        A model named "generator": (batch, d) -> (batch, *image_shape), values in [0, 1]; with a
        condition [(batch, d), (batch, condition_dim)] -> (batch, *image_shape).

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    latent_dim = checked_latent_dim(latent_dim)
    image_shape = checked_image_shape(image_shape, kind)
    condition = Condition(condition_dim, condition_by)
    seeded = SeededLayers(seed)
    block = Block(seeded, "relu", "batch" if kind == "conv" else None, condition)

    input_layer = layers.Input(shape=(latent_dim,), name="input_layer")
    x = condition.append_to(input_layer)
    if kind == "conv":
        widths = checked_widths(widths, kind, gan_widths(image_shape))
        check_depth(image_shape, widths)
        *sizes, (n_rows, n_cols) = halved_sizes(image_shape, len(widths))
        x = seeded(layers.Dense, n_rows * n_cols * widths[-1], use_bias=False)(x)
        x = block.after(layers.Reshape((n_rows, n_cols, widths[-1]))(x))
        up = {"kernel_size": 4, "strides": 2, "padding": "same"}  # 4: no checkerboard at stride 2
        for width, size in zip(widths[-2::-1], sizes[:0:-1], strict=True):
            x = seeded(layers.Conv2DTranspose, width, use_bias=False, **up)(x)
            x = block.after(crop(x, size))
        x = crop(seeded(layers.Conv2DTranspose, image_shape[-1], **up)(x), sizes[0])
    else:
        for width in reversed(checked_widths(widths, kind)):
            x = block(layers.Dense, x, width)
        x = seeded(layers.Dense, math.prod(image_shape))(x)
        x = layers.Reshape(image_shape)(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    output_layer = layers.Rescaling(0.5, offset=0.5, dtype="float32", name="output_layer")(x)
    return keras.Model(inputs=condition.inputs(input_layer), outputs=output_layer, name="generator")


def get_discriminator(
    image_shape: Shape = (28, 28, 1),
    *,
    kind: str = "conv",
    widths: Sequence[int] | None = None,
    batch_norm: bool = True,
    spectral_norm: bool = False,
    minibatch_std: bool = False,
    condition_dim: int | None = None,
    condition_by: str = "append",
    auxiliary: int = 0,
    seed: int = 42,
) -> keras.Model:
    """Build the discriminator D: image -> logit that it is real.

    "conv" follows the advice of Radford et al. (ATIV): strided convolutions instead of pooling,
    batch normalization in all blocks but the first, LeakyReLU, no hidden layer fully connected.

    Args:
        image_shape: as in `get_generator`.
        kind: "conv" or "mlp".
        widths: as in `get_generator`, but down to at most 4 pixels: at 7 pixels
            D does not see the whole of a digit.
        batch_norm: whether the inner blocks of "conv" hold batch normalization.
        spectral_norm: whether each layer's weights are divided by their largest singular value,
            as in `spectral_norm.py`. Batch normalization would undo this: turn it off.
        minibatch_std: whether D also sees how much the images of a minibatch differ, as in
            `minibatch_std.py`, against mode collapse.
        condition_dim, condition_by: as in `get_encoder`.
        auxiliary: if given, the size of a second output, linear in the same features: the class
            scores of an AC-GAN, or what an InfoGAN estimates of its codes.
        seed: seed of the initial weights.

    Returns:
        A model named "discriminator": (batch, *image_shape) -> (batch, 1) logits; with a condition
        it reads [(batch, *image_shape), (batch, condition_dim)], with an auxiliary output it
        returns [(batch, 1), (batch, auxiliary)].

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    image_shape = checked_image_shape(image_shape, kind)
    condition = Condition(condition_dim, condition_by)
    seeded = SeededLayers(seed, spectral_norm)
    block = Block(
        seeded, "leaky_relu", "batch" if batch_norm and kind == "conv" else None, condition
    )
    input_layer = layers.Input(shape=image_shape, name="input_layer")
    if kind == "conv":
        x = layers.Rescaling(2.0, offset=-1.0)(condition.append_to(input_layer))
        widths = checked_widths(widths, kind, gan_widths(image_shape, smallest=4))
        check_depth(image_shape, widths)
        down = {"kernel_size": 4, "strides": 2, "padding": "same"}
        for i, width in enumerate(widths):
            if i == 0:
                x = block.activate(seeded(layers.Conv2D, width, **down)(x))
            else:
                x = block(layers.Conv2D, x, width, **down)
        if minibatch_std:
            x = MinibatchStd()(x)
        x = layers.Flatten()(x)
    else:
        x = layers.Rescaling(2.0, offset=-1.0)(layers.Flatten()(input_layer))
        x = condition.append_to(x)
        for width in checked_widths(widths, kind):
            x = block(layers.Dense, x, width)
        if minibatch_std:
            x = MinibatchStd()(x)
    outputs = seeded(layers.Dense, 1, dtype="float32", name="output_layer")(x)
    if auxiliary:
        second = seeded(layers.Dense, auxiliary, dtype="float32", name="auxiliary")
        outputs = [outputs, second(x)]
    return keras.Model(inputs=condition.inputs(input_layer), outputs=outputs, name="discriminator")


def gan_widths(image_shape: Sequence[int], smallest: int = 7) -> tuple[int, ...]:
    """Return the channels of a GAN's convolutional blocks, outermost first.

    The channels double while the image halves, until its smaller side has `smallest` pixels or
    fewer.
    """
    n_blocks = max(math.ceil(math.log2(min(image_shape[:2]) / smallest)), 1)
    return tuple(min(GAN_WIDTH * 2**i, 256) for i in range(n_blocks))
