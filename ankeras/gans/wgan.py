"""The Wasserstein GAN: D is a critic whose scores measure how far G's images are from real ones.

Source: AN2DL, "GAN has been a very active research field"; Arjovsky et al., "Wasserstein
generative adversarial networks" (ICML 2017), algorithm 1.

    W(phi_s, phi_G(z)) = max_(||D||_L <= 1)  E_s [D(s)] - E_z [D(G(z))]

    for k steps: descend  grad_theta_d 1/m sum_i [D(G(z_i)) - D(s_i)]
                 then     theta_d <- clip(theta_d, -c, c)
    descend               grad_theta_g 1/m sum_i -D(G(z_i))

The clipping keeps D's slope bounded (||D||_L <= K for some K), so that -d_loss estimates K * W.
"""

from typing import Any

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans.gan import AdversarialGame
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
from keras import ops


def critic_loss(real: Any, fake: Any) -> Any:
    """Return E[D(G(z))] - E[D(s)] from the scores of real and of generated images."""
    return ops.mean(fake) - ops.mean(real)


@keras.saving.register_keras_serializable("ankeras")
class WGAN(AdversarialGame):
    """The Wasserstein GAN with weight clipping.

    Args:
        generator, discriminator: as in `AdversarialGame`.
        k: critic steps per generator step; give `fit` a batch_size of k * m.
        c: bound of each of the critic's weights.
        **options: the others of `AdversarialGame`.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    options = (*AdversarialGame.options, "c")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        k: int = 5,
        c: float = 0.01,
        **options: Any,
    ) -> None:
        if c <= 0:
            raise ValueError(f"The critic's weights are clipped at c > 0, not {c}.")
        super().__init__(generator, discriminator, k, **options)
        self.c = c

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1: k steps of the critic, each with clipping, one of G."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        theta_d, theta_g = self.theta_d, self.theta_g
        for i in range(self.k):
            s = images[i :: self.k]
            fake = ops.stop_gradient(self.generator(self.sample_z(s), training=True))  # G(z)

            # theta_d descends  E[D(G(z))] - E[D(s)]
            def d_objective(s: Any = s, fake: Any = fake) -> tuple:
                real_scores, fake_scores = self.score(s), self.score(fake)
                d_loss = self.d_loss(real_scores, fake_scores)
                added = self.r1_penalty(s) + self.layer_losses(self.discriminator)
                return d_loss + added, d_loss, real_scores, fake_scores

            _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, theta_d)

            # theta_d <- clip(theta_d, -c, c)
            for weight in theta_d:
                weight.assign(ops.clip(weight, -self.c, self.c))

        # theta_g descends  -E[D(G(z))]
        def g_objective() -> Any:
            g_loss = self.g_loss(self.score(self.generator(self.sample_z(s), training=True)))
            return g_loss + self.layer_losses(self.generator), g_loss

        _, g_loss = descend(g_objective, self.optimizer.generator, theta_g)
        return self.log(d_loss=d_loss, g_loss=g_loss, **self.mean_scores(*scores))

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return E[D(G(z))] - E[D(s)]."""
        return critic_loss(real, fake)

    def g_loss(self, fake: Any) -> Any:
        """Return -E[D(G(z))]."""
        return -ops.mean(fake)

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Return the paper's RMSprop: momentum makes a critic unstable that changes with G."""
        return keras.optimizers.RMSprop(5e-5)


ROWS = (
    Row(
        name="Wasserstein GAN",
        builds=WGAN,
        lecture="AN2DL, GAN has been a very active research field",
        paper="Arjovsky 2017",
        notebook="10",
        learns_from="x",
        tiny=lambda: WGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
            get_discriminator(TINY_SHAPE, widths=(4, 8)),
            k=1,
        ),
    ),
)
