"""A cascade: one diffusion model draws small images, and a second one enlarges them.

Source: ATIV, "Some more details" (two diffusion-based upsampler models); Ho et al., "Cascaded
diffusion models for high fidelity image generation" (JMLR 2022), section 4.2; Ramesh et al. 2022,
section 2.2.

    c = enlarge(shrink(x)),    c_s = sqrt(s) c + sqrt(1 - s) eps',    s uniform in [lowest, 1]

    L = E ||eps - eps_theta(x_t, alpha_t, c_s, s)||^2

The upsampler sees the small image c, enlarged by bilinear interpolation. In the training, noise is
added to c (noise augmentation). So the upsampler learns to mend errors in c, which images that
were drawn by the first model have.
"""

from typing import Any

from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.diffusion.ddpm import DDPM
from ankeras.diffusion.process import diffuse
from ankeras.training.catalogue_row import TINY_SHAPE, Row
from ankeras.training.checks import check_images

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class DiffusionUpsampler(DDPM):
    """A diffusion model that enlarges images; `fit(large images)`.

    Args:
        network: [(batch, *image), (batch, 1), (batch, *image), (batch, 1)] -> (batch, *image),
            `get_diffusion_unet(image_shape, image_condition=True)`.
        factor: how many times as many rows the large images have.
        lowest: the lowest signal rate s of the small images in the training.
        **options: those of `DDPM`.

    Raises:
        ValueError: if the network does not fit, or an option is out of range.
    """

    options = ("factor", "lowest", *DDPM.options)
    n_conditions = 2

    def __init__(
        self, network: keras.Model, factor: int = 2, lowest: float = 0.6, **options: Any
    ) -> None:
        super().__init__(network, **options)
        height, width = self.signal_shape[:2]
        if factor < 2 or height % factor or width % factor:
            raise ValueError(
                f"The sides of {height}x{width} must be multiples of the factor, and the factor "
                f"at least 2, not {factor}."
            )
        if not 0 < lowest <= 1:
            raise ValueError(f"lowest is a signal rate in (0, 1], {lowest} is not.")
        self.factor = factor
        self.lowest = lowest

    def conditions(self, x_0: Any, y: Any, training: bool) -> list[Any]:
        """Return the small images, enlarged and with noise, and their signal rates."""
        c = self.enlarge(
            ops.average_pool(x_0, self.factor, self.factor, data_format="channels_last")
        )
        shape = (ops.shape(x_0)[0], 1)
        s = keras.random.uniform(shape, self.lowest, 1.0, dtype="float32", seed=self.noise)
        return [diffuse(c, s[:, None, None], self.draw_noise(x_0)), s]

    def enlarge(self, small: Any) -> Any:
        """Return small signals, enlarged by bilinear interpolation: (n, *small) -> (n, *image)."""
        sides = self.signal_shape[:2]
        return ops.image.resize(small, sides, "bilinear", data_format="channels_last")

    def upsample(
        self,
        images: np.ndarray,
        seed: int = 0,
        steps: int = 20,
        image_rate: float = 0.95,
        sampler: str = "ddim",
    ) -> np.ndarray:
        """Return large images: (n, *small) -> (n, *image).

        Args:
            images: small images in [0, 1].
            seed: seed of the noise.
            steps, sampler: as in `DDPM.sample`.
            image_rate: the signal rate s of the small images. A lower one lets the upsampler
                mend more of them.

        Raises:
            ValueError: if the images do not fit, or an option is out of range.
        """
        height, width, channels = self.signal_shape
        small = (height // self.factor, width // self.factor, channels)
        check_images(images, small, (0.0, 1.0))
        if not self.lowest <= image_rate <= 1:
            raise ValueError(f"image_rate must be in [{self.lowest}, 1], not {image_rate}.")
        c = ops.convert_to_numpy(self.enlarge(2.0 * images - 1.0))
        rng = np.random.default_rng(seed + 2)  # noise other than that of x_t and of the steps
        c = np.sqrt(image_rate) * c + np.sqrt(1 - image_rate) * rng.normal(size=c.shape)
        s = np.full((len(images), 1), image_rate)
        x_t = self.start(len(images), seed)
        return self.sample(self.denoiser(c, s), x_t, steps, sampler, seed)

    def generate(self, n: int, seed: int = 0, steps: int = 20, sampler: str = "ddim") -> np.ndarray:
        """Raise a ValueError: an upsampler draws nothing without small images."""
        raise ValueError("An upsampler enlarges images: call upsample(images).")


ROWS = (
    Row(
        name="cascade (diffusion upsampler)",
        builds=DiffusionUpsampler,
        lecture="ATIV, Some more details",
        paper="Ho 2022",
        notebook="17",
        learns_from="x",
        tiny=lambda: DiffusionUpsampler(
            get_diffusion_unet(TINY_SHAPE, widths=(4, 8), image_condition=True),
            n_steps=20,
        ),
    ),
)
