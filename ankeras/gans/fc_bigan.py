"""The fully convolutional BiGAN with least-squares losses, which finds defects in textures.

Source: AN2DL, "Fully Convolutional Anomaly Detection by GANs".

    min_theta_d   1/2 E_s [(D(s, E(s)) - 1)^2] + 1/2 E_z [D(G(z), z)^2]
    min_(G, E)    1/2 E_z [(D(G(z), z) - 1)^2] + 1/2 E_s [D(s, E(s))^2]      adversarial loss
                  + lambda E_s |G(E(s)) - s|                                 reconstruction penalty

At its optimum D can't tell normal from generated pairs, and has never been asked about what is
neither. So D may learn afterwards, alone, from forgeries s', normal patches that were damaged on
purpose, with masks Omega' (`ankeras.data.forge`):

    min_theta_d   1/2 E_s' [(D(s', E(s')) - (1 - Omega'))^2]

All layers are convolutions. So the code z is a feature map, d numbers for each k x k pixels, and D
gives each of these places a score of its own. Trained on small patches, the networks run on
images of any size in one pass. k, the stride, is 2 for each block of E.
"""

from collections.abc import Sequence
from typing import Any

from ankeras.gans.bigan import refuse_unfit_encoder
from ankeras.gans.lsgan import LSGAN
from ankeras.training.autodiff import descend
from ankeras.training.system import drawn_range, refuse_misfits

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
    block = _Block(seed)
    image = layers.Input((None, None, channels), name="image")
    x = layers.Rescaling(2.0, offset=-1.0)(image)
    for width in widths:
        x = block.after(block(layers.Conv2D, width, 4, 2)(x))
    z = block(layers.Conv2D, latent_dim, 3, dtype="float32", name="output_layer")(x)
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
    block = _Block(seed)
    z = layers.Input((None, None, latent_dim), name="code")
    x = block.after(block(layers.Conv2D, widths[-1], 3)(z))
    for width in reversed(widths[:-1]):
        x = block.after(block(layers.Conv2DTranspose, width, 4, 2)(x))
    x = block(layers.Conv2DTranspose, channels, 4, 2)(x)
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
    """Build D: images and codes -> (batch, h, w, 1), a score for each place.

    Without batch normalization, so that each place is judged by what lies around it alone: with
    three widths, by some 35 pixels to each side.

    Args:
        channels, latent_dim, widths, seed: as in `get_fc_encoder`.
    """
    block = _Block(seed)
    image = layers.Input((None, None, channels), name="image")
    z = layers.Input((None, None, latent_dim), name="code")
    x = layers.Rescaling(2.0, offset=-1.0)(image)
    for width in widths:
        x = layers.LeakyReLU(0.2)(block(layers.Conv2D, width, 4, 2)(x))
    for dilation in (1, 2):
        around = block(layers.Conv2D, widths[-1], 3, dilation_rate=dilation)
        x = layers.LeakyReLU(0.2)(around(x))
    y = layers.LeakyReLU(0.2)(block(layers.Conv2D, widths[-1] // 2, 1)(z))
    x = layers.Concatenate()([x, y])
    x = layers.LeakyReLU(0.2)(block(layers.Conv2D, widths[-1], 1)(x))
    score = block(layers.Conv2D, 1, 1, dtype="float32", name="output_layer")(x)
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
        r1, seed: as in `AdversarialModel`.

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
    """

    networks = ("generator", "discriminator", "encoder")
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
        refuse_unfit_encoder(encoder, generator)
        super().__init__(generator, discriminator, r1=r1, seed=seed, **kwargs)
        self.encoder = encoder
        self.lam = lam

    def refuse_unfit_players(self) -> None:
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
        refuse_misfits(x, (*x.shape[1:3], self.channels), drawn_range(self.generator))
        self.refuse_uneven(x.shape[1:3])
        if y is not None and y.shape != x.shape[:3]:
            raise ValueError(f"Forgeries {x.shape} need masks {x.shape[:3]}, not {y.shape}.")

    def refuse_uneven(self, sides: Sequence[int]) -> None:
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

    def judge(self, s: Any, y: Any = None, training: bool = True) -> Any:
        """Return D's scores of each place of images s with codes y."""
        return self.discriminator([s, y], training=training)

    def e_loss(self, real: Any) -> Any:
        """Return 1/2 E[D(s, E(s))^2]."""
        return 0.5 * ops.mean(ops.square(real))

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take a step of G and E, then one of D on the same pairs; or one of D on forgeries."""
        s, mask, _ = keras.utils.unpack_x_y_sample_weight(data)
        if mask is not None:
            return self.train_on_forgeries(s, mask)
        z = self.sample_z(s)

        def loss_fn() -> tuple:
            code = self.encoder(s, training=True)
            # at once: one batch normalization for both, in training as in use
            drawn = self.generator(ops.concatenate([z, code]), training=True)
            fake, x_hat = ops.split(drawn, 2)
            loss = self.g_loss(self.judge(fake, z)) + self.e_loss(self.judge(s, code))
            error = ops.mean(ops.abs(x_hat - s))
            return loss + self.lam * error, (loss, error, fake, code)

        _, (loss, error, fake, code) = descend(loss_fn, self.optimizer.generator, self.theta_g)
        fake, code = ops.stop_gradient(fake), ops.stop_gradient(code)
        d_logs = self.update_discriminator(s, fake, code, z)
        return self.log(g_loss=loss, reconstruction=error, **d_logs)

    def train_on_forgeries(self, s: Any, mask: Any) -> dict[str, Any]:
        """Take a step of D on forgeries s and their masks, (batch, k h, k w)."""
        code = self.encoder(s, training=False)
        loss = descend(
            lambda: self.forgery_loss(self.judge(s, code), mask),
            self.optimizer.discriminator,
            self.discriminator.trainable_variables,
        )
        return self.log(d_loss=loss)

    def forgery_loss(self, verdict: Any, mask: Any) -> Any:
        """Return 1/2 E[(D(s', E(s')) - (1 - Omega'))^2].

        A place is damaged if an eighth of its pixels are.
        """
        k = self.stride
        share = ops.average_pool(ops.cast(mask[..., None], verdict.dtype), k, strides=k)
        return 0.5 * ops.mean(ops.square(verdict - ops.cast(share < 1 / 8, verdict.dtype)))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate the losses on one minibatch, of patches or of forgeries."""
        s, mask, _ = keras.utils.unpack_x_y_sample_weight(data)
        code = self.encoder(s, training=False)
        of_real = self.judge(s, code, training=False)
        if mask is not None:
            return self.log(d_loss=self.forgery_loss(of_real, mask))
        z = self.sample_z(s)
        of_fake = self.judge(self.generator(z, training=False), z, training=False)
        x_hat = self.generator(code, training=False)
        return self.log(
            d_loss=self.d_loss(of_real, of_fake),
            g_loss=self.g_loss(of_fake) + self.e_loss(of_real),
            reconstruction=ops.mean(ops.abs(x_hat - s)),
            **self.verdicts(of_real, of_fake),
        )

    def encode_images(self, images: np.ndarray) -> np.ndarray:
        """Return the codes E(s): (n, k h, k w, channels) -> (n, h, w, d).

        Raises:
            ValueError: if the sides are no multiples of the stride.
        """
        self.refuse_uneven(images.shape[1:3])
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
        self.refuse_uneven(size)
        height, width = (side // self.stride for side in size)
        z = np.random.default_rng(seed).normal(size=(n, height, width, self.latent_dim))
        return self.decode_codes(z.astype("float32"))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        config = {**super().get_config(), "lam": self.lam}
        del config["k"]  # D and G take turns
        return config


class _Block:
    """Convolutions with seeded weights, and what follows a hidden one in G and E."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(
        self, layer: type[layers.Layer], width: int, size: int, strides: int = 1, **options: Any
    ) -> layers.Layer:
        self.seed += 100
        weights = keras.initializers.GlorotUniform(self.seed)
        return layer(width, size, strides, padding="same", kernel_initializer=weights, **options)

    @staticmethod
    def after(x: Any) -> Any:
        x = layers.BatchNormalization(momentum=0.95)(x)
        return layers.LeakyReLU(0.2)(x)
