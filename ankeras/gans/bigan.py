"""The bidirectional GAN: an encoder joins the game, and D judges pairs of image and code.

Source: AN2DL, "Bidirectional GANs (BiGANs)"; Donahue et al., "Adversarial feature learning" (ICLR
2017), equations 2 and 3, and section 3.4.

    min_(G,E) max_D  V(D, E, G) = E_s [log D(s, E(s))] + E_z [log(1 - D(G(z), z))]

    minimax:                 G and E descend V
    or, non-saturating:      G and E ascend E_s [log(1 - D(s, E(s)))] + E_z [log D(G(z), z)]

    reconstruction of s:     G(E(s))

The slide writes 1 - log D(G(z), z) for the second term: the two brackets changed places. As in a
conditional GAN, the code enters D as one constant channel a number.
"""

from typing import Any

from ankeras.autodiff import input_gradient, value_and_pullback
from ankeras.conditioning import append_as_channels
from ankeras.gans.gan import GAN
from ankeras.latent import decode, encode

import keras
import numpy as np


def refuse_unfit_encoder(encoder: keras.Model, generator: keras.Model) -> None:
    """Raise a ValueError unless E goes from G's images to G's codes."""
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
        discriminator: `get_discriminator((height, width, channels + d))`.
        encoder: `get_encoder(image_shape, d)`.
        **options: those of `GAN`.

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
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
        refuse_unfit_encoder(encoder, generator)
        self.encoder = encoder

    def refuse_unfit_players(self) -> None:
        """Raise a ValueError unless D reads what G draws, and a channel a number of the code."""
        *sides, channels = self.generator.output_shape[1:]
        pair = (*sides, channels + self.latent_dim)
        if self.discriminator.input_shape[1:] != pair:
            raise ValueError(
                f"The discriminator of a BiGAN reads images with one more channel a number of the "
                f"code, {pair}, not {self.discriminator.input_shape[1:]}."
            )

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1: k steps of D on both kinds of pairs, one of G and E."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        for i in range(self.k):
            s = images[i :: self.k]
            z = self.sample_z(s)
            fake, to_g = self.draw(z)
            code, to_e = self.encode(s)
            d_logs = self.update_discriminator(s, fake, code, z)
        of_g, d_fake = input_gradient(lambda fake: self.g_loss(self.judge(fake, z)), fake)
        of_e, d_code = input_gradient(lambda code: self.e_loss(self.judge(s, code)), code)
        self.optimizer.generator.apply([*to_g(d_fake), *to_e(d_code)], self.theta_g)
        return self.log(g_loss=of_g + of_e, **d_logs)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        s, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        z = self.sample_z(s)
        of_real = self.judge(s, self.encoder(s, training=False), training=False)
        of_fake = self.judge(self.generator(z, training=False), z, training=False)
        return self.log(
            d_loss=self.d_loss(of_real, of_fake),
            g_loss=self.g_loss(of_fake) + self.e_loss(of_real),
            **self.verdicts(of_real, of_fake),
        )

    def judge(self, s: Any, y: Any = None, training: bool = True) -> Any:
        """Return D's logits for pairs of images s and codes y."""
        return super().judge(append_as_channels(s, y), training=training)

    def encode(self, s: Any) -> tuple[Any, Any]:
        """Return E(s), and the way back from the gradient of these codes to that of theta_e."""
        return value_and_pullback(
            lambda: self.encoder(s, training=True), self.encoder.trainable_variables
        )

    def e_loss(self, real: Any) -> Any:
        """Return -E[log(1 - D(s, E(s)))], or E[log D(s, E(s))]: D's logit with its sign turned."""
        return self.g_loss(-real)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Return G(E(s)) for images s: (n, *image)."""
        return decode(self.generator, encode(self.encoder, images))
