"""The network of a diffusion model: a U-Net that is told how much of its input is signal.

Source: NOTES, lesson 14, "Sampling Procedure" ("a conditional UNet"), and lesson 16, "Concrete
Handling of the Condition" ("a form of Attention"); Ho et al., "Denoising diffusion probabilistic
models" (NeurIPS 2020), appendix B; for texts Rombach et al., "High-resolution image synthesis with
latent diffusion models" (CVPR 2022), section 3.3; for the scales a Dhariwal & Nichol, "Diffusion
models beat GANs on image synthesis" (NeurIPS 2021), section 3.1.

    h <- h + conv(relu(a * conv(relu(h)) + b)),  a = 1 + W_a e, b = W_b e, one pair per channel,
                                                 e = MLP(embedding of the signal rate, condition)
    h <- h + attention(LN(h + p), features)      for texts: each place asks the features of the
                                                 words; after each block of the coarsest resolution

The first convolution halves the sides and the last one doubles them again, so that no block works
on the full image: the same time of training then has three times the steps. There is no
normalization, which would cost a third of the time.

    f(x_t, alpha_t) = g(e) x_t + U(x_t, e),      one learnt gain g per channel

The noise is different in each pixel, and half as many places with few channels can hardly carry it.
With the gains, U only has to know the image. (Karras et al., "Elucidating the design space of
diffusion-based generative models", NeurIPS 2022, equation 7; their gain is a fixed function.)
"""

import math
from collections.abc import Sequence
from typing import Any

from ankeras.builders.attention import MultiHeadAttention, PositionalEncoding
from ankeras.builders.blocks import (
    SeededLayers,
    Shape,
    check_depth,
    checked_image_shape,
    checked_widths,
    crop,
)
from ankeras.builders.transformer import layer_norm

import keras
from keras import layers, ops

DIFFUSION_WIDTHS = (32, 64)
RATE_SIZE = 32  # of the embedding of a signal rate
N_HEADS = 4  # of the attention to a text
FLAT = {"kernel_size": 3, "padding": "same"}
HALVED = {"kernel_size": 4, "strides": 2, "padding": "same"}


@keras.saving.register_keras_serializable("ankeras")
class RateEmbedding(layers.Layer):
    """Embeds a rate in [0, 1] by sines and cosines: (batch, 1) -> (batch, size).

    The rate is read as the angle arccos(sqrt(rate)): along the cosine schedule it grows by equal
    steps.

    Source: Vaswani et al., "Attention is all you need" (NIPS 2017), section 3.5.

    Args:
        size: of the embedding, an even number. Between the rates 0 and 1 the slowest wave has one
            eighth of a period and the fastest has 32; each one is faster than the one before by the
            same factor.
    """

    def __init__(self, size: int = RATE_SIZE, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, rate: Any) -> Any:
        """Return the embedding."""
        angle = ops.arccos(ops.sqrt(ops.clip(rate, 0.0, 1.0))) / (0.5 * math.pi)
        periods = ops.exp(ops.linspace(math.log(1 / 8), math.log(32), self.size // 2))
        waves = 2 * math.pi * angle * periods
        return ops.concatenate([ops.sin(waves), ops.cos(waves)], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the layer again."""
        return {**super().get_config(), "size": self.size}


def residual_block(x: Any, width: int, e: Any, seeded: SeededLayers) -> Any:
    """Apply a residual block: (batch, h, w, any) -> (batch, h, w, width).

    Args:
        x: features.
        width: number of channels.
        e: (batch, n), what all places are told.
        seeded: makes the layers.
    """
    h = seeded(layers.Conv2D, width, **FLAT)(layers.ReLU()(x))
    b = layers.Reshape((1, 1, width))(seeded(layers.Dense, width)(e))
    # at the start a = 1
    a = layers.Dense(width, kernel_initializer="zeros", bias_initializer="ones")(e)
    h = layers.Multiply()([h, layers.Reshape((1, 1, width))(a)])
    h = layers.ReLU()(layers.Add()([h, b]))
    # small weights: at the start a block nearly passes on what it reads
    small = keras.initializers.VarianceScaling(0.01, seed=seeded.seed)
    h = layers.Conv2D(width, kernel_initializer=small, **FLAT)(h)
    if x.shape[-1] != width:
        x = seeded(layers.Conv2D, width, kernel_size=1)(x)
    return layers.Add()([x, h])


def ask_text(x: Any, features: Any, not_padding: Any, seeded: SeededLayers) -> Any:
    """Let each place of an image ask the features of a text: (batch, h, w, c), unchanged.

    Args:
        x: (batch, h, w, c). A place knows where it is by learnt encodings p.
        features: (batch, length, size).
        not_padding: bool (batch, length), which tokens may be asked.
        seeded: makes the layers.
    """
    height, width, channels = x.shape[1:]
    places = layers.Reshape((height * width, channels))(x)
    q = layer_norm(PositionalEncoding(learnt=True, seed=seeded.next_seed())(places))
    seed = seeded.next_seed(4)  # the attention has four linear maps
    h, _ = MultiHeadAttention(N_HEADS, seed=seed)(q, features, not_padding)
    return layers.Add()([x, layers.Reshape((height, width, channels))(h)])


def get_diffusion_unet(
    image_shape: Shape = (28, 28, 1),
    *,
    widths: Sequence[int] = DIFFUSION_WIDTHS,
    n_blocks: int = 1,
    condition_dim: int | None = None,
    text_shape: tuple[int, int] | None = None,
    image_condition: bool = False,
    stem: bool = True,
    seed: int = 42,
) -> keras.Model:
    """Build the network of a diffusion model: noisy image and signal rate -> prediction.

    Args:
        image_shape: (height, width, channels).
        widths: channels of each resolution, the finest first.
        n_blocks: residual blocks per resolution, on the way down and on the way up.
        condition_dim: size of a condition vector, such as the number of classes. Default: none.
        text_shape: (length, size) of the features of a text, one vector per token, which enter by
            cross-attention. Default: none.
        image_condition: whether the network also reads an image of the same shape and the signal
            rate of that image, as the upsampler of a cascade does.
        stem: whether the first convolution halves the sides. False for small inputs, such as the
            codes of an autoencoder.
        seed: seed of the initial weights.

    Returns:
        A model named "unet". Its inputs are the noisy image (batch, *image), its signal rate
        (batch, 1), and, where asked for, a condition (batch, condition_dim), the features of a
        text (batch, *text_shape) and which of its tokens are no padding, bool (batch, length), an
        image (batch, *image) and the signal rate (batch, 1) of that image. It draws
        (batch, *image), values without bounds, 0 at the start of a training.

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    image_shape = checked_image_shape(image_shape, "conv")
    widths = checked_widths(widths, "conv")
    check_depth(image_shape, widths if stem else widths[1:])
    if n_blocks < 1:
        raise ValueError(f"A resolution needs at least 1 block, not {n_blocks}.")
    seeded = SeededLayers(seed)
    outermost = HALVED if stem else FLAT

    noisy = layers.Input(image_shape, name="noisy_image")
    rate = layers.Input((1,), name="signal_rate")
    inputs, x = [noisy, rate], noisy
    e = RateEmbedding(dtype="float32")(rate)  # in 16 bits, nearby rates would be the same
    if condition_dim is not None:
        condition = layers.Input((condition_dim,), name="condition")
        inputs.append(condition)
        e = layers.Concatenate()([e, condition])
    if text_shape is not None:
        features = layers.Input(text_shape, name="token_features")
        not_padding = layers.Input(text_shape[:1], dtype="bool", name="not_padding")
        inputs += [features, not_padding]
    if image_condition:
        image = layers.Input(image_shape, name="image")
        image_rate = layers.Input((1,), name="image_rate")
        inputs += [image, image_rate]
        x = layers.Concatenate()([noisy, image])
        e = layers.Concatenate()([e, RateEmbedding(dtype="float32")(image_rate)])
    e = seeded(layers.Dense, 4 * widths[0], activation="relu")(e)
    e = seeded(layers.Dense, 4 * widths[0], activation="relu")(e)

    def blocks(x: Any, i: int) -> Any:
        """Apply the blocks of resolution i."""
        for _ in range(n_blocks):
            x = residual_block(x, widths[i], e, seeded)
            if text_shape is not None and i == len(widths) - 1:
                x = ask_text(x, features, not_padding, seeded)
        return x

    x = seeded(layers.Conv2D, widths[0], **outermost)(x)
    passed = []
    for i, width in enumerate(widths):
        if i:
            x = seeded(layers.Conv2D, width, **HALVED)(x)
        passed.append(x := blocks(x, i))
    for i in range(len(widths) - 1, -1, -1):
        if i < len(widths) - 1:
            x = seeded(layers.Conv2DTranspose, widths[i], **HALVED)(x)
            x = layers.Concatenate()([crop(x, passed[i].shape[1:3]), passed[i]])
        x = blocks(x, i)
    last = layers.Conv2DTranspose if stem else layers.Conv2D
    to_image = last(image_shape[-1], kernel_initializer="zeros", dtype="float32", **outermost)
    parts = [crop(to_image(layers.ReLU()(x)), noisy.shape[1:3])]
    for read in (noisy, image) if image_condition else (noisy,):
        gain = layers.Dense(
            image_shape[-1],
            kernel_initializer="zeros",
            dtype="float32",
            name=f"gain_of_{read.name}",
        )(e)
        gain = layers.Reshape((1, 1, image_shape[-1]))(gain)
        parts.append(layers.Multiply(dtype="float32")([read, gain]))
    drawn = layers.Add(dtype="float32", name="output_layer")(parts)
    return keras.Model(inputs, drawn, name="unet")
