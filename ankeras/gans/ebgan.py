"""The energy-based GAN: real images cost little, generated ones at least a margin m.

Source: DLSP, "Generative adversarial network" and "Training"; Zhao et al., "Energy-based
generative adversarial network" (ICLR 2017), equations 1 and 2.

    L_C(x, z) = C(x) + [m - C(G(z))]^+
    L_G(z)    = C(G(z))

    C(x) = ||Dec(Enc(x)) - x||^2

The cost network C takes the discriminator's place: an autoencoder that learns to reconstruct real
images and not to reconstruct G's, until these cost m.
"""

from typing import Any

from ankeras.gans.gan import AdversarialGame

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
        ValueError: if the players do not fit each other, or an option is out of range.
    """

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

    def refuse_unfit_players(self) -> None:
        """Raise a ValueError unless the cost is that of an autoencoder for what G draws."""
        super().refuse_unfit_players()
        if self.discriminator.output_shape != self.discriminator.input_shape:
            raise ValueError(
                f"The discriminator of an EBGAN is an autoencoder: it returns what it reads, "
                f"{self.discriminator.input_shape[1:]}, not {self.discriminator.output_shape[1:]}."
            )

    def judge(self, s: Any, y: Any = None, training: bool = True) -> Any:
        """Return the cost C(s) = ||Dec(Enc(s)) - s||^2 of each image: (batch,)."""
        error = super().judge(s, training=training) - s
        return ops.sum(ops.square(error), axis=tuple(range(1, len(error.shape))))

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return E[C(x)] + E[[m - C(G(z))]^+]."""
        return ops.mean(real) + ops.mean(ops.relu(self.m - fake))

    def g_loss(self, fake: Any) -> Any:
        """Return E[C(G(z))]."""
        return ops.mean(fake)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        return {**super().get_config(), "m": self.m}
