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

from ankeras.gans.adversarial import AdversarialModel
from ankeras.training.autodiff import descend, descend_through, value_and_pullback

import keras
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


class AdversarialGame(AdversarialModel):
    """Algorithm 1, whatever the two losses are: a system adds `d_loss` and `g_loss`.

    Args:
        generator, discriminator, r1, seed: as in `AdversarialModel`.
        k: discriminator steps a generator step. A batch of `fit` is dealt out to them, so that
            each sees images of its own: give `fit` a batch_size of k * m.

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
    """

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, k: int = 1, **kwargs: Any
    ) -> None:
        if k < 1:
            raise ValueError(f"The discriminator takes k >= 1 steps, not {k}.")
        super().__init__(generator, discriminator, **kwargs)
        self.k = k

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return what D descends, from its scores of real and of generated images."""
        raise NotImplementedError

    def g_loss(self, fake: Any) -> Any:
        """Return what G descends, from D's scores of its images."""
        raise NotImplementedError

    def verdicts(self, real: Any, fake: Any) -> dict[str, Any]:
        """Return what is logged of D's scores of real and of generated images."""
        return {"d_real": ops.mean(real), "d_fake": ops.mean(fake)}

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1: k steps of D, one of G."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        for i in range(self.k):
            s = images[i :: self.k]
            fake, pull_back = self.draw(self.sample_z(s))
            d_logs = self.update_discriminator(s, fake)
        g_loss = self.update_generator(fake, pull_back)
        return self.log(g_loss=g_loss, **d_logs)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch. They tell how the game stands, not who is good."""
        s, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self.losses_of(s, self.generator(self.sample_z(s), training=False))

    def judge(self, s: Any, y: Any = None, training: bool = True) -> Any:
        """Return D's scores of images s; y is what D is told beside them, here nothing."""
        return self.discriminator(s, training=training)

    def draw(self, z: Any) -> tuple[Any, Any]:
        """Return G(z), and the way back from the gradient of these images to that of theta_g.

        D learns from the images, then G from D's verdict on the same ones: drawn once.
        """
        return value_and_pullback(
            lambda: self.generator(z, training=True), self.generator.trainable_variables
        )

    def update_discriminator(
        self, s: Any, fake: Any, y: Any = None, y_fake: Any = None
    ) -> dict[str, Any]:
        """Take one step of theta_d on real images s and generated ones, with what D is told."""

        def loss_fn() -> tuple:
            of_real, of_fake = self.judge(s, y), self.judge(fake, y_fake)
            loss = self.d_loss(of_real, of_fake)
            return loss + self.penalty(s, fake, y), (loss, of_real, of_fake)

        theta_d = self.discriminator.trainable_variables
        _, (loss, of_real, of_fake) = descend(loss_fn, self.optimizer.discriminator, theta_d)
        return {"d_loss": loss, **self.verdicts(of_real, of_fake)}

    def update_generator(self, fake: Any, pull_back: Any, y_fake: Any = None) -> Any:
        """Take one step of theta_g on D's verdict on generated images, and return the loss."""
        return descend_through(
            lambda fake: self.g_loss(self.judge(fake, y_fake)),
            [(fake, pull_back)],
            self.optimizer.generator,
            self.theta_g,
        )

    def losses_of(self, s: Any, fake: Any, y: Any = None, y_fake: Any = None) -> dict[str, Any]:
        """Track both losses on real images and generated ones, without training."""
        of_real = self.judge(s, y, training=False)
        of_fake = self.judge(fake, y_fake, training=False)
        return self.log(
            d_loss=self.d_loss(of_real, of_fake),
            g_loss=self.g_loss(of_fake),
            **self.verdicts(of_real, of_fake),
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        return {**super().get_config(), "k": self.k}


@keras.saving.register_keras_serializable("ankeras")
class GAN(AdversarialGame):
    """The generative adversarial network.

    Args:
        generator, discriminator, k, r1, seed: as in `AdversarialGame`.
        generator_loss: "non-saturating" or "minimax".
        smoothing: one-sided label smoothing, in [0, 0.5].

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        k: int = 1,
        generator_loss: str = "non-saturating",
        smoothing: float = 0.0,
        **kwargs: Any,
    ) -> None:
        if generator_loss not in GENERATOR_LOSSES:
            raise ValueError(
                f"generator_loss must be one of {tuple(GENERATOR_LOSSES)}, not {generator_loss!r}."
            )
        if not 0 <= smoothing <= 0.5:
            raise ValueError(f"smoothing lies in [0, 0.5], {smoothing} does not.")
        super().__init__(generator, discriminator, k, **kwargs)
        self.generator_loss = generator_loss
        self.smoothing = smoothing

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return -E[log D(s)] - E[log(1 - D(G(z)))]."""
        return discriminator_loss(real, fake, self.smoothing)

    def g_loss(self, fake: Any) -> Any:
        """Return -E[log D(G(z))], or E[log(1 - D(G(z)))]."""
        return GENERATOR_LOSSES[self.generator_loss](fake)

    def verdicts(self, real: Any, fake: Any) -> dict[str, Any]:
        """Return the mean posteriors D(s) and D(G(z))."""
        return super().verdicts(ops.sigmoid(real), ops.sigmoid(fake))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        return {
            **super().get_config(),
            "generator_loss": self.generator_loss,
            "smoothing": self.smoothing,
        }
