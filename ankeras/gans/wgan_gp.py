"""The improved Wasserstein GAN: a penalty on the critic's gradient, instead of clipped weights.

Source: AN2DL, "GAN has been a very active research field"; Gulrajani et al., "Improved training of
Wasserstein GANs" (NIPS 2017), equation 3 and algorithm 1.

    min_theta_d  E_z [D(G(z))] - E_s [D(s)] + lambda E_x_hat [(||grad_x_hat D(x_hat)||_2 - 1)^2]
    min_theta_g  -E_z [D(G(z))]

    x_hat = alpha s + (1 - alpha) G(z),    alpha ~ U(0, 1), one an image

The penalty looks at each image alone, so D must not mix those of a batch:
`get_discriminator(image_shape, batch_norm=False)`.
"""

from typing import Any

from ankeras.gans.gan import AdversarialGame
from ankeras.gans.wgan import critic_loss
from ankeras.training.autodiff import input_gradient

import keras
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class WGANGP(AdversarialGame):
    """The Wasserstein GAN with gradient penalty.

    Args:
        generator, discriminator: as in `AdversarialGame`.
        k: critic steps a generator step; give `fit` a batch_size of k * m.
        lam: weight lambda of the penalty.
        **options: the others of `AdversarialGame`.

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
    """

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

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Return the paper's."""
        return keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9)

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return E[D(G(z))] - E[D(s)], without the penalty: -d_loss estimates the distance."""
        return critic_loss(real, fake)

    def g_loss(self, fake: Any) -> Any:
        """Return -E[D(G(z))]."""
        return -ops.mean(fake)

    def penalty(self, s: Any, fake: Any, y: Any = None) -> Any:
        """Return lambda E[(||grad D(x_hat)||_2 - 1)^2], beside the R1 penalty of the base."""
        alpha = keras.random.uniform(
            (ops.shape(s)[0], *[1] * (len(s.shape) - 1)), dtype=fake.dtype, seed=self.noise
        )
        x_hat = alpha * s + (1.0 - alpha) * fake
        _, slope = input_gradient(self.judge, x_hat)
        squared = ops.sum(ops.square(slope), axis=tuple(range(1, len(slope.shape))))
        # a square root has no slope at 0
        norm = ops.sqrt(squared + keras.config.epsilon())
        return super().penalty(s, fake, y) + self.lam * ops.mean(ops.square(norm - 1.0))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        return {**super().get_config(), "lam": self.lam}
