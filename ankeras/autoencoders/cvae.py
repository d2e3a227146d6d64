"""The conditional VAE: encoder and decoder are told the class.

Source: NOTES, lesson 16, "Conditional VAE (CVAE)"; Sohn et al., "Learning structured output
representation using deep conditional generative models" (NIPS 2015).

    (mu, log v) = E(x, y),    z = mu + sqrt(v) * eps,    x_hat = D(z, y)

    l = l_reconstruction(x, x_hat) + beta * l_KL(z, N(0, I_d))       one prior for all classes

The label enters as channels of the image and behind the vector z, or through FiLM.
"""

from typing import Any

from ankeras.autoencoders.vae import VAE
from ankeras.builders.conditioning import append_as_channels, append_to_vector
from ankeras.latent import PREDICT_BATCH, sample_prior
from ankeras.training.system import refuse_wrong_labels

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class CVAE(VAE):
    """The conditional variational autoencoder; `fit(x, y)` with one integer label an image.

    Args:
        encoder: `get_encoder((height, width, channels + n_classes), 2 * d)`, or for FiLM
            `get_encoder((height, width, channels), 2 * d, n_classes=n_classes)`.
        decoder: `get_decoder(d + n_classes, image_shape)`, or for FiLM
            `get_decoder(d, image_shape, n_classes=n_classes)`.
        **options: those of `VAE`.

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
    """

    @property
    def film(self) -> bool:
        """Whether the label enters through FiLM, as a second input."""
        return len(self.encoder.inputs) == 2

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        if self.film:
            return self.encoder.inputs[1].shape[-1]
        return self.encoder.inputs[0].shape[-1] - self.image_shape[-1]

    @property
    def appended(self) -> int:
        """How many numbers stand behind z when the decoder reads it: the label's, or none."""
        return 0 if self.film else self.n_classes

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of an image, (height, width, channels)."""
        channels = self.decoder.output_shape[-1] // (2 if self.likelihood == "gaussian" else 1)
        return (*self.encoder.inputs[0].shape[1:-1], channels)

    def refuse_unfit_players(self) -> None:
        """Raise a ValueError unless both players read the label, and D the code."""
        if len(self.encoder.inputs) != len(self.decoder.inputs) or self.n_classes < 2:
            raise ValueError(
                "Encoder and decoder must both read the label: either the encoder has a channel "
                "and the decoder a number more a class, or both were built with n_classes."
            )
        super().refuse_unfit_players()

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if x and y are no data for these players."""
        super().check_data(x, y)
        refuse_wrong_labels(y, len(x), self.n_classes)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the mean reconstruction of the mean code, from [images, labels]."""
        x, y = inputs
        condition = self.condition(y)
        mu, _ = self.posterior(x, condition, training)
        return self.mean_of(self.decode(mu, condition, training))

    def condition(self, y: Any) -> Any:
        """Return the one-hot label: (batch,) -> (batch, n_classes)."""
        return ops.one_hot(ops.cast(y, "int32"), self.n_classes)

    def encoder_inputs(self, x: Any, condition: Any) -> Any:
        """Return what the encoder reads: x with the label as channels, or both for FiLM."""
        x = ops.convert_to_tensor(x)
        return [x, condition] if self.film else append_as_channels(x, condition)

    def decoder_inputs(self, z: Any, condition: Any) -> Any:
        """Return what the decoder reads: z with the label behind it, or both for FiLM."""
        z = ops.convert_to_tensor(z)
        return [z, condition] if self.film else append_to_vector(z, condition)

    @property
    def mean_encoder(self) -> keras.Model:
        """There is none: a conditional encoder reads the label too."""
        raise ValueError("A conditional VAE encodes images with labels: use encode_posterior.")

    @property
    def generator(self) -> keras.Model:
        """There is none without a class."""
        raise ValueError("A conditional VAE draws by class: use for_class or generate_classes.")

    def for_class(self, label: int) -> keras.Model:
        """Return the generator of one class: (batch, d) -> (batch, *image)."""
        z = keras.Input((self.latent_dim,))
        condition = self.condition(ops.full_like(z[:, 0], label))
        return keras.Model(z, self.mean_of(self.decode(z, condition)), name=f"class_{label}")

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images of random classes: (n, *image)."""
        labels = np.random.default_rng(seed).integers(self.n_classes, size=n)
        return self.generate_classes(labels, seed)

    def generate_classes(self, labels: np.ndarray, seed: int = 0) -> np.ndarray:
        """Draw one image of each of the given classes: (n,) -> (n, *image)."""
        z = sample_prior(len(labels), self.latent_dim, seed)
        inputs = self.decoder_inputs(z, self.condition(labels))
        x_hat = self.decoder.predict(inputs, batch_size=PREDICT_BATCH, verbose=0)
        return ops.convert_to_numpy(self.mean_of(x_hat))
