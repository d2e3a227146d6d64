"""Flow matching: a network learns the straight way from noise to image, and samples follow it.

Source: Lipman et al., "Flow matching for generative modeling" (ICLR 2023), equation 23 with
sigma_min = 0; Liu et al., "Flow straight and fast" (ICLR 2023), equation 1. It is a newer form of
the lectures' diffusion models.

    x_t = (1 - t) eps + t x_0,    t in [0, 1]       noise at t = 0, the image at t = 1

    l = E_(t, x_0, eps) ||(x_0 - eps) - u_theta(x_t, t)||^2

    sampling, Euler's method:  start from x_t = eps ~ N(0, I) at t = 0,
                               x_(t + h) = x_t + h u_theta(x_t, t)

x_0 is the image, as in the other files of this folder, although it is reached at t = 1.
"""

from typing import Any

from ankeras.autoencoders.autoencoder import weighted_mean
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.diffusion.noise_to_image import NoiseToImage
from ankeras.gans.two_players import squared_norm
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_SHAPE, Row

import keras
import numpy as np


@keras.saving.register_keras_serializable("ankeras")
class FlowMatching(NoiseToImage):
    """Flow matching; `fit(images)`. Its options and its network are those of `NoiseToImage`."""

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend ||(x_0 - eps) - u_theta(x_t, t)||^2 on one minibatch."""
        images, _, weights = keras.utils.unpack_x_y_sample_weight(data)
        x_0 = self.to_signal(images)
        t, eps = self.draw_shares(x_0)[:, None], self.draw_noise(x_0)
        share = t[:, None, None]
        x_t = (1 - share) * eps + share * x_0

        # theta descends  E ||(x_0 - eps) - u_theta(x_t, t)||^2
        def objective() -> tuple:
            u = self.network([x_t, t], training=True)
            loss = weighted_mean(squared_norm(x_0 - eps - u), weights)
            return loss + self.layer_losses(self.network), loss

        _, loss = descend(objective, self.optimizer, self.network.trainable_variables)
        return self.log(loss=loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate the loss on one minibatch."""
        images, _, weights = keras.utils.unpack_x_y_sample_weight(data)
        x_0 = self.to_signal(images)
        t, eps = self.draw_shares(x_0)[:, None], self.draw_noise(x_0)
        share = t[:, None, None]
        u = self.network([(1 - share) * eps + share * x_0, t], training=False)
        return self.log(loss=weighted_mean(squared_norm(x_0 - eps - u), weights))

    def generate(self, n: int, seed: int = 0, steps: int = 20) -> np.ndarray:
        """Draw n images by Euler's method with equal steps: (n, *image).

        Raises:
            ValueError: if n or steps is below 1, or steps is no whole number.
        """
        if steps < 1 or steps != int(steps):
            raise ValueError(f"steps must be at least 1, and a whole number, not {steps}.")
        x, h = self.start(n, seed), 1 / steps
        for i in range(int(steps)):
            x = x + h * self.predict_from(x, i * h)  # x_(t + h) = x_t + h u_theta(x_t, t)
        return self.to_images(x)


ROWS = (
    Row(
        name="flow matching",
        builds=FlowMatching,
        lecture="NOTES 14, Diffusion Models (a newer form)",
        paper="Lipman 2023",
        notebook="17",
        learns_from="x",
        tiny=lambda: FlowMatching(get_diffusion_unet(TINY_SHAPE, widths=(4, 8))),
    ),
)
