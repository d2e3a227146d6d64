"""The fully convolutional BiGAN with least-squares losses, which finds defects in textures.

Source: AN2DL, "Fully Convolutional Anomaly Detection by GANs".

    min_theta_d   1/2 E_s [(D(s, E(s)) - 1)^2] + 1/2 E_z [D(G(z), z)^2]
    min_(G, E)    1/2 E_z [(D(G(z), z) - 1)^2] + 1/2 E_s [D(s, E(s))^2]      adversarial loss
                  + lambda E_s |G(E(s)) - s|                                 reconstruction penalty

At its optimum D can't tell normal pairs from generated ones, and it has never seen anything else.
So afterwards D alone may learn from forgeries s', normal patches that were damaged on purpose,
with masks Omega' (`ankeras.data.forge`):

    min_theta_d   1/2 E_s' [(D(s', E(s')) - (1 - Omega'))^2]

All layers are convolutions. So the code z is a feature map with d numbers per k x k pixels, and D
returns one score for each of these places. The networks are trained on small patches and run on
images of any size in one pass. The stride k is 2 to the number of E's blocks.
"""

import functools
from collections.abc import Sequence
from typing import Any

from ankeras.builders.blocks import SeededLayers
from ankeras.gans.bigan import check_encoder
from ankeras.gans.lsgan import LSGAN
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row
from ankeras.training.checks import check_images, drawn_range

import keras
import numpy as np
from keras import layers, ops

FC_WIDTHS = (32, 64, 128)
PREDICT_BATCH = 32  # images at a time


def get_fc_encoder(
    channels: int = 1,
    latent_dim: int = 16,
    *,
    widths: Sequence[int] = FC_WIDTHS,
    seed: int = 42,
) -> keras.Model:
    """Build E: (batch, k h, k w, channels) -> (batch, h, w, d), for any h and w.

    Args:
        channels: of the images.
        latent_dim: the size d of the code at each place.
        widths: channels of each block, outermost first; each halves the image.
        seed: of the initial weights.
    """
    seeded = functools.partial(SeededLayers(seed), padding="same")
    image = layers.Input((None, None, channels), name="image")
    x = layers.Rescaling(2.0, offset=-1.0)(image)
    for width in widths:
        x = _normalized(seeded(layers.Conv2D, width, 4, 2)(x))
    z = seeded(layers.Conv2D, latent_dim, 3, dtype="float32", name="output_layer")(x)
    return keras.Model(image, z, name="encoder")


def get_fc_generator(
    latent_dim: int = 16,
    channels: int = 1,
    *,
    widths: Sequence[int] = FC_WIDTHS,
    seed: int = 43,
) -> keras.Model:
    """Build G: (batch, h, w, d) -> (batch, k h, k w, channels) in [0, 1].

    Args:
        latent_dim, channels, widths, seed: as in `get_fc_encoder`; G mirrors its widths.
    """
    seeded = functools.partial(SeededLayers(seed), padding="same")
    z = layers.Input((None, None, latent_dim), name="code")
    x = _normalized(seeded(layers.Conv2D, widths[-1], 3)(z))
    for width in reversed(widths[:-1]):
        x = _normalized(seeded(layers.Conv2DTranspose, width, 4, 2)(x))
    x = seeded(layers.Conv2DTranspose, channels, 4, 2)(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    image = layers.Rescaling(0.5, offset=0.5, dtype="float32", name="output_layer")(x)
    return keras.Model(z, image, name="generator")


def get_fc_discriminator(
    channels: int = 1,
    latent_dim: int = 16,
    *,
    widths: Sequence[int] = FC_WIDTHS,
    seed: int = 44,
) -> keras.Model:
    """Build D: images and codes -> (batch, h, w, 1), one score per place.

    It has no batch normalization. So the score of a place depends only on what lies around it:
    with three widths, on some 35 pixels to each side.

    Args:
        channels, latent_dim, widths, seed: as in `get_fc_encoder`.
    """
    seeded = functools.partial(SeededLayers(seed), padding="same")
    image = layers.Input((None, None, channels), name="image")
    z = layers.Input((None, None, latent_dim), name="code")
    x = layers.Rescaling(2.0, offset=-1.0)(image)
    for width in widths:
        x = layers.LeakyReLU(0.2)(seeded(layers.Conv2D, width, 4, 2)(x))
    for dilation in (1, 2):
        around = seeded(layers.Conv2D, widths[-1], 3, dilation_rate=dilation)
        x = layers.LeakyReLU(0.2)(around(x))
    y = layers.LeakyReLU(0.2)(seeded(layers.Conv2D, widths[-1] // 2, 1)(z))
    x = layers.Concatenate()([x, y])
    x = layers.LeakyReLU(0.2)(seeded(layers.Conv2D, widths[-1], 1)(x))
    score = seeded(layers.Conv2D, 1, 1, dtype="float32", name="output_layer")(x)
    return keras.Model([image, z], score, name="discriminator")


@keras.saving.register_keras_serializable("ankeras")
class FCBiGAN(LSGAN):
    """The fully convolutional BiGAN.

    Images have sides that are multiples of the stride. `fit(patches)` plays the game,
    `fit(forgeries, masks)` teaches D alone.

    Args:
        generator, discriminator, encoder: as `get_fc_generator`, `get_fc_discriminator` and
            `get_fc_encoder` build them.
        lam: weight lambda of the reconstruction penalty.
        r1, seed: as in `AdversarialGame`.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    networks = ("generator", "discriminator", "encoder")
    options = ("lam", "r1", "seed")  # no k: D and G take turns
    logged = ("d_loss", "g_loss", "d_real", "d_fake", "reconstruction")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        encoder: keras.Model,
        lam: float = 1.0,
        r1: float = 0.0,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        if lam < 0:
            raise ValueError(f"The weight lam of the penalty must not be negative, as {lam} is.")
        check_encoder(encoder, generator)
        super().__init__(generator, discriminator, r1=r1, seed=seed, **kwargs)
        self.encoder = encoder
        self.lam = lam

    def check_networks(self) -> None:
        """Raise a ValueError unless D reads what G draws, and what it draws it from."""
        pair = [self.generator.output_shape, self.generator.input_shape]
        if self.discriminator.input_shape != pair:
            raise ValueError(
                f"The discriminator reads images and codes, (batch, ...) {pair}, not "
                f"{self.discriminator.input_shape}."
            )

    @property
    def stride(self) -> int:
        """Pixels from one place of the code to the next."""
        side = 1024
        _, height, *_ = self.encoder.compute_output_shape((1, side, side, self.channels))
        return side // height

    @property
    def channels(self) -> int:
        """The channels of an image."""
        return self.generator.output_shape[-1]

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError unless x holds patches, and y nothing or a mask of each.

        The sides are multiples of the stride.
        """
        check_images(x, (*x.shape[1:3], self.channels), drawn_range(self.generator))
        self.check_sides(x.shape[1:3])
        if y is not None and y.shape != x.shape[:3]:
            raise ValueError(f"Forgeries {x.shape} need masks {x.shape[:3]}, not {y.shape}.")

    def check_sides(self, sides: Sequence[int]) -> None:
        """Raise a ValueError unless the sides of an image are multiples of the stride."""
        stride = self.stride
        if any(side % stride for side in sides):
            raise ValueError(
                f"Images have sides that are multiples of {stride} pixels, not "
                f"{sides[0]}x{sides[1]}."
            )

    def sample_z(self, x: Any) -> Any:
        """Draw noise for a minibatch like x: (batch, h, w, d), from N(0, I)."""
        n, height, width, _ = ops.shape(x)
        shape = (n, height // self.stride, width // self.stride, self.latent_dim)
        return keras.random.normal(shape, seed=self.noise)

    def e_loss(self, real: Any) -> Any:
        """Return 1/2 E[D(s, E(s))^2]."""
        return 0.5 * ops.mean(ops.square(real))

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take one step of G and E, then one of D on the same pairs; or one of D on forgeries."""
        s, mask, _ = keras.utils.unpack_x_y_sample_weight(data)
        if mask is not None:
            return self.train_on_forgeries(s, mask)
        z = self.sample_z(s)

        # theta_g and theta_e descend  1/2 E[(D(G(z), z) - 1)^2] + 1/2 E[D(s, E(s))^2]
        #                              + lambda E|G(E(s)) - s|
        def g_objective() -> tuple:
            code = self.encoder(s, training=True)
            # in one pass: batch normalization then sees both kinds of codes, as it does in use
            drawn = self.generator(ops.concatenate([z, code]), training=True)
            fake, x_hat = ops.split(drawn, 2)
            g_loss = self.g_loss(self.score(fake, z)) + self.e_loss(self.score(s, code))
            error = ops.mean(ops.abs(x_hat - s))
            added = self.layer_losses(self.generator, self.encoder)
            return g_loss + self.lam * error + added, g_loss, error, fake, code

        found = descend(g_objective, self.optimizer.generator, self.theta_g)
        _, g_loss, error, fake, code = found
        fake, code = ops.stop_gradient(fake), ops.stop_gradient(code)

        # theta_d descends  1/2 E[(D(s, E(s)) - 1)^2] + 1/2 E[D(G(z), z)^2]
        def d_objective() -> tuple:
            real_scores, fake_scores = self.score(s, code), self.score(fake, z)
            d_loss = self.d_loss(real_scores, fake_scores)
            added = self.r1_penalty(s, code) + self.layer_losses(self.discriminator)
            return d_loss + added, d_loss, real_scores, fake_scores

        _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, self.theta_d)
        return self.log(
            d_loss=d_loss, g_loss=g_loss, reconstruction=error, **self.mean_scores(*scores)
        )

    def train_on_forgeries(self, s: Any, mask: Any) -> dict[str, Any]:
        """Take a step of D on forgeries s and their masks, (batch, k h, k w)."""
        code = self.encoder(s, training=False)

        def d_objective() -> tuple:
            loss = self.forgery_loss(self.score(s, code), mask)
            return loss + self.layer_losses(self.discriminator), loss

        _, loss = descend(d_objective, self.optimizer.discriminator, self.theta_d)
        return self.log(d_loss=loss)

    def forgery_loss(self, scores: Any, mask: Any) -> Any:
        """Return 1/2 E[(D(s', E(s')) - (1 - Omega'))^2].

        A place counts as damaged if an eighth of its pixels are.

        Args:
            scores: (batch, h, w, 1), D's scores of forgeries.
            mask: (batch, k h, k w), which pixels are damaged.
        """
        k = self.stride
        share = ops.average_pool(ops.cast(mask[..., None], scores.dtype), k, strides=k)
        return 0.5 * ops.mean(ops.square(scores - ops.cast(share < 1 / 8, scores.dtype)))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate the losses on one minibatch, of patches or of forgeries."""
        s, mask, _ = keras.utils.unpack_x_y_sample_weight(data)
        code = self.encoder(s, training=False)
        real_scores = self.score(s, code, training=False)
        if mask is not None:
            return self.log(d_loss=self.forgery_loss(real_scores, mask))
        z = self.sample_z(s)
        fake_scores = self.score(self.generator(z, training=False), z, training=False)
        x_hat = self.generator(code, training=False)
        return self.log(
            d_loss=self.d_loss(real_scores, fake_scores),
            g_loss=self.g_loss(fake_scores) + self.e_loss(real_scores),
            reconstruction=ops.mean(ops.abs(x_hat - s)),
            **self.mean_scores(real_scores, fake_scores),
        )

    def encode_images(self, images: np.ndarray) -> np.ndarray:
        """Return the codes E(s): (n, k h, k w, channels) -> (n, h, w, d).

        Raises:
            ValueError: if the sides are no multiples of the stride.
        """
        self.check_sides(images.shape[1:3])
        return np.asarray(self.encoder.predict(images, batch_size=PREDICT_BATCH, verbose=0))

    def decode_codes(self, z: np.ndarray) -> np.ndarray:
        """Return the images G(z): (n, h, w, d) -> (n, k h, k w, channels)."""
        return np.asarray(self.generator.predict(z, batch_size=PREDICT_BATCH, verbose=0))

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Return G(E(s)) for images s, (n, k h, k w, channels)."""
        return self.decode_codes(self.encode_images(images))

    def scores_of(self, images: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return D(s, z) at each place: (n, k h, k w, channels) and (n, h, w, d) -> (n, h, w)."""
        found = self.discriminator.predict([images, z], batch_size=PREDICT_BATCH, verbose=0)
        return np.asarray(found)[..., 0]

    def generate(self, n: int, seed: int = 0, size: tuple[int, int] = (64, 64)) -> np.ndarray:
        """Draw normal images: G(z) for z from the prior at each place, (n, *size, channels).

        Raises:
            ValueError: if the sides are no multiples of the stride.
        """
        self.check_sides(size)
        height, width = (side // self.stride for side in size)
        z = np.random.default_rng(seed).normal(size=(n, height, width, self.latent_dim))
        return self.decode_codes(z.astype("float32"))


def _normalized(x: Any) -> Any:
    """Apply what follows a hidden convolution in G and E."""
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.LeakyReLU(0.2)(x)


ROWS = (
    Row(
        name="fully convolutional BiGAN",
        builds=FCBiGAN,
        lecture="AN2DL, Fully Convolutional Anomaly Detection by GANs",
        paper="",
        notebook="11",
        learns_from="x",
        tiny=lambda: FCBiGAN(
            get_fc_generator(TINY_LATENT_DIM, TINY_SHAPE[-1], widths=(4, 8)),
            get_fc_discriminator(TINY_SHAPE[-1], TINY_LATENT_DIM, widths=(4, 8)),
            get_fc_encoder(TINY_SHAPE[-1], TINY_LATENT_DIM, widths=(4, 8)),
        ),
    ),
)
