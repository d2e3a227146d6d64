"""The conditional VAE: encoder and decoder are told the class.

Source: NOTES, lesson 16, "Conditional VAE (CVAE)"; Sohn et al., "Learning structured output
representation using deep conditional generative models" (NIPS 2015).

    (mu, log v) = E(x, y),    z = mu + sqrt(v) * eps,    x_hat = D(z, y)

    l = l_reconstruction(x, x_hat) + beta * l_KL(z, N(0, I_d))       one prior for all classes
    l = l_reconstruction(x, x_hat) + beta * l_KL(z, N(m_y, s_y I_d)) a learnt prior for each class

With a learnt prior, the code that the step and all tools see is u with z = m_y + sqrt(s_y) u. Its
prior is N(0, I), and l_KL is the same for u and z. So codes can be drawn, moved and compared as
those of any VAE.

Both networks have two inputs, [x, y] and [z, y] with a one-hot label y. Their builders append the
label (as channels of the image, behind the vector z), or let it enter by FiLM.
"""

import functools
from typing import Any

from ankeras.autoencoders.vae import VAE, code_parameters
from ankeras.builders import get_decoder, get_encoder
from ankeras.latent.by_class import DrawsByClass
from ankeras.training.catalogue_row import TINY_CLASSES, TINY_LATENT_DIM, TINY_SHAPE, Row
from ankeras.training.checks import check_labels

import keras
import numpy as np
from keras import layers, ops


def get_prior(n_classes: int, latent_dim: int) -> keras.Model:
    """Build a prior with one mean and one variance per class, N(0, I) at the start of a training.

    Returns:
        A model named "prior": one-hot labels (batch, n_classes) -> (batch, 2 d), m_y and log s_y.
    """
    y = layers.Input((n_classes,), name="condition")
    moments = layers.Dense(
        2 * latent_dim, use_bias=False, kernel_initializer="zeros", dtype="float32"
    )
    return keras.Model(y, moments(y), name="prior")


@keras.saving.register_keras_serializable("ankeras")
class CVAE(DrawsByClass, VAE):
    """The conditional variational autoencoder; `fit(x, y)` with one integer label per image.

    Its training step is that of the VAE. Only what the networks read is different.

    Args:
        encoder: `get_encoder(image_shape, 2 * d, condition_dim=n_classes)`.
        decoder: `get_decoder(d, image_shape, condition_dim=n_classes)`.
        prior: `get_prior(n_classes, d)` for a learnt prior. Default: N(0, I) for all classes.
        **options: those of `VAE`.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    networks = ("encoder", "decoder", "prior")

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        prior: keras.Model | None = None,
        **options: Any,
    ) -> None:
        super().__init__(encoder, decoder, **options)
        self.prior = prior
        if prior is not None and prior.output_shape[-1] != 2 * self.latent_dim:
            raise ValueError(
                f"The prior of a code of {self.latent_dim} has {2 * self.latent_dim} moments, not "
                f"{prior.output_shape[-1]}: build it with get_prior(n_classes, {self.latent_dim})."
            )

    @functools.cached_property
    def standard_encoder(self) -> keras.Model:
        """The encoder to codes u: [x, one-hot(y)] -> (batch, 2 d)."""
        if self.prior is None:
            return self.encoder
        mu, log_var = ops.split(self.encoder.output, 2, axis=-1)
        mean, log_spread = code_parameters(self.prior(self.encoder.inputs[1]))
        # u = (z - m_y) / sqrt(s_y)
        mu = (mu - mean) * ops.exp(-0.5 * log_spread)
        u = ops.concatenate([mu, log_var - log_spread], axis=-1)
        return keras.Model(self.encoder.inputs, u, name="standard_encoder")

    @functools.cached_property
    def standard_decoder(self) -> keras.Model:
        """The decoder of codes u: [u, one-hot(y)] -> what the decoder draws."""
        if self.prior is None:
            return self.decoder
        u, y = (keras.Input(x.shape[1:]) for x in self.decoder.inputs)
        mean, log_spread = code_parameters(self.prior(y))
        z = mean + ops.exp(0.5 * log_spread) * u
        return keras.Model([u, y], self.decoder([z, y]), name="standard_decoder")

    def network_inputs(self, x_or_z: Any, y: Any = None) -> Any:
        """Return what a network reads: [x, one-hot(y)] or [z, one-hot(y)]."""
        return [ops.convert_to_tensor(x_or_z), self.one_hot(y)]

    target = "labels"

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the mean reconstruction of the mean code, from [images, labels]."""
        x, y = inputs
        mu, _ = self.encode(x, y, training)
        return self.mean_of(self.decode(mu, y, training))

    @property
    def call_inputs(self) -> list[keras.KerasTensor]:
        """What `call` reads: images, and one integer label per image."""
        return [self.encoder.inputs[0], keras.KerasTensor((None,), "int32", name="label")]

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return self.decoder.inputs[1].shape[-1]

    def check_networks(self) -> None:
        """Raise a ValueError unless both networks read the label, and D the code."""
        labels = [network.inputs[1:] for network in (self.encoder, self.decoder)]
        sizes = {y.shape[-1] for inputs in labels for y in inputs}
        if [len(inputs) for inputs in labels] != [1, 1] or len(sizes) != 1 or min(sizes) < 2:
            raise ValueError(
                "Encoder and decoder must both read the label: build both with "
                "condition_dim=n_classes."
            )
        super().check_networks()

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on images x with labels y."""
        super().check_data(x, y)
        check_labels(y, len(x), self.n_classes)


ROWS = (
    Row(
        name="conditional VAE",
        builds=CVAE,
        lecture="NOTES 16, Conditional VAE",
        paper="Sohn 2015",
        notebook="09",
        learns_from="x, y",
        tiny=lambda: CVAE(
            get_encoder(TINY_SHAPE, 2 * TINY_LATENT_DIM, widths=(4, 8), condition_dim=TINY_CLASSES),
            get_decoder(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8), condition_dim=TINY_CLASSES),
        ),
    ),
)
