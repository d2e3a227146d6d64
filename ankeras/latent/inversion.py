"""Inverting a decoder or generator: the code of a given image, by gradient descent on z.

    L(z) = 1/2 ||s - D(z)||^2 + lambda/2 ||z||^2

The minimum is the most probable z given s if p(z) = N(0, I) and the pixels of s are those of D(z)
plus Gaussian noise of variance lambda. Source: AN2DL, "GAN for Anomaly Detection": "we invert the
GAN mapping"; Creswell and Bharath 2018.
"""

from typing import Any, NamedTuple

from ankeras.latent.codes import decode, sample_prior
from ankeras.training.autodiff import Model, descend

import keras
import numpy as np
from keras import ops


class Inversion(NamedTuple):
    """Codes found for images.

    Attributes:
        z: (n, d) float32.
        errors: (n,), mean squared error a pixel between each image and D(z).
    """

    z: np.ndarray
    errors: np.ndarray


def invert(
    decoder: keras.Model,
    images: np.ndarray,
    *,
    start: np.ndarray | None = None,
    restarts: int = 4,
    steps: int = 200,
    learning_rate: float = 0.1,
    lam: float = 0.01,
    seed: int = 0,
) -> Inversion:
    """Find the codes of images; the decoder stays as it is.

    Args:
        decoder: (batch, d) -> (batch, *image), a generator for instance.
        images: (n, *image).
        start: (n, d), where to start, such as an encoder's codes; instead of restarts.
        restarts: starts from the prior for each image, descended side by side; the best is kept.
        steps: of Adam; its learning rate falls to zero along half a cosine.
        learning_rate: at its highest, in units of z.
        lam: weight lambda of the prior term; 0 for an autoencoder, which has no prior.
        seed: of the starts.

    Returns:
        Codes and errors.

    Raises:
        ValueError: if images or start do not fit the decoder, or hold NaN.
    """
    d = decoder.input_shape[-1]
    if images.shape[1:] != decoder.output_shape[1:]:
        raise ValueError(
            f"This decoder draws images of shape {decoder.output_shape[1:]}, "
            f"not {images.shape[1:]}."
        )
    if not np.isfinite(images).all():
        raise ValueError("images hold NaN or infinity.")
    n = len(images)
    if start is None:
        start = sample_prior(restarts * n, d, seed)
    elif start.shape != (n, d):
        raise ValueError(f"start must be of shape ({n}, {d}), not {start.shape}.")
    targets = np.tile(images, (len(start) // n, *[1] * (images.ndim - 1)))

    descent = _Descent(decoder, targets, start, lam)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    descent.compile(keras.optimizers.Adam(schedule))
    descent.optimizer.build([descent.z])  # z alone is trained
    descent.fit(np.zeros((steps, 1)), batch_size=1, verbose=0)

    z = ops.convert_to_numpy(descent.z).reshape(-1, n, d)
    errors = ((decode(decoder, z) - images) ** 2).reshape(len(z), n, -1).mean(axis=-1)
    best = errors.argmin(axis=0), np.arange(n)
    return Inversion(z[best], errors[best])


class _Descent(Model):
    """Codes as variables; one training step is one step of their descent."""

    def __init__(
        self, decoder: keras.Model, images: np.ndarray, start: np.ndarray, lam: float
    ) -> None:
        super().__init__()
        self.decoder = decoder
        self.lam = lam
        self.images = self.add_weight(images.shape, trainable=False)
        self.images.assign(images)
        self.z = self.add_weight(start.shape)
        self.z.assign(start)
        self.built = True

    def train_step(self, data: Any) -> dict[str, Any]:
        """Move all codes one step; the data only count the steps."""

        def loss_fn() -> Any:
            s_hat = self.decoder(self.z.value, training=False)
            return 0.5 * ops.sum(ops.square(s_hat - self.images)) + 0.5 * self.lam * ops.sum(
                ops.square(self.z)
            )

        loss = descend(loss_fn, self.optimizer, [self.z])
        return {"loss": ops.stop_gradient(loss)}
