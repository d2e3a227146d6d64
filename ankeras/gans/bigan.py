"""The bidirectional GAN: an encoder joins the game, and D scores pairs of image and code.

Source: AN2DL, "Bidirectional GANs (BiGANs)"; Donahue et al., "Adversarial feature learning" (ICLR
2017), equations 2 and 3, and section 3.4.

    min_(G,E) max_D  V(D, E, G) = E_s [log D(s, E(s))] + E_z [log(1 - D(G(z), z))]

    minimax:                 G and E descend V
    or, non-saturating:      G and E ascend E_s [log(1 - D(s, E(s)))] + E_z [log D(G(z), z)]

    reconstruction of s:     G(E(s))

The slide writes 1 - log D(G(z), z) for the second term: the brackets are at the wrong place. D
reads the image with convolutions, then its features together with the code. (The code as constant
channels of the image costs more and learns less: each place would have to compare its few pixels
with the whole code.)
"""

from collections.abc import Sequence
from typing import Any

from ankeras.builders import get_discriminator, get_encoder, get_generator
from ankeras.builders.blocks import SeededLayers
from ankeras.gans.gan import GAN
from ankeras.latent.codes import decode, encode
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row
from ankeras.training.checks import check_shapes_known

import keras
import numpy as np
from keras import layers, ops


def get_pair_discriminator(
    image_shape: Sequence[int] = (28, 28, 1),
    latent_dim: int = 16,
    *,
    widths: Sequence[int] | None = None,
    hidden: Sequence[int] = (128, 64),
    seed: int = 42,
) -> keras.Model:
    """Build the discriminator D of a BiGAN: image and code -> logit that the pair is real.

    The blocks of `get_discriminator` without batch normalization; their features and the code
    enter fully connected layers.

    Args:
        image_shape: (height, width, channels).
        latent_dim: the size d of the code.
        widths: channels of each convolutional block, outermost first. Default: `gan_widths`.
        hidden: units of each fully connected layer; the last layer returns the features f(D(s, z)).
        seed: seed of the initial weights.

    Returns:
        A model named "discriminator": [(batch, *image_shape), (batch, d)] -> (batch, 1), no
        sigmoid.

    Raises:
        ValueError: as in `get_discriminator`.
    """
    of_image = get_discriminator(image_shape, widths=widths, batch_norm=False, seed=seed)
    z = layers.Input((latent_dim,), name="code")
    x = layers.Concatenate()([of_image.get_layer("output_layer").input, z])
    seeded = SeededLayers(seed + 100)
    for units in hidden:
        x = layers.LeakyReLU(0.2)(seeded(layers.Dense, units)(x))
    logit = seeded(layers.Dense, 1, dtype="float32", name="output_layer")(x)
    return keras.Model([of_image.input, z], logit, name="discriminator")


def check_encoder(encoder: keras.Model, generator: keras.Model) -> None:
    """Raise a ValueError unless E maps G's images to G's codes."""
    check_shapes_known(encoder, "encoder")
    check_shapes_known(generator, "generator")
    if encoder.input_shape != generator.output_shape or (
        encoder.output_shape != generator.input_shape
    ):
        raise ValueError(
            f"The encoder goes the generator's way back, {generator.output_shape[1:]} -> "
            f"{generator.input_shape[1:]}, not {encoder.input_shape[1:]} -> "
            f"{encoder.output_shape[1:]}."
        )


@keras.saving.register_keras_serializable("ankeras")
class BiGAN(GAN):
    """The bidirectional GAN; the generator's optimizer trains the encoder too.

    Args:
        generator: `get_generator(d, image_shape)`.
        discriminator: `get_pair_discriminator(image_shape, d)`.
        encoder: `get_encoder(image_shape, d)`.
        **options: those of `GAN`.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    networks = ("generator", "discriminator", "encoder")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        encoder: keras.Model,
        **options: Any,
    ) -> None:
        super().__init__(generator, discriminator, **options)
        check_encoder(encoder, generator)
        self.encoder = encoder

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1: k steps of D on pairs, then one step of G and E."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        for i in range(self.k):
            s = images[i :: self.k]
            z = self.sample_z(s)
            fake = ops.stop_gradient(self.generator(z, training=True))  # G(z)
            code = ops.stop_gradient(self.encoder(s, training=True))  # E(s)

            # theta_d descends  -E[log D(s, E(s))] - E[log(1 - D(G(z), z))]
            def d_objective(s: Any = s, z: Any = z, fake: Any = fake, code: Any = code) -> tuple:
                real_scores, fake_scores = self.score(s, code), self.score(fake, z)
                d_loss = self.d_loss(real_scores, fake_scores)
                added = self.r1_penalty(s, code) + self.layer_losses(self.discriminator)
                return d_loss + added, d_loss, real_scores, fake_scores

            _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, self.theta_d)

        # theta_g and theta_e descend  -E[log D(G(z), z)] - E[log(1 - D(s, E(s)))]
        def g_objective() -> Any:
            z = self.sample_z(s)
            fake_scores = self.score(self.generator(z, training=True), z)
            real_scores = self.score(s, self.encoder(s, training=True))
            g_loss = self.g_loss(fake_scores) + self.e_loss(real_scores)
            return g_loss + self.layer_losses(self.generator, self.encoder), g_loss

        _, g_loss = descend(g_objective, self.optimizer.generator, self.theta_g)
        return self.log(d_loss=d_loss, g_loss=g_loss, **self.mean_scores(*scores))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        s, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        z = self.sample_z(s)
        real_scores = self.score(s, self.encoder(s, training=False), training=False)
        fake_scores = self.score(self.generator(z, training=False), z, training=False)
        return self.log(
            d_loss=self.d_loss(real_scores, fake_scores),
            g_loss=self.g_loss(fake_scores) + self.e_loss(real_scores),
            **self.mean_scores(real_scores, fake_scores),
        )

    def e_loss(self, real: Any) -> Any:
        """Return -E[log(1 - D(s, E(s)))]; for "minimax" E[log D(s, E(s))].

        It is G's loss of the logit with the opposite sign, since 1 - sigmoid(l) = sigmoid(-l).
        """
        return self.g_loss(-real)

    def check_networks(self) -> None:
        """Raise a ValueError unless D reads what G draws, and its code."""
        pair = [self.generator.output_shape, self.generator.input_shape]
        read = self.discriminator.input_shape
        if read != pair:
            raise ValueError(
                f"The discriminator of a BiGAN reads pairs of image and code, {pair}, not {read}."
            )

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Return G(E(s)) for images s: (n, *image)."""
        return decode(self.generator, encode(self.encoder, images))


ROWS = (
    Row(
        name="bidirectional GAN",
        builds=BiGAN,
        lecture="AN2DL, Bidirectional GANs (BiGANs)",
        paper="Donahue 2017",
        notebook="11",
        learns_from="x",
        tiny=lambda: BiGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
            get_pair_discriminator(TINY_SHAPE, TINY_LATENT_DIM, widths=(4, 8), hidden=(8,)),
            get_encoder(TINY_SHAPE, TINY_LATENT_DIM, widths=(4, 8)),
        ),
    ),
)
