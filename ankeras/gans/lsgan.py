"""The least squares GAN: D's score is pulled to 1 or to 0, and its loss stays steep far from both.

Source: AN2DL, "GAN has been a very active research field" and the losses of "Fully Convolutional
Anomaly Detection by GANs"; Mao et al., "Least squares generative adversarial networks" (ICCV
2017), equation 9.

    min_theta_d  1/2 E_s [(D(s) - 1)^2] + 1/2 E_z [D(G(z))^2]
    min_theta_g  1/2 E_z [(D(G(z)) - 1)^2]

D's output is a score, without a sigmoid.
"""

from typing import Any

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans.gan import AdversarialGame
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class LSGAN(AdversarialGame):
    """The least squares GAN; arguments as in `AdversarialGame`."""

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return 1/2 E[(D(s) - 1)^2] + 1/2 E[D(G(z))^2]."""
        return 0.5 * ops.mean(ops.square(real - 1.0)) + 0.5 * ops.mean(ops.square(fake))

    def g_loss(self, fake: Any) -> Any:
        """Return 1/2 E[(D(G(z)) - 1)^2]."""
        return 0.5 * ops.mean(ops.square(fake - 1.0))


ROWS = (
    Row(
        name="least squares GAN",
        builds=LSGAN,
        lecture="AN2DL, GAN has been a very active research field",
        paper="Mao 2017",
        notebook="10",
        learns_from="x",
        tiny=lambda: LSGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
            get_discriminator(TINY_SHAPE, widths=(4, 8)),
        ),
    ),
)
