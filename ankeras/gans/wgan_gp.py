"""The improved Wasserstein GAN: a penalty on the critic's gradient, instead of clipped weights.

Source: AN2DL, "GAN has been a very active research field"; Gulrajani et al., "Improved training of
Wasserstein GANs" (NIPS 2017), equation 3 and algorithm 1.

    min_theta_d  E_z [D(G(z))] - E_s [D(s)] + lambda E_x_hat [(||grad_x_hat D(x_hat)||_2 - 1)^2]
    min_theta_g  -E_z [D(G(z))]

    x_hat = alpha s + (1 - alpha) G(z),    alpha ~ U(0, 1), one per image

The penalty is computed for each image alone, so D must not mix the images of a batch:
`get_discriminator(image_shape, batch_norm=False)`.
"""

from typing import Any

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans.gan import AdversarialGame
from ankeras.gans.two_players import squared_norm
from ankeras.gans.wgan import critic_loss
from ankeras.training.autodiff import descend, input_gradient
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class WGANGP(AdversarialGame):
    """The Wasserstein GAN with gradient penalty.

    Args:
        generator, discriminator: as in `AdversarialGame`.
        k: critic steps per generator step; give `fit` a batch_size of k * m.
        lam: weight lambda of the penalty.
        **options: the others of `AdversarialGame`.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    options = (*AdversarialGame.options, "lam")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        k: int = 5,
        lam: float = 10.0,
        **options: Any,
    ) -> None:
        if lam < 0:
            raise ValueError(f"The weight lam of the penalty must not be negative, as {lam} is.")
        super().__init__(generator, discriminator, k, **options)
        self.lam = lam

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1: k steps of the critic, one step of G."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        theta_d, theta_g = self.theta_d, self.theta_g
        for i in range(self.k):
            s = images[i :: self.k]
            fake = ops.stop_gradient(self.generator(self.sample_z(s), training=True))  # G(z)

            # theta_d descends  E[D(G(z))] - E[D(s)] + lambda E[(||grad_x_hat D(x_hat)||_2 - 1)^2]
            def d_objective(s: Any = s, fake: Any = fake) -> tuple:
                real_scores, fake_scores = self.score(s), self.score(fake)
                d_loss = self.d_loss(real_scores, fake_scores)
                added = self.r1_penalty(s) + self.layer_losses(self.discriminator)
                loss = d_loss + self.lam * self.gradient_penalty(s, fake) + added
                return loss, d_loss, real_scores, fake_scores

            _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, theta_d)

        # theta_g descends  -E[D(G(z))]
        def g_objective() -> Any:
            g_loss = self.g_loss(self.score(self.generator(self.sample_z(s), training=True)))
            return g_loss + self.layer_losses(self.generator), g_loss

        _, g_loss = descend(g_objective, self.optimizer.generator, theta_g)
        return self.log(d_loss=d_loss, g_loss=g_loss, **self.mean_scores(*scores))

    def gradient_penalty(self, s: Any, fake: Any) -> Any:
        """Return E[(||grad_x_hat D(x_hat)||_2 - 1)^2], x_hat = alpha s + (1 - alpha) G(z).

        Args:
            s, fake: (batch, *image), real and generated images.
        """
        # one alpha ~ U(0, 1) per image
        shape = (ops.shape(s)[0], *[1] * (len(s.shape) - 1))
        alpha = keras.random.uniform(shape, dtype=fake.dtype, seed=self.noise)
        x_hat = alpha * s + (1.0 - alpha) * fake
        _, slope = input_gradient(self.score, x_hat)
        norm = ops.sqrt(squared_norm(slope) + keras.config.epsilon())  # sqrt has no slope at 0
        return ops.mean(ops.square(norm - 1.0))

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return E[D(G(z))] - E[D(s)], without the penalty: -d_loss estimates the distance."""
        return critic_loss(real, fake)

    def g_loss(self, fake: Any) -> Any:
        """Return -E[D(G(z))]."""
        return -ops.mean(fake)

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Return the paper's Adam."""
        return keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9)


ROWS = (
    Row(
        name="Wasserstein GAN with gradient penalty",
        builds=WGANGP,
        lecture="AN2DL, GAN has been a very active research field",
        paper="Gulrajani 2017",
        notebook="10",
        learns_from="x",
        tiny=lambda: WGANGP(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, kind="mlp", widths=(16,)),
            get_discriminator(TINY_SHAPE, kind="mlp", widths=(16,)),
            k=1,
        ),
    ),
)
