"""The lecture's builders: networks that the systems are assembled from.

Source: AN2DL, "Code for the encoder function" to "Code for the autoencoder". Each block is
convolution (or dense layer) + batch normalization + ReLU, as on the slides: the encoder halves
the image by a stride of 2, the decoder doubles it by up-sampling.

    E: R^n -> R^d, z = E(s)        D: R^d -> R^n, s_hat = D(z)

The networks of GANs follow the guidelines of Radford et al. (ATIV, "Architecture guidelines for
stable Deep Convolutional GANs").

    G: R^d -> R^n, s_hat = G(z)    D: R^n -> R, a logit; its sigmoid is the posterior "s is real"
"""

import math
from collections.abc import Sequence
from typing import Any

from ankeras.conditioning import FiLM
from ankeras.spectral import SpectralNorm

import keras
from keras import layers

Shape = int | Sequence[int]

CONV_WIDTHS = (16, 32, 64)
MLP_WIDTHS = (256, 128)
GAN_WIDTH = 32


def get_encoder(
    enc_input_shape: Shape = (28, 28, 1),
    enc_output_shape: Shape = (2,),
    *,
    kind: str = "conv",
    widths: Sequence[int] | None = None,
    activation: str = "relu",
    batch_norm: bool = True,
    n_classes: int | None = None,
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
        n_classes: if given, the network has a second input, the one-hot label (batch, n_classes),
            which modulates the features of each block (FiLM; NOTES, lesson 16).
        seed: seed of the initial weights.

    Returns:
        A model named "encoder": (batch, *enc_input_shape) -> (batch, d), linear output.

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    image_shape = _image_shape(enc_input_shape, kind)
    latent_dim = _latent_dim(enc_output_shape)
    widths = _widths(widths, kind)
    label = _label_input(n_classes)
    block = _Block(activation, batch_norm, seed, label)

    input_layer = layers.Input(shape=image_shape, name="input_layer")
    x = input_layer
    if kind == "conv":
        _refuse_too_deep(image_shape, widths)
        for width in widths:
            x = block(layers.Conv2D, x, width, kernel_size=3, padding="same", strides=2)
        x = layers.Flatten()(x)
    else:
        x = layers.Flatten()(x)
        for width in widths:
            x = block(layers.Dense, x, width)
    # float32, so that a code's logarithm of a variance keeps its digits under a mixed policy
    code = block.linear(layers.Dense, latent_dim, dtype="float32", name="output_layer")
    output_layer = code(x)
    inputs = input_layer if label is None else [input_layer, label]
    return keras.Model(inputs=inputs, outputs=output_layer, name="encoder")


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
    n_classes: int | None = None,
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
        n_classes: as in `get_encoder`.
        seed: seed of the initial weights.

    Returns:
        A model named "decoder": (batch, d) -> (batch, *dec_output_shape).

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    latent_dim = _latent_dim(dec_input_shape)
    image_shape = _image_shape(dec_output_shape, kind)
    widths = _widths(widths, kind)
    if upsampling not in ("nearest", "bilinear", "transposed"):
        raise ValueError(
            f'upsampling must be "nearest", "bilinear" or "transposed", not {upsampling!r}.'
        )
    if output_activation not in ("sigmoid", "tanh", "linear"):
        raise ValueError(
            f'output_activation must be "sigmoid", "tanh" or "linear", not {output_activation!r}.'
        )
    label = _label_input(n_classes)
    block = _Block(activation, batch_norm, seed, label)

    input_layer = layers.Input(shape=(latent_dim,), name="input_layer")
    x = input_layer
    if kind == "conv":
        _refuse_too_deep(image_shape, widths)
        *sizes, (n_rows, n_cols) = _sizes(image_shape, len(widths))
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
                x = _crop(x, size)
            else:
                x = layers.UpSampling2D(interpolation=upsampling)(x)
                x = _crop(x, size)
                x = block(layers.Conv2D, x, width, kernel_size=3, padding="same")
        x = block.linear(layers.Conv2D, image_shape[-1], kernel_size=3, padding="same")(x)
    else:
        for width in reversed(widths):
            x = block(layers.Dense, x, width)
        x = block.linear(layers.Dense, math.prod(image_shape))(x)
        x = layers.Reshape(image_shape)(x)
    # float32 so that the loss is computed in full precision under a mixed policy.
    output_layer = layers.Activation(output_activation, name="output_layer", dtype="float32")(x)
    inputs = input_layer if label is None else [input_layer, label]
    return keras.Model(inputs=inputs, outputs=output_layer, name="decoder")


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


def get_generator(
    latent_dim: Shape = 64,
    image_shape: Shape = (28, 28, 1),
    *,
    kind: str = "conv",
    widths: Sequence[int] | None = None,
    n_classes: int | None = None,
    seed: int = 42,
) -> keras.Model:
    """Build the generator G: noise z -> image.

    For "conv", as Radford et al. advise (ATIV): z is projected and reshaped, fractionally-strided
    convolutions double the image, no hidden layer is fully connected, batch normalization and
    ReLU follow each, and Tanh draws the image. Images of this package lie in [0, 1], so Tanh's
    [-1, 1] is rescaled in the last layer, and back again in the discriminator's first.

    Args:
        latent_dim: the size d of z (for a conditional GAN without FiLM: plus the number of
            classes).
        image_shape: image shape (height, width, channels) of any sides; for "mlp" any shape.
        kind: "conv" or "mlp" (dense layers with ReLU, as in Goodfellow et al. 2014).
        widths: channels or units of each block, outermost first. Default: MLP_WIDTHS, or as many
            blocks of `gan_widths` as bring the image down to at most 7 pixels.
        n_classes: as in `get_encoder`.
        seed: seed of the initial weights.

    Returns:
        A model named "generator": (batch, d) -> (batch, *image_shape), values in [0, 1].

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    latent_dim = _latent_dim(latent_dim)
    image_shape = _image_shape(image_shape, kind)
    label = _label_input(n_classes)
    block = _Block("relu", batch_norm=kind == "conv", seed=seed, label=label)

    input_layer = layers.Input(shape=(latent_dim,), name="input_layer")
    x = input_layer
    if kind == "conv":
        widths = _widths(widths, kind, gan_widths(image_shape))
        _refuse_too_deep(image_shape, widths)
        *sizes, (n_rows, n_cols) = _sizes(image_shape, len(widths))
        x = block.linear(layers.Dense, n_rows * n_cols * widths[-1], use_bias=False)(x)
        x = block.after(layers.Reshape((n_rows, n_cols, widths[-1]))(x))
        up = {"kernel_size": 4, "strides": 2, "padding": "same"}  # 4: no checkerboard at stride 2
        for width, size in zip(widths[-2::-1], sizes[:0:-1], strict=True):
            x = block.linear(layers.Conv2DTranspose, width, use_bias=False, **up)(x)
            x = block.after(_crop(x, size))
        x = _crop(block.linear(layers.Conv2DTranspose, image_shape[-1], **up)(x), sizes[0])
    else:
        for width in reversed(_widths(widths, kind)):
            x = block(layers.Dense, x, width)
        x = block.linear(layers.Dense, math.prod(image_shape))(x)
        x = layers.Reshape(image_shape)(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    output_layer = layers.Rescaling(0.5, offset=0.5, dtype="float32", name="output_layer")(x)
    inputs = input_layer if label is None else [input_layer, label]
    return keras.Model(inputs=inputs, outputs=output_layer, name="generator")


def get_discriminator(
    image_shape: Shape = (28, 28, 1),
    *,
    kind: str = "conv",
    widths: Sequence[int] | None = None,
    batch_norm: bool = True,
    spectral_norm: bool = False,
    n_classes: int | None = None,
    auxiliary: int = 0,
    seed: int = 42,
) -> keras.Model:
    """Build the discriminator D: image -> logit that it is real.

    For "conv", as Radford et al. advise (ATIV): strided convolutions instead of pooling, batch
    normalization in all blocks but the first, LeakyReLU, no hidden layer fully connected.

    Args:
        image_shape: as in `get_generator` (for a conditional GAN without FiLM: plus a channel a
            class).
        kind: "conv" or "mlp".
        widths: as in `get_generator`, but down to at most 4 pixels: at 7, D does not see whether
            the whole of a digit is well-formed, or of its class.
        batch_norm: whether the inner blocks of "conv" hold batch normalization.
        spectral_norm: whether each layer's weights are divided by their largest singular value,
            as in `ankeras/spectral.py`. Batch normalization stretches again: turn it off.
        n_classes: as in `get_encoder`.
        auxiliary: if given, the size of a second output, linear in the same features: the class
            scores of an AC-GAN, or what an InfoGAN estimates of its codes.
        seed: seed of the initial weights.

    Returns:
        A model named "discriminator": (batch, *image_shape) -> (batch, 1), no sigmoid; or with
        an auxiliary output -> [(batch, 1), (batch, auxiliary)].

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    image_shape = _image_shape(image_shape, kind)
    label = _label_input(n_classes)
    block = _Block(
        "leaky_relu", batch_norm and kind == "conv", seed, label, spectral_norm=spectral_norm
    )
    input_layer = layers.Input(shape=image_shape, name="input_layer")
    x = layers.Rescaling(2.0, offset=-1.0)(input_layer)
    if kind == "conv":
        widths = _widths(widths, kind, gan_widths(image_shape, smallest=4))
        _refuse_too_deep(image_shape, widths)
        down = {"kernel_size": 4, "strides": 2, "padding": "same"}
        for i, width in enumerate(widths):
            if i == 0:
                x = block.modulate(block.linear(layers.Conv2D, width, **down)(x))
            else:
                x = block(layers.Conv2D, x, width, **down)
        x = layers.Flatten()(x)
    else:
        x = layers.Flatten()(x)
        for width in _widths(widths, kind):
            x = block(layers.Dense, x, width)
    outputs = block.linear(layers.Dense, 1, dtype="float32", name="output_layer")(x)
    if auxiliary:
        second = block.linear(layers.Dense, auxiliary, dtype="float32", name="auxiliary")
        outputs = [outputs, second(x)]
    inputs = input_layer if label is None else [input_layer, label]
    return keras.Model(inputs=inputs, outputs=outputs, name="discriminator")


def gan_widths(image_shape: Sequence[int], smallest: int = 7) -> tuple[int, ...]:
    """Return the channels of a GAN's convolutional blocks, outermost first.

    The channels double while the image halves, until its smaller side has `smallest` pixels or
    fewer.
    """
    n_blocks = max(math.ceil(math.log2(min(image_shape[:2]) / smallest)), 1)
    return tuple(min(GAN_WIDTH * 2**i, 256) for i in range(n_blocks))


def get_classifier(encoder: keras.Model, n_classes: int, *, seed: int = 42) -> keras.Model:
    """Plug a fully connected head into an encoder: z -> class scores.

    Source: AN2DL, "Autoencoders for Classifier Initialization", step 3. The classifier shares
    the encoder's weights: training one trains the other.

    Args:
        encoder: any built encoder.
        n_classes: number of classes, at least 2.
        seed: seed of the head's initial weights.

    Returns:
        A model named "classifier": (batch, *image) -> (batch, n_classes) logits.

    Raises:
        ValueError: if n_classes < 2.
    """
    if n_classes < 2:
        raise ValueError(f"A classifier needs at least 2 classes, not {n_classes}.")
    input_layer = layers.Input(shape=encoder.input_shape[1:], name="input_layer")
    z = encoder(input_layer)
    head = layers.Dense(
        n_classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        dtype="float32",
        name="output_layer",
    )
    return keras.Model(inputs=input_layer, outputs=head(z), name="classifier")


def synchronize_batch_norm(model: keras.Model) -> None:
    """Let all batch normalization of a model average over the minibatch of all devices.

    Call it before `fit`. Otherwise each of TensorFlow's devices normalizes its own part of a
    minibatch and keeps statistics of its own, of which those of the first device are saved. On
    JAX the average is over all devices anyway, and nothing changes.

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


class _Block:
    """The slides' block, layer + batch normalization + activation, with seeded weights."""

    def __init__(
        self,
        activation: str,
        batch_norm: bool,
        seed: int,
        label: Any = None,
        spectral_norm: bool = False,
    ) -> None:
        self.activation = activation
        self.batch_norm = batch_norm
        self.seed = seed
        self.label = label
        self.spectral_norm = spectral_norm

    def linear(self, layer: type[layers.Layer], width: int, **options: Any) -> layers.Layer:
        """Return a layer whose weights differ from those of the layers before it."""
        self.seed += 1
        made = layer(
            width, kernel_initializer=keras.initializers.GlorotUniform(self.seed), **options
        )
        if not self.spectral_norm:
            return made
        return SpectralNorm(made, name=made.name, dtype=made.dtype_policy)

    def __call__(self, layer: type[layers.Layer], x: Any, width: int, **options: Any) -> Any:
        # A bias would be subtracted again by the batch normalization after it.
        x = self.linear(layer, width, use_bias=not self.batch_norm, **options)(x)
        return self.after(x)

    def after(self, x: Any) -> Any:
        """Normalize, modulate by the label if there is one, and activate what a layer returned."""
        if self.batch_norm:
            # With Keras's momentum of 0.99 the statistics still lag after the few hundred steps
            # that a small training set allows.
            x = layers.BatchNormalization(momentum=0.95)(x)
        return self.modulate(x)

    def modulate(self, x: Any) -> Any:
        """Modulate by the label, if there is one, and activate what a layer returned."""
        if self.label is not None:
            x = FiLM()([x, self.label])
        if self.activation == "leaky_relu":
            return layers.LeakyReLU(0.2)(x)  # the slope of Radford et al.
        return layers.Activation(self.activation)(x)


def _label_input(n_classes: int | None) -> Any:
    return None if n_classes is None else layers.Input(shape=(n_classes,), name="label")


def _crop(x: Any, size: tuple[int, int]) -> Any:
    """Cut the last row or column of an image that was doubled past an odd side."""
    extra = x.shape[1] - size[0], x.shape[2] - size[1]
    return layers.Cropping2D(((0, extra[0]), (0, extra[1])))(x) if any(extra) else x


def _sizes(image_shape: tuple[int, ...], n_blocks: int) -> list[tuple[int, int]]:
    """Return the (rows, columns) before and after each stride of 2, outermost first."""
    height, width = image_shape[:2]
    return [(math.ceil(height / 2**i), math.ceil(width / 2**i)) for i in range(n_blocks + 1)]


def _image_shape(shape: Shape, kind: str) -> tuple[int, ...]:
    if kind not in ("conv", "mlp"):
        raise ValueError(f'kind must be "conv" or "mlp", not {kind!r}.')
    image_shape = (shape,) if isinstance(shape, int) else tuple(int(side) for side in shape)
    if kind == "conv" and len(image_shape) != 3:
        raise ValueError(
            f"A convolutional network needs an image shape (height, width, channels), "
            f"not {image_shape}."
        )
    if not image_shape or min(image_shape) < 1:
        raise ValueError(f"Every side of an image shape must be at least 1, not {image_shape}.")
    return image_shape


def _latent_dim(shape: Shape) -> int:
    dims = (shape,) if isinstance(shape, int) else tuple(shape)
    if len(dims) != 1 or dims[0] < 1:
        raise ValueError(
            f"The latent representation is a vector: give d >= 1 or (d,), not {shape}."
        )
    return int(dims[0])


def _widths(
    widths: Sequence[int] | None, kind: str, default: tuple[int, ...] = CONV_WIDTHS
) -> tuple[int, ...]:
    if widths is None:
        return default if kind == "conv" else MLP_WIDTHS
    if any(width < 1 for width in widths):
        raise ValueError(f"Every block needs a width of at least 1, not {tuple(widths)}.")
    return tuple(int(width) for width in widths)


def _refuse_too_deep(image_shape: tuple[int, ...], widths: Sequence[int]) -> None:
    deepest = math.ceil(math.log2(min(image_shape[:2])))
    if len(widths) > deepest:
        raise ValueError(
            f"An image of {image_shape[0]}x{image_shape[1]} can be halved {deepest} times, "
            f"but {len(widths)} blocks were asked for: give fewer widths or a larger image."
        )
