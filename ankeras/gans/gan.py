"""The generative adversarial network: G learns to draw what D can't tell from real images.

Source: AN2DL, "The GAN solution" to "Algorithm outline"; AE; NOTES, lesson 15; ATIV, "GAN";
Goodfellow et al., "Generative adversarial nets" (NIPS 2014), algorithm 1.

    min_theta_g max_theta_d  E_s [log D(s)] + E_z [log(1 - D(G(z)))]

    for k steps: ascend   grad_theta_d 1/m sum_i [log D(s_i) + log(1 - D(G(z_i)))]
    minimax:     descend  grad_theta_g 1/m sum_i log(1 - D(G(z_i)))
    or, non-saturating: ascend grad_theta_g 1/m sum_i log D(G(z_i))

D stands for the sigmoid of the discriminator's logit.
"""

from typing import Any

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans.two_players import TwoPlayers
from ankeras.latent.codes import decode, sample_prior
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row
from ankeras.training.checks import check_images, drawn_range

import keras
import numpy as np
from keras import ops


def discriminator_loss(real: Any, fake: Any, smoothing: float = 0.0) -> Any:
    """Return -E[log D(s)] - E[log(1 - D(G(z)))], what D descends.

    Args:
        real, fake: (batch, 1), the logits of real and of generated images.
        smoothing: the target of real images is 1 - smoothing instead of 1 (one-sided label
            smoothing, Salimans et al. 2016).
    """
    # -log D = softplus(-logit) and -log(1 - D) = softplus(logit), without overflow
    of_real = (1 - smoothing) * ops.softplus(-real) + smoothing * ops.softplus(real)
    return ops.mean(of_real) + ops.mean(ops.softplus(fake))


def minimax_loss(fake: Any) -> Any:
    """Return E[log(1 - D(G(z)))] from the logits (batch, 1): flat where D is sure of a fake."""
    return -ops.mean(ops.softplus(fake))


def non_saturating_loss(fake: Any) -> Any:
    """Return -E[log D(G(z))] from the logits (batch, 1): steep where D is sure of a fake."""
    return ops.mean(ops.softplus(-fake))


GENERATOR_LOSSES = {"minimax": minimax_loss, "non-saturating": non_saturating_loss}


class AdversarialGame(TwoPlayers):
    """Algorithm 1 for any two losses: a subclass defines `d_loss` and `g_loss`.

    Args:
        generator: (batch, d) -> (batch, *image), as `get_generator` builds it.
        discriminator: (batch, *image) -> (batch, 1) logits, as `get_discriminator` builds it.
        k: discriminator steps per generator step. Each of them sees different images: a batch of
            `fit` is split into k parts, so give `fit` a batch_size of k * m.
        r1, seed: as in `TwoPlayers`.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    options: tuple[str, ...] = ("k", *TwoPlayers.options)

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, k: int = 1, **options: Any
    ) -> None:
        super().__init__(generator, discriminator, **options)
        if k < 1:
            raise ValueError(f"The discriminator takes k >= 1 steps, not {k}.")
        self.k = k

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1: k steps of D, then one step of G."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        theta_d, theta_g = self.theta_d, self.theta_g
        for i in range(self.k):
            s = images[i :: self.k]
            fake = ops.stop_gradient(self.generator(self.sample_z(s), training=True))  # G(z)

            # theta_d descends  d_loss(D(s), D(G(z))) + gamma/2 E ||grad_s D(s)||^2
            def d_objective(s: Any = s, fake: Any = fake) -> tuple:
                real_scores, fake_scores = self.score(s), self.score(fake)
                d_loss = self.d_loss(real_scores, fake_scores)
                added = self.r1_penalty(s) + self.layer_losses(self.discriminator)
                return d_loss + added, d_loss, real_scores, fake_scores

            _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, theta_d)

        # theta_g descends  g_loss(D(G(z)))
        def g_objective() -> Any:
            g_loss = self.g_loss(self.score(self.generator(self.sample_z(s), training=True)))
            return g_loss + self.layer_losses(self.generator), g_loss

        _, g_loss = descend(g_objective, self.optimizer.generator, theta_g)
        return self.log(d_loss=d_loss, g_loss=g_loss, **self.mean_scores(*scores))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch. They do not say how good the images are."""
        s, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = self.generator(self.sample_z(s), training=False)
        real_scores, fake_scores = self.score(s, training=False), self.score(fake, training=False)
        return self.log(
            d_loss=self.d_loss(real_scores, fake_scores),
            g_loss=self.g_loss(fake_scores),
            **self.mean_scores(real_scores, fake_scores),
        )

    def sample_z(self, x: Any) -> Any:
        """Draw noise for a minibatch as large as x: (batch, d), from N(0, I)."""
        return keras.random.normal((ops.shape(x)[0], self.latent_dim), seed=self.noise)

    @property
    def latent_dim(self) -> int:
        """The size d of the noise z."""
        return self.generator.inputs[0].shape[-1]

    def check_networks(self) -> None:
        """Raise a ValueError unless D reads what G draws."""
        drawn, read = self.generator.output_shape, self.discriminator.input_shape
        if drawn != read:
            raise ValueError(
                f"The generator draws images of shape {drawn[1:]}, but the discriminator reads "
                f"{read[1:]}."
            )

    @property
    def smallest_batch(self) -> int:
        """The number of images that each batch needs: one for each step of D."""
        return self.k

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the game can't be played with the images x."""
        check_images(x, self.generator.output_shape[1:], drawn_range(self.generator))

    def call(self, z: Any, training: bool | None = None) -> Any:
        """Return the generated images G(z)."""
        return self.generator(z, training=training)

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images: G(z) for z from the prior, (n, *image)."""
        return decode(self.generator, sample_prior(n, self.latent_dim, seed))


@keras.saving.register_keras_serializable("ankeras")
class GAN(AdversarialGame):
    """The generative adversarial network.

    Args:
        generator, discriminator, k, r1, seed: as in `AdversarialGame`.
        generator_loss: "non-saturating" or "minimax".
        smoothing: one-sided label smoothing, in [0, 0.5].

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    options = (*AdversarialGame.options, "generator_loss", "smoothing")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        k: int = 1,
        generator_loss: str = "non-saturating",
        smoothing: float = 0.0,
        **options: Any,
    ) -> None:
        if generator_loss not in GENERATOR_LOSSES:
            raise ValueError(
                f"generator_loss must be one of {tuple(GENERATOR_LOSSES)}, not {generator_loss!r}."
            )
        if not 0 <= smoothing <= 0.5:
            raise ValueError(f"smoothing lies in [0, 0.5], {smoothing} does not.")
        super().__init__(generator, discriminator, k, **options)
        self.generator_loss = generator_loss
        self.smoothing = smoothing

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return -E[log D(s)] - E[log(1 - D(G(z)))] from the logits."""
        return discriminator_loss(real, fake, self.smoothing)

    def g_loss(self, fake: Any) -> Any:
        """Return -E[log D(G(z))] from the logits; for "minimax" E[log(1 - D(G(z)))]."""
        return GENERATOR_LOSSES[self.generator_loss](fake)

    def mean_scores(self, real: Any, fake: Any) -> dict[str, Any]:
        """Return the mean posteriors D(s) and D(G(z))."""
        return super().mean_scores(ops.sigmoid(real), ops.sigmoid(fake))


ROWS = (
    Row(
        name="GAN",
        builds=GAN,
        lecture="AN2DL, The GAN solution; NOTES 15; ATIV; AE",
        paper="Goodfellow 2014",
        notebook="05",
        learns_from="x",
        tiny=lambda: GAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, kind="mlp", widths=(16,)),
            get_discriminator(TINY_SHAPE, kind="mlp", widths=(16,)),
        ),
    ),
)
