"""The conditional GAN: both players see the class, so G must draw what it was asked for.

Source: AN2DL, "Intuition behind Conditional GANs"; NOTES, lesson 16; ATIV, "Conditional GANs";
Mirza & Osindero, "Conditional generative adversarial nets" (2014).

    min_G max_D  E_(s,y) [log D(s|y)] + E_z [log(1 - D(G(z|y)|y))]

    G(z|y): the one-hot label is appended to the noise
    D(s|y): the one-hot label is appended, as channels, to real images and to generated ones

With FiLM (NOTES), the label is a second input of both networks instead.
"""

from typing import Any

from ankeras.builders.conditioning import append_as_channels, append_to_vector
from ankeras.gans.gan import GAN
from ankeras.latent import PREDICT_BATCH, sample_prior
from ankeras.training.system import refuse_wrong_labels

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class CGAN(GAN):
    """The conditional GAN; `fit(x, y)` with one integer label an image.

    Args:
        generator: `get_generator(d + n_classes, image_shape)`, or for FiLM
            `get_generator(d, image_shape, n_classes=n_classes)`.
        discriminator: `get_discriminator((height, width, channels + n_classes))`, or for FiLM
            `get_discriminator((height, width, channels), n_classes=n_classes)`.
        **options: those of `GAN`.

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
    """

    @property
    def film(self) -> bool:
        """Whether the label enters through FiLM, as a second input."""
        return len(self.generator.inputs) == 2

    @property
    def n_classes(self) -> int:
        """The number of classes: the channels that D reads and G does not draw."""
        if self.film:
            return self.generator.inputs[1].shape[-1]
        return self.discriminator.inputs[0].shape[-1] - self.generator.output_shape[-1]

    @property
    def latent_dim(self) -> int:
        """The size d of the noise z, without the label."""
        return self.generator.inputs[0].shape[-1] - (0 if self.film else self.n_classes)

    def refuse_unfit_players(self) -> None:
        """Raise a ValueError unless both players read the label, and D what G draws."""
        drawn, (read, *label) = self.generator.output_shape, self.discriminator.inputs
        if self.film:
            fit = drawn == read.shape and [y.shape[-1] for y in label] == [self.n_classes]
        else:
            fit = drawn[:-1] == read.shape[:-1] and not label and self.latent_dim > 0
        if not fit or self.n_classes < 2:
            raise ValueError(
                f"The discriminator of a conditional GAN reads images {drawn[1:]} with one more "
                f"channel a class, not {read.shape[1:]}; the generator reads noise with one more "
                f"number a class, not {self.generator.inputs[0].shape[-1]} numbers. Or else both "
                f"were built with n_classes."
            )

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if x and y are no data for these players."""
        super().check_data(x, y)
        refuse_wrong_labels(y, len(x), self.n_classes)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1 on images with their labels."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        one_hot = self.one_hot(labels)
        for i in range(self.k):
            s, y = images[i :: self.k], one_hot[i :: self.k]
            fake, pull_back = self.draw(self.generator_inputs(self.sample_z(s), y))
            d_logs = self.update_discriminator(s, fake, y, y)
        g_loss = self.update_generator(fake, pull_back, y)
        return self.log(g_loss=g_loss, **d_logs)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        s, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        y = self.one_hot(labels)
        fake = self.generator(self.generator_inputs(self.sample_z(s), y), training=False)
        return self.losses_of(s, fake, y, y)

    def judge(self, s: Any, y: Any = None, training: bool = True) -> Any:
        """Return D's logits for images s with their one-hot labels y."""
        inputs = [s, y] if self.film else append_as_channels(s, y)
        return super().judge(inputs, training=training)

    def generator_inputs(self, z: Any, y: Any) -> Any:
        """Return what G reads: z with the one-hot label behind it, or both for FiLM."""
        return [z, y] if self.film else append_to_vector(z, y)

    def one_hot(self, labels: Any) -> Any:
        """Return the one-hot labels: (batch,) -> (batch, n_classes)."""
        return ops.one_hot(ops.cast(labels, "int32"), self.n_classes)

    def for_class(self, label: int) -> keras.Model:
        """Return the generator of one class: (batch, d) -> (batch, *image)."""
        z = keras.Input((self.latent_dim,))
        y = self.one_hot(ops.full_like(z[:, 0], label))
        return keras.Model(z, self.generator(self.generator_inputs(z, y)), name=f"class_{label}")

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images of random classes: (n, *image)."""
        labels = np.random.default_rng(seed).integers(self.n_classes, size=n)
        return self.generate_classes(labels, seed)

    def generate_classes(self, labels: np.ndarray, seed: int = 0) -> np.ndarray:
        """Draw one image of each of the given classes: (n,) -> (n, *image)."""
        z = ops.convert_to_tensor(sample_prior(len(labels), self.latent_dim, seed))
        y = ops.convert_to_tensor(np.eye(self.n_classes, dtype="float32")[labels])
        inputs = self.generator_inputs(z, y)
        return self.generator.predict(inputs, batch_size=PREDICT_BATCH, verbose=0)
