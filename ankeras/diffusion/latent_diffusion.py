"""Latent diffusion: the diffusion process in the code of an autoencoder, which is a small image.

Source: ATIV, "Denoising Diffusion for Image synthesis" (Stable Diffusion); Rombach et al.,
"High-resolution image synthesis with latent diffusion models" (CVPR 2022), equation 2.

    z_0 = (E(x) - mean) / spread
    L = E ||eps - eps_theta(z_t, alpha_t)||^2
    x = D(mean + spread z_0)

The autoencoder is trained first, and its weights then stay as they are. Its code keeps places: a
code of (8, 8, 4) stands for an image of (32, 32, 3). The network sees fewer places, so that a step
costs less. Mean and spread are those of each channel of the code, so that z_0 has the variance of
the noise.
"""

from collections.abc import Sequence
from typing import Any

from ankeras.builders.blocks import (
    Block,
    SeededLayers,
    Shape,
    check_depth,
    checked_image_shape,
    checked_widths,
    crop,
    halved_sizes,
)
from ankeras.builders.conditioning import Condition
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.diffusion.ddpm import DDPM
from ankeras.latent.codes import PREDICT_BATCH
from ankeras.training.catalogue_row import TINY_SHAPE, Row
from ankeras.training.checks import check_read

import keras
import numpy as np
from keras import layers, ops

SPATIAL_WIDTHS = (32, 64)


def get_spatial_encoder(
    image_shape: Shape = (32, 32, 3),
    channels: int = 4,
    *,
    widths: Sequence[int] = SPATIAL_WIDTHS,
    seed: int = 42,
) -> keras.Model:
    """Build an encoder whose code is a small image: (batch, *image) -> (batch, h, w, channels).

    Args:
        image_shape: (height, width, channels).
        channels: of the code.
        widths: channels of each block; each halves the sides.
        seed: seed of the initial weights.

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    shape, widths = checked_image_shape(image_shape, "conv"), checked_widths(widths, "conv")
    check_depth(shape, widths)
    seeded = SeededLayers(seed)
    down = Block(seeded, "leaky_relu", "batch", Condition(None, "append"))
    image = layers.Input(shape, name="input_layer")
    x = layers.Rescaling(2.0, offset=-1.0)(image)
    for width in widths:
        x = down(layers.Conv2D, x, width, kernel_size=4, strides=2, padding="same")
    code = seeded(layers.Conv2D, channels, kernel_size=3, padding="same", dtype="float32")(x)
    return keras.Model(image, code, name="encoder")


def get_spatial_decoder(
    image_shape: Shape = (32, 32, 3),
    channels: int = 4,
    *,
    widths: Sequence[int] = SPATIAL_WIDTHS,
    seed: int = 43,
) -> keras.Model:
    """Build the decoder for `get_spatial_encoder` with the same arguments.

    Returns:
        A model named "decoder": (batch, h, w, channels) -> (batch, *image), values in [0, 1].

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    shape, widths = checked_image_shape(image_shape, "conv"), checked_widths(widths, "conv")
    check_depth(shape, widths)
    seeded = SeededLayers(seed)
    up = Block(seeded, "relu", "batch", Condition(None, "append"))
    sizes = halved_sizes(shape, len(widths))
    code = layers.Input((*sizes[-1], channels), name="code")
    x = up(layers.Conv2D, code, widths[-1], kernel_size=3, padding="same")
    for width, size in zip(reversed(widths), reversed(sizes[:-1]), strict=True):
        x = seeded(layers.Conv2DTranspose, width, 4, 2, padding="same", use_bias=False)(x)
        x = up.after(crop(x, size))
    x = seeded(layers.Conv2D, shape[-1], kernel_size=3, padding="same")(x)
    drawn = layers.Activation("sigmoid", name="output_layer", dtype="float32")(x)
    return keras.Model(code, drawn, name="decoder")


def code_moments(encoder: keras.Model, images: np.ndarray) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel of the codes of images.

    Raises:
        ValueError: if the images do not fit the encoder.
    """
    check_read(images, encoder)
    codes = encoder.predict(images, batch_size=PREDICT_BATCH, verbose=0)
    return codes.mean(axis=(0, 1, 2)).tolist(), codes.std(axis=(0, 1, 2)).tolist()


@keras.saving.register_keras_serializable("ankeras")
class LatentDDPM(DDPM):
    """A diffusion model of codes; `fit(images)`.

    Args:
        encoder: (batch, *image) -> (batch, h, w, c), trained; its weights stay as they are.
        decoder: (batch, h, w, c) -> (batch, *image), trained; its weights stay as they are.
        network: [(batch, h, w, c), (batch, 1)] -> (batch, h, w, c),
            `get_diffusion_unet((h, w, c), stem=False)`.
        mean, spread: c numbers each, as `code_moments(encoder, images)` returns them.
        **options: those of `DDPM`.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    networks = ("encoder", "decoder", "network")
    options = ("mean", "spread", *DDPM.options)
    largest = 5.0  # standard deviations

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        network: keras.Model,
        mean: Sequence[float],
        spread: Sequence[float],
        **options: Any,
    ) -> None:
        super().__init__(network, **options)
        code = network.output_shape
        if encoder.output_shape != code or decoder.input_shape != code:
            raise ValueError(
                f"The network draws codes of {code[1:]}, but the encoder returns "
                f"{encoder.output_shape[1:]} and the decoder reads {decoder.input_shape[1:]}."
            )
        fits = len(mean) == len(spread) == code[-1] and np.isfinite([*mean, *spread]).all()
        if not fits or min(spread) <= 0:
            raise ValueError(
                f"mean and spread hold one number for each of the {code[-1]} channels of the "
                f"code, and no spread is 0: take them from code_moments(encoder, images)."
            )
        encoder.trainable = decoder.trainable = False
        self.encoder = encoder
        self.decoder = decoder
        self.mean = [float(value) for value in mean]
        self.spread = [float(value) for value in spread]

    def to_signal(self, images: Any) -> Any:
        """Return z_0 = (E(x) - mean) / spread."""
        z = self.encoder(ops.convert_to_tensor(images), training=False)
        return (z - ops.array(self.mean, "float32")) / ops.array(self.spread, "float32")

    def to_images(self, x_0: np.ndarray) -> np.ndarray:
        """Return D(mean + spread z_0), in [0, 1]."""
        z = np.asarray(self.mean) + np.asarray(self.spread) * x_0
        return self.decoder.predict(z.astype("float32"), batch_size=PREDICT_BATCH, verbose=0)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of an image, (height, width, channels)."""
        return self.encoder.input_shape[1:]


ROWS = (
    Row(
        name="latent diffusion",
        builds=LatentDDPM,
        lecture="ATIV, Denoising Diffusion for Image synthesis",
        paper="Rombach 2022",
        notebook="-",
        learns_from="x",
        tiny=lambda: LatentDDPM(
            get_spatial_encoder(TINY_SHAPE, 2, widths=(4,)),
            get_spatial_decoder(TINY_SHAPE, 2, widths=(4,)),
            get_diffusion_unet((6, 6, 2), widths=(4, 8), stem=False),
            mean=(0.0, 0.0),
            spread=(1.0, 1.0),
            n_steps=20,
        ),
    ),
)
