"""The auxiliary classifier GAN: D is not told the class, but says which class it sees.

Source: NOTES, lesson 16, "Conditional GANs" and "AC-GAN Loss Function"; Odena et al., "Conditional
image synthesis with auxiliary classifier GANs" (ICML 2017).

In addition to the usual GAN objective, both players descend

    -E_(p*(x, c)) [ln q(c|x)] - E_(p_theta(x, c)) [ln q(c|x)]

    p*(x, c): real images and their classes        q(c|x): the classifier, a second output of D
    p_theta(x, c): G's images and the classes that they were asked for

The first expectation does not depend on G: it teaches only q. The second one makes G draw images
that are easy to classify.
"""

from typing import Any

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans.cgan import CGAN
from ankeras.training.catalogue_row import TINY_CLASSES, TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class ACGAN(CGAN):
    """The auxiliary classifier GAN; `fit(x, y)` with one integer label per image.

    Its training step is that of the conditional GAN, with the losses below.

    Its logs `q_real` and `q_fake` are the mean probabilities q(c|x) of the right class, of real
    images and of G's images.

    Args:
        generator: `get_generator(d, image_shape, condition_dim=n_classes)`.
        discriminator: `get_discriminator(image_shape, auxiliary=n_classes)`.
        **options: those of `GAN`.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    logged = (*CGAN.logged, "q_real", "q_fake")

    def score(self, s: Any, *told: Any, training: bool = True) -> tuple[Any, Any]:
        """Return D's logits for images s of classes y, and ln q(y|s): each (batch, 1).

        D is not told y: only q(y|s) is read with it.
        """
        (y,) = told
        logits, class_scores = self.discriminator(s, training=training)
        return logits, ops.sum(y * ops.log_softmax(class_scores), axis=-1, keepdims=True)

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return the GAN's loss of D - E_p*[ln q(c|x)] - E_p_theta[ln q(c|x)]."""
        (real_scores, ln_q_real), (fake_scores, ln_q_fake) = real, fake
        return super().d_loss(real_scores, fake_scores) - ops.mean(ln_q_real) - ops.mean(ln_q_fake)

    def g_loss(self, fake: Any) -> Any:
        """Return the GAN's loss of G - E_p_theta[ln q(c|x)]."""
        fake_scores, ln_q_fake = fake
        return super().g_loss(fake_scores) - ops.mean(ln_q_fake)

    def mean_scores(self, real: Any, fake: Any) -> dict[str, Any]:
        """Return the mean posteriors of D, and the mean probabilities q of the right class."""
        (real_scores, ln_q_real), (fake_scores, ln_q_fake) = real, fake
        return {
            **super().mean_scores(real_scores, fake_scores),
            "q_real": ops.mean(ops.exp(ln_q_real)),
            "q_fake": ops.mean(ops.exp(ln_q_fake)),
        }

    def check_networks(self) -> None:
        """Raise a ValueError unless D reads what G draws and returns one score per class."""
        drawn, read = self.generator.output_shape, self.discriminator.inputs[0].shape
        reads_label = len(self.generator.inputs) == 2 and self.n_classes >= 2
        returned = [output.shape[-1] for output in self.discriminator.outputs]
        if drawn != read or not reads_label or returned != [1, self.n_classes]:
            raise ValueError(
                f"The discriminator of an AC-GAN reads images {drawn[1:]}, not {read[1:]}, and "
                f"returns a logit and, built with auxiliary=n_classes, one score per class; the "
                f"generator reads the label, built with condition_dim=n_classes."
            )


ROWS = (
    Row(
        name="auxiliary classifier GAN",
        builds=ACGAN,
        lecture="NOTES 16, AC-GAN Loss Function",
        paper="Odena 2017",
        notebook="10",
        learns_from="x, y",
        tiny=lambda: ACGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8), condition_dim=TINY_CLASSES),
            get_discriminator(TINY_SHAPE, widths=(4, 8), auxiliary=TINY_CLASSES),
        ),
    ),
)
