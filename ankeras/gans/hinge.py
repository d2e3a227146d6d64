"""The hinge GAN: D learns only from images within its margin, G raises its score.

Source: AN2DL, "The GAN ZOO"; Lim & Ye, "Geometric GAN" (2017); Miyato et al.,
"Spectral normalization for generative adversarial networks" (ICLR 2018), equations 16 and 17.

    min_theta_d  E_s [max(0, 1 - D(s))] + E_z [max(0, 1 + D(G(z)))]
    min_theta_g  -E_z [D(G(z))]

D's output is a score, without a sigmoid. Miyato et al. keep D smooth by spectral normalization:
`get_discriminator(image_shape, spectral_norm=True, batch_norm=False)`.
"""

from typing import Any

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans.gan import AdversarialGame
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class HingeGAN(AdversarialGame):
    """The hinge GAN; arguments as in `AdversarialGame`."""

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return E[max(0, 1 - D(s))] + E[max(0, 1 + D(G(z)))]."""
        return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))

    def g_loss(self, fake: Any) -> Any:
        """Return -E[D(G(z))]."""
        return -ops.mean(fake)


ROWS = (
    Row(
        name="hinge GAN",
        builds=HingeGAN,
        lecture="AN2DL, The GAN ZOO",
        paper="Lim 2017",
        notebook="10",
        learns_from="x",
        tiny=lambda: HingeGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
            get_discriminator(TINY_SHAPE, widths=(4, 8), batch_norm=False, spectral_norm=True),
        ),
    ),
)
