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

from ankeras.gans.gan import AdversarialGame

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
        k: critic steps a generator step; give `fit` a batch_size of k * m.
        c: bound of each of the critic's weights.
        **options: the others of `AdversarialGame`.

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
    """

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

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Return the paper's: momentum unsettles a critic that changes so much under G."""
        return keras.optimizers.RMSprop(5e-5)

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return E[D(G(z))] - E[D(s)]."""
        return critic_loss(real, fake)

    def g_loss(self, fake: Any) -> Any:
        """Return -E[D(G(z))]."""
        return -ops.mean(fake)

    def update_discriminator(
        self, s: Any, fake: Any, y: Any = None, y_fake: Any = None
    ) -> dict[str, Any]:
        """Take one step of theta_d, and clip: theta_d <- clip(theta_d, -c, c)."""
        logs = super().update_discriminator(s, fake, y, y_fake)
        for weight in self.discriminator.trainable_variables:
            weight.assign(ops.clip(weight, -self.c, self.c))
        return logs

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        return {**super().get_config(), "c": self.c}
