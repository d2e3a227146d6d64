"""The lecture's builders: encoder, decoder and autoencoder.

Source: AN2DL, "Code for the encoder function" to "Code for the autoencoder". Each block is a
convolution (or dense layer) + batch normalization + ReLU, as on the slides. The encoder halves
the image by a stride of 2. The decoder doubles it by up-sampling.

    E: R^n -> R^d, z = E(s)        D: R^d -> R^n, s_hat = D(z)
"""

import math
from collections.abc import Sequence
from typing import Any

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
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
from keras import layers


def get_encoder(
    enc_input_shape: Shape = (28, 28, 1),
    enc_output_shape: Shape = (2,),
    *,
    kind: str = "conv",
    widths: Sequence[int] | None = None,
    activation: str = "relu",
    batch_norm: bool = True,
    condition_dim: int | None = None,
    condition_by: str = "append",
    seed: int = 42,
) -> keras.Model:
    """Build the encoder E: image -> latent representation z.

    Args:
        enc_input_shape: image shape (height, width, channels) of any sides; for "mlp" any shape.
        enc_output_shape: the latent dimension d, as an integer or (d,).
        kind: "conv" (stride-2 convolutions) or "mlp" (dense layers on the flattened image).
        widths: channels (conv) or units (mlp) of each block, outermost first; () leaves only
            the output layer. Default: CONV_WIDTHS or MLP_WIDTHS.
        activation: activation of the hidden blocks.
        batch_norm: whether a block holds batch normalization, as on the slides.
        condition_dim: if given, the network has a second input, a condition (batch,
            condition_dim), such as a one-hot label.
        condition_by: how the condition enters, as `conditioning.py` describes it: "append" (to
            the image as constant channels, for "mlp" to the flattened image; in a decoder or
            generator to z) or "film" (it modulates the features of each block).
        seed: seed of the initial weights.

    Returns:
        A model named "encoder": (batch, *enc_input_shape) -> (batch, d), linear output; with a
        condition [(batch, *enc_input_shape), (batch, condition_dim)] -> (batch, d).

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    image_shape = checked_image_shape(enc_input_shape, kind)
    latent_dim = checked_latent_dim(enc_output_shape)
    widths = checked_widths(widths, kind)
    condition = Condition(condition_dim, condition_by)
    seeded = SeededLayers(seed)
    block = Block(seeded, activation, "batch" if batch_norm else None, condition)

    input_layer = layers.Input(shape=image_shape, name="input_layer")
    if kind == "conv":
        x = condition.append_to(input_layer)
        check_depth(image_shape, widths)
        for width in widths:
            x = block(layers.Conv2D, x, width, kernel_size=3, padding="same", strides=2)
        x = layers.Flatten()(x)
    else:
        x = condition.append_to(layers.Flatten()(input_layer))
        for width in widths:
            x = block(layers.Dense, x, width)
    # float32, so that a code's logarithm of a variance keeps its digits under a mixed policy
    code = seeded(layers.Dense, latent_dim, dtype="float32", name="output_layer")
    output_layer = code(x)
    return keras.Model(inputs=condition.inputs(input_layer), outputs=output_layer, name="encoder")


def get_decoder(
    dec_input_shape: Shape = (2,),
    dec_output_shape: Shape = (28, 28, 1),
    *,
    kind: str = "conv",
    widths: Sequence[int] | None = None,
    upsampling: str = "nearest",
    activation: str = "relu",
    output_activation: str = "sigmoid",
    batch_norm: bool = True,
    condition_dim: int | None = None,
    condition_by: str = "append",
    seed: int = 42,
) -> keras.Model:
    """Build the decoder D: latent representation z -> image.

    Args:
        dec_input_shape: the latent dimension d, as an integer or (d,).
        dec_output_shape: image shape (height, width, channels) of any sides; for "mlp" any shape.
        kind: "conv" (up-sampling blocks) or "mlp" (dense layers, then reshaped).
        widths: channels or units of each block, outermost first, as given to `get_encoder`:
            the decoder mirrors it. Default: CONV_WIDTHS or MLP_WIDTHS.
        upsampling: "nearest" or "bilinear" (UpSampling2D + Conv2D, as on the slides) or
            "transposed" (Conv2DTranspose with stride 2).
        activation: activation of the hidden blocks.
        output_activation: "sigmoid" for images in [0, 1], "tanh" for [-1, 1], or "linear".
        batch_norm: whether a block holds batch normalization, as on the slides.
        condition_dim, condition_by: as in `get_encoder`.
        seed: seed of the initial weights.

    Returns:
        A model named "decoder": (batch, d) -> (batch, *dec_output_shape); with a condition
        [(batch, d), (batch, condition_dim)] -> (batch, *dec_output_shape).

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    latent_dim = checked_latent_dim(dec_input_shape)
    image_shape = checked_image_shape(dec_output_shape, kind)
    widths = checked_widths(widths, kind)
    if upsampling not in ("nearest", "bilinear", "transposed"):
        raise ValueError(
            f'upsampling must be "nearest", "bilinear" or "transposed", not {upsampling!r}.'
        )
    if output_activation not in ("sigmoid", "tanh", "linear"):
        raise ValueError(
            f'output_activation must be "sigmoid", "tanh" or "linear", not {output_activation!r}.'
        )
    condition = Condition(condition_dim, condition_by)
    seeded = SeededLayers(seed)
    block = Block(seeded, activation, "batch" if batch_norm else None, condition)

    input_layer = layers.Input(shape=(latent_dim,), name="input_layer")
    x = condition.append_to(input_layer)
    if kind == "conv":
        check_depth(image_shape, widths)
        *sizes, (n_rows, n_cols) = halved_sizes(image_shape, len(widths))
        n_channels = widths[-1] if widths else image_shape[-1]
        x = block(layers.Dense, x, n_rows * n_cols * n_channels)
        x = layers.Reshape((n_rows, n_cols, n_channels))(x)
        # Each doubling takes the channels of the encoder at that size; the image itself has too
        # many pixels for that, so the last block has half of the outermost width.
        inner = [*widths[:-1][::-1], max(widths[0] // 2, 1)] if widths else []
        for width, size in zip(inner, reversed(sizes), strict=True):
            if upsampling == "transposed":
                x = block(
                    layers.Conv2DTranspose, x, width, kernel_size=3, padding="same", strides=2
                )
                x = crop(x, size)
            else:
                x = layers.UpSampling2D(interpolation=upsampling)(x)
                x = crop(x, size)
                x = block(layers.Conv2D, x, width, kernel_size=3, padding="same")
        x = seeded(layers.Conv2D, image_shape[-1], kernel_size=3, padding="same")(x)
    else:
        for width in reversed(widths):
            x = block(layers.Dense, x, width)
        x = seeded(layers.Dense, math.prod(image_shape))(x)
        x = layers.Reshape(image_shape)(x)
    # float32 so that the loss is computed in full precision under a mixed policy.
    output_layer = layers.Activation(output_activation, name="output_layer", dtype="float32")(x)
    return keras.Model(inputs=condition.inputs(input_layer), outputs=output_layer, name="decoder")


def get_autoencoder(
    ae_input_shape: Shape = (28, 28, 1),
    ae_output_shape: Shape | None = None,
    *,
    latent_dim: int = 2,
    kind: str = "conv",
    widths: Sequence[int] | None = None,
    upsampling: str = "nearest",
    activation: str = "relu",
    output_activation: str = "sigmoid",
    batch_norm: bool = True,
    seed: int = 42,
) -> keras.Model:
    """Build the autoencoder D(E(s)), with its players as `get_layer("encoder")`, `"decoder"`.

    Args:
        ae_input_shape: shape of the image that E reads.
        ae_output_shape: shape of the image that D draws. Default: `ae_input_shape`.
        latent_dim: the size d of the code.
        kind, widths, upsampling, activation, output_activation, batch_norm, seed: as in
            `get_encoder` and `get_decoder`.

    Returns:
        A model named "autoencoder": (batch, *ae_input_shape) -> (batch, *ae_output_shape).

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    common: dict[str, Any] = {
        "kind": kind,
        "widths": widths,
        "activation": activation,
        "batch_norm": batch_norm,
    }
    encoder = get_encoder(ae_input_shape, latent_dim, seed=seed, **common)
    decoder = get_decoder(
        latent_dim,
        ae_input_shape if ae_output_shape is None else ae_output_shape,
        upsampling=upsampling,
        output_activation=output_activation,
        seed=seed + 1,
        **common,
    )
    input_layer = layers.Input(shape=encoder.input_shape[1:], name="input_layer")
    z = encoder(input_layer)
    output_layer = decoder(z)
    return keras.Model(inputs=input_layer, outputs=output_layer, name="autoencoder")


ROWS = (
    Row(
        name="autoencoder",
        builds=get_autoencoder,
        lecture="AN2DL, Autoencoders",
        paper="",
        notebook="01",
        learns_from="x, x",
        tiny=lambda: get_autoencoder(TINY_SHAPE, latent_dim=TINY_LATENT_DIM, widths=(4, 8)),
    ),
)
