"""Face swap: one encoder for two persons, and one decoder for each of them.

Source: AE, "DeepFakes!"; the architecture is the one of the programs of that name.

    x_hat_a = D_a(E(w(x_a))),   x_hat_b = D_b(E(w(x_b)))
    descend  E ||x_hat_a - x_a||_1 + E ||x_hat_b - x_b||_1
    swap     x_a -> D_b(E(x_a))

w warps an image a little, at random. Both persons share the encoder, so its code describes what
they have in common: pose, expression, light. What belongs to one person is in the decoder of that
person. ||.||_1 is the mean over the values of an image.
"""

from typing import Any

from ankeras.builders import get_decoder, get_encoder
from ankeras.latent.codes import decode, encode
from ankeras.training.autodiff import SeedGenerator, descend
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row
from ankeras.training.checks import (
    check_images,
    check_shapes_known,
    check_target_images,
    drawn_range,
)
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import ops

GRID = 4  # cells of the warp along each side


def warp(x: Any, displacements: Any) -> Any:
    """Return images whose pixels are moved smoothly.

    Args:
        x: (batch, height, width, c).
        displacements: (batch, GRID + 1, GRID + 1, 2), how far the corners of a coarse grid are
            moved down and to the right, in pixels. Between them they are interpolated.

    Returns:
        (batch, height, width, c); outside of the image the nearest pixel is taken.
    """
    height, width = x.shape[1:3]
    moved = ops.image.resize(displacements, (height, width), interpolation="bilinear")
    rows, columns = ops.meshgrid(ops.arange(height), ops.arange(width), indexing="ij")
    v = ops.cast(rows, "float32") + moved[..., 0]
    u = ops.cast(columns, "float32") + moved[..., 1]
    v, u = ops.clip(v, 0.0, height - 1.0), ops.clip(u, 0.0, width - 1.0)
    # the mean of the four pixels around (v, u), weighted by how near they are
    v_0, u_0 = ops.minimum(ops.floor(v), height - 2.0), ops.minimum(ops.floor(u), width - 2.0)
    flat = ops.reshape(x, (-1, height * width, x.shape[-1]))
    found = 0.0
    for down in (0, 1):
        for right in (0, 1):
            index = ops.cast((v_0 + down) * width + u_0 + right, "int32")
            index = ops.reshape(index, (-1, height * width, 1))
            pixels = ops.reshape(ops.take_along_axis(flat, index, axis=1), ops.shape(x))
            weight = (1 - ops.abs(v - v_0 - down)) * (1 - ops.abs(u - u_0 - right))
            found += ops.cast(weight[..., None], x.dtype) * pixels
    return found


@keras.saving.register_keras_serializable("ankeras")
class FaceSwap(OwnLoss):
    """Face swap; `fit(x_a, x_b)` with equally many portraits of two persons.

    Args:
        encoder: E, (batch, *image) -> (batch, d), `get_encoder(image_shape, d)`.
        decoder_a, decoder_b: (batch, d) -> (batch, *image), `get_decoder(d, image_shape)`.
        warping: standard deviation of the warp, as a share of the side of an image; 0 for none.
        seed: seed of the warp.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    called = "A face swap"
    networks = ("encoder", "decoder_a", "decoder_b")
    options = ("warping", "seed")
    logged = ("loss", "l1_a", "l1_b")
    target = "paired"

    def __init__(
        self,
        encoder: keras.Model,
        decoder_a: keras.Model,
        decoder_b: keras.Model,
        warping: float = 0.02,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if warping < 0:
            raise ValueError(f"warping must not be negative, as {warping} is.")
        check_shapes_known(encoder, "encoder")
        for decoder in (decoder_a, decoder_b):
            check_shapes_known(decoder, "decoder")
            if (decoder.input_shape, decoder.output_shape) != (
                encoder.output_shape,
                encoder.input_shape,
            ):
                raise ValueError(
                    f"Each decoder goes the encoder's way back, {encoder.output_shape[1:]} -> "
                    f"{encoder.input_shape[1:]}."
                )
        self.encoder = encoder
        self.decoder_a = decoder_a
        self.decoder_b = decoder_b
        self.warping = warping
        self.seed = seed
        self.noise = SeedGenerator(seed)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend both reconstruction errors on a minibatch of each person."""
        x_a, x_b, _ = keras.utils.unpack_x_y_sample_weight(data)
        warped_a, warped_b = self.warped(x_a), self.warped(x_b)

        # E ||D_a(E(w(x_a))) - x_a||_1 + E ||D_b(E(w(x_b))) - x_b||_1
        def objective() -> tuple:
            x_hat_a = self.decoder_a(self.encoder(warped_a, training=True), training=True)
            x_hat_b = self.decoder_b(self.encoder(warped_b, training=True), training=True)
            l1_a, l1_b = ops.mean(ops.abs(x_hat_a - x_a)), ops.mean(ops.abs(x_hat_b - x_b))
            return l1_a + l1_b + self.layer_losses(), l1_a, l1_b

        loss, l1_a, l1_b = descend(objective, self.optimizer, self.trainable_variables)
        return self.log(loss=loss, l1_a=l1_a, l1_b=l1_b)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both reconstruction errors on one minibatch, without warps."""
        x_a, x_b, _ = keras.utils.unpack_x_y_sample_weight(data)
        x_hat_a = self.decoder_a(self.encoder(x_a, training=False), training=False)
        x_hat_b = self.decoder_b(self.encoder(x_b, training=False), training=False)
        l1_a, l1_b = ops.mean(ops.abs(x_hat_a - x_a)), ops.mean(ops.abs(x_hat_b - x_b))
        return self.log(loss=l1_a + l1_b + self.layer_losses(), l1_a=l1_a, l1_b=l1_b)

    def warped(self, x: Any) -> Any:
        """Return images, each warped at random."""
        if not self.warping:
            return x
        shape = (ops.shape(x)[0], GRID + 1, GRID + 1, 2)
        pixels = self.warping * x.shape[1]
        return warp(x, pixels * keras.random.normal(shape, seed=self.noise))

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return the swapped faces D_b(E(x)) of person a."""
        return self.decoder_b(self.encoder(x, training=training), training=training)

    def swap(self, x: np.ndarray, to: str = "b") -> np.ndarray:
        """Return portraits with the face of the other person: (n, *image) -> (n, *image).

        Args:
            x: portraits of person a, or of person b for `to="a"`.
            to: whose face is drawn, "a" or "b".

        Raises:
            ValueError: if `to` is neither.
        """
        if to not in ("a", "b"):
            raise ValueError(f'to is "a" or "b", not {to!r}.')
        return decode(self.decoder_b if to == "b" else self.decoder_a, encode(self.encoder, x))

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on images x and y of two persons."""
        shape, drawn = self.encoder.input_shape[1:], drawn_range(self.decoder_a)
        check_images(x, shape, drawn)
        unpaired = (
            "A face swap needs as many images of the second person as of the first, {n}, not "
            "{given}."
        )
        check_target_images(y, len(x), shape, drawn, unpaired)


ROWS = (
    Row(
        name="face swap",
        builds=FaceSwap,
        lecture="AE, DeepFakes!",
        paper="",
        notebook="12",
        learns_from="x, x",
        tiny=lambda: FaceSwap(
            get_encoder(TINY_SHAPE, TINY_LATENT_DIM, widths=(4, 8)),
            get_decoder(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8), seed=43),
            get_decoder(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8), seed=44),
        ),
    ),
)
