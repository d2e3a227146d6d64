"""Denoising diffusion: a network learns to undo noise, and images are drawn by undoing pure noise.

Source: ATIV, "Diffusion Process"; NOTES, lesson 14, "Diffusion Models" and "Training Step"; Ho et
al., "Denoising diffusion probabilistic models" (NeurIPS 2020), algorithms 1 and 2.

    L_simple = E_(t, x_0, eps) ||eps - eps_theta(x_t, alpha_t)||^2,
    x_t = sqrt(alpha_t) x_0 + sqrt(1 - alpha_t) eps

`process.py` describes alpha_t, and what differs between the slides. By default the network predicts
the velocity instead of eps (`prediction_target`), which needs fewer steps of training.
"""

from itertools import pairwise
from typing import Any

from ankeras.autoencoders.autoencoder import weighted_mean
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.diffusion.ddim import ddim_sample
from ankeras.diffusion.noise_to_image import Denoise, NoiseToImage, times_of
from ankeras.diffusion.process import (
    check_predicts,
    diffuse,
    estimates,
    prediction_target,
    signal_rates,
)
from ankeras.gans.two_players import squared_norm
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_SHAPE, Row

import keras
import numpy as np
from keras import ops

SAMPLERS = ("ddim", "ddpm")


def ddpm_sample(denoise: Denoise, x: np.ndarray, rates: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the signals x_0 that the sampling of Ho et al. reaches, with fresh noise in each step.

        x_(t-1) ~ q(x_(t-1) | x_t, x_0) = N(mean, variance I)                      (equation 7)
        mean = sqrt(alpha_(t-1)) (1 - a) / (1 - alpha_t) x_0
               + sqrt(a) (1 - alpha_(t-1)) / (1 - alpha_t) x_t,      a = alpha_t / alpha_(t-1)
        variance = (1 - alpha_(t-1)) / (1 - alpha_t) (1 - a)

    Args:
        denoise: returns the estimates of x_0 and eps from x_t and alpha_t.
        x: (n, *signal), the noise x_T.
        rates: the signal rates of the steps, rising from alpha_T to 1.
        seed: seed of the noise.
    """
    rng = np.random.default_rng(seed)
    for alpha, next_alpha in pairwise(rates):
        x_0, _ = denoise(x, alpha)
        a = alpha / next_alpha
        mean = np.sqrt(next_alpha) * (1 - a) / (1 - alpha) * x_0
        mean += np.sqrt(a) * (1 - next_alpha) / (1 - alpha) * x
        variance = (1 - next_alpha) / (1 - alpha) * (1 - a)
        x = mean + np.sqrt(variance) * rng.normal(size=x.shape)
    return x


@keras.saving.register_keras_serializable("ankeras")
class DDPM(NoiseToImage):
    """A denoising diffusion model; `fit(images)`.

    Its log "loss" is L_simple, or the same for what the network predicts instead of eps.

    Args:
        network: [(batch, *image), (batch, 1)] -> (batch, *image):
            `get_diffusion_unet(image_shape)`.
        schedule: "cosine", "linear" or "signal rate", as in `signal_rates`.
        n_steps: T.
        predicts: "velocity", "noise" or "image", as in `prediction_target`.
        seed: seed of times and noise in the training.

    Raises:
        ValueError: if the network does not fit, or an option is out of range.
    """

    options: tuple[str, ...] = ("schedule", "n_steps", "predicts", "seed")

    def __init__(
        self,
        network: keras.Model,
        schedule: str = "cosine",
        n_steps: int = 1000,
        predicts: str = "velocity",
        **options: Any,
    ) -> None:
        super().__init__(network, **options)
        check_predicts(predicts)
        self.schedule = schedule
        self.n_steps = n_steps
        self.predicts = predicts
        self.rates = signal_rates(schedule, n_steps)  # alpha_0 ... alpha_T

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take one step of algorithm 1 on a minibatch."""
        images, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        x_0 = self.to_signal(images)
        conditions = self.conditions(x_0, y, training=True)

        # t ~ Uniform(1 ... T),  eps ~ N(0, I),  x_t = sqrt(alpha_t) x_0 + sqrt(1 - alpha_t) eps
        alpha, eps = self.draw_rates(x_0), self.draw_noise(x_0)
        x_t = diffuse(x_0, alpha, eps)
        target = prediction_target(self.predicts, x_0, alpha, eps)

        # theta descends  E ||target - f_theta(x_t, alpha_t)||^2,  target = eps for predicts="noise"
        def objective() -> tuple:
            predicted = self.network([x_t, ops.reshape(alpha, (-1, 1)), *conditions], training=True)
            loss = weighted_mean(squared_norm(target - predicted), weights)
            return loss + self.layer_losses(self.network), loss

        _, loss = descend(objective, self.optimizer, self.network.trainable_variables)
        return self.log(loss=loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate the loss on one minibatch."""
        images, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        x_0 = self.to_signal(images)
        alpha, eps = self.draw_rates(x_0), self.draw_noise(x_0)
        x_t = diffuse(x_0, alpha, eps)
        target = prediction_target(self.predicts, x_0, alpha, eps)
        conditions = self.conditions(x_0, y, training=False)
        predicted = self.network([x_t, ops.reshape(alpha, (-1, 1)), *conditions], training=False)
        return self.log(loss=weighted_mean(squared_norm(target - predicted), weights))

    def draw_rates(self, x_0: Any) -> Any:
        """Return alpha_t for one t per signal, uniform in 1 ... T: (batch, 1, ..., 1), as x_0."""
        t = 1 + ops.cast(ops.floor(self.n_steps * self.draw_shares(x_0)), "int32")
        alpha = ops.take(ops.convert_to_tensor(self.rates.astype("float32")), t)
        return ops.reshape(alpha, (-1, *[1] * len(self.signal_shape)))

    def denoiser(self, *conditions: np.ndarray) -> Denoise:
        """Return what a sampling procedure calls: (x_t, alpha_t) -> estimates of x_0 and eps.

        Without conditions, a conditional model draws images of any kind.
        """

        def denoise(x_t: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
            told = conditions or self.empty_conditions(len(x_t))
            predicted = self.predict_from(x_t, alpha, told)
            return estimates(self.predicts, predicted, x_t, alpha, self.largest)

        return denoise

    def sample(
        self, denoise: Denoise, x_t: np.ndarray, steps: int, sampler: str = "ddim", seed: int = 0
    ) -> np.ndarray:
        """Return the images that a sampling procedure reaches from pure noise: (n, *image).

        Args:
            denoise: as `denoiser` returns it.
            x_t: (n, *signal), from N(0, I).
            steps: number of steps, up to T.
            sampler: "ddim" (`ddim_sample`), or "ddpm" (`ddpm_sample`), which needs more steps.
            seed: seed of the noise of "ddpm".

        Raises:
            ValueError: if there is no such sampler, or steps is out of range.
        """
        if sampler not in SAMPLERS:
            raise ValueError(f"sampler must be one of {SAMPLERS}, not {sampler!r}.")
        rates = self.rates[times_of(steps, self.n_steps)]
        if sampler == "ddim":
            return self.to_images(ddim_sample(denoise, x_t, rates))
        # another seed than that of x_t: otherwise the same noise is drawn again
        return self.to_images(ddpm_sample(denoise, x_t, rates, seed + 1))

    def generate(self, n: int, seed: int = 0, steps: int = 20, sampler: str = "ddim") -> np.ndarray:
        """Draw n images: (n, *image).

        Args:
            n: number of images.
            seed: seed of the noise.
            steps, sampler: as in `sample`.

        Raises:
            ValueError: if n or an option is out of range.
        """
        return self.sample(self.denoiser(), self.start(n, seed), steps, sampler, seed)


ROWS = (
    Row(
        name="denoising diffusion (DDPM)",
        builds=DDPM,
        lecture="ATIV, Diffusion Process; NOTES 14, Diffusion Models",
        paper="Ho 2020",
        notebook="17",
        learns_from="x",
        tiny=lambda: DDPM(get_diffusion_unet(TINY_SHAPE, widths=(4, 8)), n_steps=20),
    ),
)
