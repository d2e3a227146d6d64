"""The energy-based GAN: real images have a low cost, generated images at least the margin m.

Source: DLSP, "Generative adversarial network" and "Training"; Zhao et al., "Energy-based
generative adversarial network" (ICLR 2017), equations 1 and 2.

    L_C(x, z) = C(x) + [m - C(G(z))]^+
    L_G(z)    = C(G(z))

    C(x) = ||Dec(Enc(x)) - x||^2

The cost network C takes the discriminator's place: an autoencoder that learns to reconstruct real
images and not to reconstruct G's, until these cost m.
"""

from typing import Any

from ankeras.builders import get_autoencoder, get_generator
from ankeras.gans.gan import AdversarialGame
from ankeras.gans.two_players import squared_norm
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class EBGAN(AdversarialGame):
    """The energy-based GAN; `d_real` and `d_fake` are the mean costs of real and of G's images.

    Args:
        generator: as in `AdversarialGame`.
        discriminator: the autoencoder Dec(Enc(x)), as `get_autoencoder` builds it.
        m: margin, in units of the squared error summed over an image: more than real images cost
            once the autoencoder is trained.
        **options: those of `AdversarialGame`.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    options = (*AdversarialGame.options, "m")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        m: float = 10.0,
        **options: Any,
    ) -> None:
        if m <= 0:
            raise ValueError(f"The margin m is positive, {m} is not.")
        super().__init__(generator, discriminator, **options)
        self.m = m

    def check_networks(self) -> None:
        """Raise a ValueError unless the discriminator is an autoencoder of what G draws."""
        super().check_networks()
        if self.discriminator.output_shape != self.discriminator.input_shape:
            raise ValueError(
                f"The discriminator of an EBGAN is an autoencoder: it returns what it reads, "
                f"{self.discriminator.input_shape[1:]}, not {self.discriminator.output_shape[1:]}."
            )

    def check_scores(self) -> None:
        """Do nothing: the discriminator returns images, and their costs are not bounded."""

    def score(self, s: Any, *told: Any, training: bool = True) -> Any:
        """Return the cost C(s) = ||Dec(Enc(s)) - s||^2 of each image: (batch,)."""
        return squared_norm(self.discriminator(s, training=training) - s)

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return E[C(x)] + E[[m - C(G(z))]^+]."""
        return ops.mean(real) + ops.mean(ops.relu(self.m - fake))

    def g_loss(self, fake: Any) -> Any:
        """Return E[C(G(z))]."""
        return ops.mean(fake)


ROWS = (
    Row(
        name="energy-based GAN",
        builds=EBGAN,
        lecture="DLSP, Generative adversarial network",
        paper="Zhao 2017",
        notebook="10",
        learns_from="x",
        tiny=lambda: EBGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
            get_autoencoder(TINY_SHAPE, latent_dim=TINY_LATENT_DIM, widths=(4, 8)),
        ),
    ),
)
