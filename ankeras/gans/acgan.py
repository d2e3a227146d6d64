"""The auxiliary classifier GAN: D is not told the class, but says which one it sees.

Source: NOTES, lesson 16, "Conditional GANs" and "AC-GAN Loss Function"; Odena et al., "Conditional
image synthesis with auxiliary classifier GANs" (ICML 2017).

In addition to the usual GAN objective, both players descend

    -E_(p*(x, c)) [ln q(c|x)] - E_(p_theta(x, c)) [ln q(c|x)]

    p*(x, c): real images and their classes        q(c|x): the classifier, a second output of D
    p_theta(x, c): G's images and the classes that they were asked for

The first expectation does not depend on G: it teaches q alone. The second makes G draw images
that are easy to classify.
"""

from typing import Any

from ankeras.gans.cgan import CGAN

import keras
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class ACGAN(CGAN):
    """The auxiliary classifier GAN; `fit(x, y)` with one integer label an image.

    Its logs `q_real` and `q_fake` are the mean probabilities q(c|x) of the right class, of real
    images and of G's.

    Args:
        generator: as in `CGAN`: `get_generator(d + n_classes, image_shape)`, or for FiLM
            `get_generator(d, image_shape, n_classes=n_classes)`.
        discriminator: `get_discriminator(image_shape, auxiliary=n_classes)`.
        **options: those of `GAN`.

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
    """

    logged = (*CGAN.logged, "q_real", "q_fake")

    @property
    def n_classes(self) -> int:
        """The number of classes that D tells apart."""
        return self.discriminator.outputs[-1].shape[-1]

    def refuse_unfit_players(self) -> None:
        """Raise a ValueError unless D reads what G draws and returns a score a class."""
        drawn, read = self.generator.output_shape, self.discriminator.input_shape
        fit = drawn == read and len(self.discriminator.outputs) == 2
        label = self.generator.inputs[1].shape[-1] if self.film else self.n_classes
        if not fit or label != self.n_classes or self.n_classes < 2 or self.latent_dim < 1:
            raise ValueError(
                f"The discriminator of an AC-GAN reads images {drawn[1:]}, not {read[1:]}, and "
                f"returns its verdict and, built with auxiliary=n_classes, one score a class; the "
                f"generator reads noise with one more number a class, or was built with n_classes."
            )

    def judge(self, s: Any, y: Any = None, training: bool = True) -> Any:
        """Return D's logits for images s, and ln q(y|s): each (batch, 1)."""
        logits, scores = self.discriminator(s, training=training)
        return logits, ops.sum(y * ops.log_softmax(scores), axis=-1, keepdims=True)

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return that of the GAN, - E_p*[ln q(c|x)] - E_p_theta[ln q(c|x)]."""
        (real, ln_q_real), (fake, ln_q_fake) = real, fake
        return super().d_loss(real, fake) - ops.mean(ln_q_real) - ops.mean(ln_q_fake)

    def g_loss(self, fake: Any) -> Any:
        """Return that of the GAN, - E_p_theta[ln q(c|x)]."""
        fake, ln_q_fake = fake
        return super().g_loss(fake) - ops.mean(ln_q_fake)

    def verdicts(self, real: Any, fake: Any) -> dict[str, Any]:
        """Return the mean posteriors D(x), and the mean probabilities q of the right class."""
        (real, ln_q_real), (fake, ln_q_fake) = real, fake
        return {
            **super().verdicts(real, fake),
            "q_real": ops.mean(ops.exp(ln_q_real)),
            "q_fake": ops.mean(ops.exp(ln_q_fake)),
        }
