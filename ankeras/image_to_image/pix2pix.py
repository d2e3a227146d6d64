"""Pix2pix: a conditional GAN that translates images, trained on pairs.

Source: AN2DL, "The GAN ZOO" (pix2pix) and "GANs for source-target domain transfer"; ATIV,
"Conditioning on images"; Isola et al., "Image-to-image translation with conditional adversarial
networks" (CVPR 2017), equations 1 to 4.

    min_G max_D  E_(x,y) [log D(y, x)] + E_x [log(1 - D(G(x), x))] + lambda E_(x,y) ||y - G(x)||_1

    D descends  1/2 ( -E [log D(y, x)] - E [log(1 - D(G(x), x))] )
    G descends  -E [log D(G(x), x)] + lambda E ||y - G(x)||_1

x is the image to translate, y its translation. G is a U-Net, D scores patches of (y, x); the paper
writes D(x, y). ||.||_1 is the mean over the values of an image, as in the authors' program. The
only noise of G is dropout. The paper keeps dropout, and the statistics of the batch in batch
normalization, when it translates: `translate(x, as_trained=True)`. By default neither is used, and
one image has one translation.
"""

from typing import Any

from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet
from ankeras.gans.gan import discriminator_loss, non_saturating_loss
from ankeras.image_to_image.paired_game import PairedGame
from ankeras.latent.codes import PREDICT_BATCH
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_SHAPE, Row
from ankeras.training.checks import check_read

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class Pix2Pix(PairedGame):
    """Pix2pix; `fit(x, y)` with one target image per image, or a `Dataset` with "paired" images.

    Its log "l1" is ||y - G(x)||_1.

    Args:
        generator: (batch, *input) -> (batch, *image), `get_unet(input_shape, channels)`.
        discriminator: `get_patch_discriminator(image_shape, input_shape)`.
        lam: weight lambda of the L1 term; 0 for the adversarial term alone.
        adversarial: weight of the adversarial term in G's loss; 0 for the L1 term alone.
        r1, seed: as in `TwoPlayers`.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    options = ("lam", "adversarial", *PairedGame.options)
    logged = (*PairedGame.logged, "l1")
    unpaired = "Pix2pix needs one target image for each of {n}, not {given}."

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        lam: float = 100.0,
        adversarial: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(generator, discriminator, **options)
        if min(lam, adversarial) < 0 or lam == adversarial == 0:
            raise ValueError("lam and adversarial must not be negative, nor both 0.")
        self.lam = lam
        self.adversarial = adversarial

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take one step of D and one step of G on a minibatch of pairs."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = ops.stop_gradient(self.generator(x, training=True))  # G(x)

        # theta_d descends  1/2 ( -E [log D(y, x)] - E [log(1 - D(G(x), x))] )
        #                   + gamma/2 E ||grad_y D||^2
        def d_objective() -> tuple:
            real_scores, fake_scores = self.score(y, x), self.score(fake, x)
            d_loss = 0.5 * discriminator_loss(real_scores, fake_scores)
            added = self.r1_penalty(y, x) + self.layer_losses(self.discriminator)
            return d_loss + added, d_loss, real_scores, fake_scores

        _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, self.theta_d)

        # theta_g descends  -E [log D(G(x), x)] + lambda E ||y - G(x)||_1
        def g_objective() -> tuple:
            fake = self.generator(x, training=True)
            l1 = ops.mean(ops.abs(y - fake))
            g_loss = self.adversarial * non_saturating_loss(self.score(fake, x)) + self.lam * l1
            return g_loss + self.layer_losses(self.generator), g_loss, l1

        _, g_loss, l1 = descend(g_objective, self.optimizer.generator, self.theta_g)
        return self.log(d_loss=d_loss, g_loss=g_loss, l1=l1, **self.mean_scores(*scores))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = self.generator(x, training=False)
        scores = [self.score(image, x, training=False) for image in (y, fake)]
        l1 = ops.mean(ops.abs(y - fake))
        return self.log(
            d_loss=0.5 * discriminator_loss(*scores),
            g_loss=self.adversarial * non_saturating_loss(scores[1]) + self.lam * l1,
            l1=l1,
            **self.mean_scores(*scores),
        )

    def translate(self, x: np.ndarray, as_trained: bool = False) -> np.ndarray:
        """Return the translations of images: (n, *input) -> (n, *image).

        Args:
            x: the images.
            as_trained: keep dropout and the statistics of the batch, as the paper does. Another
                call then returns another translation.

        Raises:
            ValueError: if the images do not fit the network, or have values outside of [0, 1].
        """
        check_read(x, self.generator, "x")
        if not as_trained:
            return self.generator.predict(x, batch_size=PREDICT_BATCH, verbose=0)
        before = self.generator.get_weights()  # moving averages change in training mode
        drawn = ops.convert_to_numpy(self.generator(ops.convert_to_tensor(x), training=True))
        self.generator.set_weights(before)
        return drawn


ROWS = (
    Row(
        name="pix2pix",
        builds=Pix2Pix,
        lecture="AN2DL, The GAN ZOO; ATIV, Conditioning on images",
        paper="Isola 2017",
        notebook="12",
        learns_from="x, x",
        tiny=lambda: Pix2Pix(
            get_unet(TINY_SHAPE, 1, widths=(4, 8), dropout=0.5),
            get_patch_discriminator(TINY_SHAPE, TINY_SHAPE, widths=(4, 8)),
        ),
    ),
)
