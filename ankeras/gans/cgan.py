"""The conditional GAN: both players see the class, so G must draw what it was asked for.

Source: AN2DL, "Intuition behind Conditional GANs"; NOTES, lesson 16; ATIV, "Conditional GANs";
Mirza & Osindero, "Conditional generative adversarial nets" (2014).

    min_G max_D  E_(s,y) [log D(s|y)] + E_z [log(1 - D(G(z|y)|y))]

    G(z|y): the one-hot label y is appended to the noise
    D(s|y): y is appended, as channels, to real images and to generated ones

Both networks have two inputs, [z, y] and [s, y]. Their builders append the label, or let it enter
by FiLM.
"""

from typing import Any

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans.gan import GAN
from ankeras.latent.by_class import DrawsByClass
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_CLASSES, TINY_LATENT_DIM, TINY_SHAPE, Row
from ankeras.training.checks import check_labels

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class CGAN(DrawsByClass, GAN):
    """The conditional GAN; `fit(x, y)` with one integer label per image.

    Args:
        generator: `get_generator(d, image_shape, condition_dim=n_classes)`.
        discriminator: `get_discriminator(image_shape, condition_dim=n_classes)`.
        **options: those of `GAN`.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    target = "labels"

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1 on images s with their labels y."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        one_hot = self.one_hot(labels)
        theta_d, theta_g = self.theta_d, self.theta_g
        for i in range(self.k):
            s, y = images[i :: self.k], one_hot[i :: self.k]
            fake = ops.stop_gradient(self.generator([self.sample_z(s), y], training=True))  # G(z|y)

            # theta_d descends  -E[log D(s|y)] - E[log(1 - D(G(z|y)|y))] + gamma/2 E ||grad_s D||^2
            def d_objective(s: Any = s, y: Any = y, fake: Any = fake) -> tuple:
                real_scores, fake_scores = self.score(s, y), self.score(fake, y)
                d_loss = self.d_loss(real_scores, fake_scores)
                added = self.r1_penalty(s, y) + self.layer_losses(self.discriminator)
                return d_loss + added, d_loss, real_scores, fake_scores

            _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, theta_d)

        # theta_g descends  -E[log D(G(z|y)|y)]
        def g_objective() -> Any:
            fake = self.generator([self.sample_z(s), y], training=True)
            g_loss = self.g_loss(self.score(fake, y))
            return g_loss + self.layer_losses(self.generator), g_loss

        _, g_loss = descend(g_objective, self.optimizer.generator, theta_g)
        return self.log(d_loss=d_loss, g_loss=g_loss, **self.mean_scores(*scores))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        s, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        y = self.one_hot(labels)
        fake = self.generator([self.sample_z(s), y], training=False)
        real_scores = self.score(s, y, training=False)
        fake_scores = self.score(fake, y, training=False)
        return self.log(
            d_loss=self.d_loss(real_scores, fake_scores),
            g_loss=self.g_loss(fake_scores),
            **self.mean_scores(real_scores, fake_scores),
        )

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return self.generator.inputs[1].shape[-1]

    def check_networks(self) -> None:
        """Raise a ValueError unless both networks read the label, and D reads what G draws."""
        drawn = self.generator.output_shape
        read = [x.shape for x in self.discriminator.inputs]
        reads_label = len(self.generator.inputs) == 2 and self.n_classes >= 2
        if not reads_label or read != [drawn, (None, self.n_classes)]:
            raise ValueError(
                f"The discriminator of a conditional GAN reads the images that the generator "
                f"draws, {drawn[1:]}, not {read[0][1:]}, and both networks read the label: build "
                f"them with condition_dim=n_classes."
            )

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the game can't be played with images x and labels y."""
        super().check_data(x, y)
        check_labels(y, len(x), self.n_classes)


ROWS = (
    Row(
        name="conditional GAN",
        builds=CGAN,
        lecture="AN2DL, Intuition behind Conditional GANs; NOTES 16; ATIV",
        paper="Mirza 2014",
        notebook="09",
        learns_from="x, y",
        tiny=lambda: CGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8), condition_dim=TINY_CLASSES),
            get_discriminator(TINY_SHAPE, widths=(4, 8), condition_dim=TINY_CLASSES),
        ),
    ),
)
