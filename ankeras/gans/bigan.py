"""The bidirectional GAN: an encoder joins the game, and D judges pairs of image and code.

Source: AN2DL, "Bidirectional GANs (BiGANs)"; Donahue et al., "Adversarial feature learning" (ICLR
2017), equations 2 and 3, and section 3.4.

    min_(G,E) max_D  V(D, E, G) = E_s [log D(s, E(s))] + E_z [log(1 - D(G(z), z))]

    minimax:                 G and E descend V
    or, non-saturating:      G and E ascend E_s [log(1 - D(s, E(s)))] + E_z [log D(G(z), z)]

    reconstruction of s:     G(E(s))

The slide writes 1 - log D(G(z), z) for the second term: the two brackets changed places. D looks at
the image with convolutions, then at both together. (With the code as constant channels of the image
it costs more and learns less: each place would have to compare its few pixels with the whole code.)
"""

from collections.abc import Sequence
from typing import Any

from ankeras.builders import get_discriminator
from ankeras.gans.gan import GAN
from ankeras.latent import decode, encode
from ankeras.training.autodiff import descend_through, value_and_pullback

import keras
import numpy as np
from keras import layers


def get_pair_discriminator(
    image_shape: Sequence[int] = (28, 28, 1),
    latent_dim: int = 16,
    *,
    widths: Sequence[int] | None = None,
    hidden: Sequence[int] = (128, 64),
    seed: int = 42,
) -> keras.Model:
    """Build the discriminator D of a BiGAN: image and code -> logit that they are a real pair.

    The blocks of `get_discriminator` without batch normalization; their features and the code
    enter fully connected layers.

    Args:
        image_shape: (height, width, channels).
        latent_dim: the size d of the code.
        widths: channels of each convolutional block, outermost first. Default: `gan_widths`.
        hidden: units of each fully connected layer; the last one's are the features f(D(s, z)).
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
    for i, units in enumerate(hidden):
        x = layers.Dense(units, kernel_initializer=_glorot(seed + 100 + i))(x)
        x = layers.LeakyReLU(0.2)(x)
    logit = layers.Dense(
        1, kernel_initializer=_glorot(seed + 99), dtype="float32", name="output_layer"
    )(x)
    return keras.Model([of_image.input, z], logit, name="discriminator")


def _glorot(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed)


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
        discriminator: `get_pair_discriminator(image_shape, d)`.
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
        """Raise a ValueError unless D reads what G draws, and its code."""
        pair = [self.generator.output_shape, self.generator.input_shape]
        read = self.discriminator.input_shape
        if read != pair:
            raise ValueError(
                f"The discriminator of a BiGAN reads pairs of image and code, {pair}, not {read}."
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

        def loss_fn(fake: Any, code: Any) -> Any:
            return self.g_loss(self.judge(fake, z)) + self.e_loss(self.judge(s, code))

        drawn = [(fake, to_g), (code, to_e)]
        g_loss = descend_through(loss_fn, drawn, self.optimizer.generator, self.theta_g)
        return self.log(g_loss=g_loss, **d_logs)

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
        return self.discriminator([s, y], training=training)

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
