"""The denoising autoencoder: it sees a corrupted image and must reproduce the clean image.

Source: AE, "Denoising Autoencoders" and data completion; DLSP, "Denoising autoencoder"; Vincent et
al., "Extracting and composing robust features with denoising autoencoders" (ICML 2008).

    L(x, g(f(x~))),    x~ ~ p(x~ | x)

    gaussian:         x~ = x + level * eps, eps ~ N(0, I)
    masking:          each value of x is set to 0 with probability `level`
    salt-and-pepper:  each value of x is set to 0 or 1, evenly, with probability `level`
    block:            a rectangle of x, `level` of its height and of its width, is set to 0

Trained with blocks, it completes images that miss a part.
"""

from typing import Any

from ankeras.autoencoders.autoencoder import Autoencoder, tiny_networks
from ankeras.latent.codes import PREDICT_BATCH
from ankeras.training.autodiff import SeedGenerator
from ankeras.training.catalogue_row import Row

import keras
import numpy as np
from keras import ops

CORRUPTIONS = ("gaussian", "masking", "salt-and-pepper", "block")


@keras.saving.register_keras_serializable("ankeras")
class DenoisingAutoencoder(Autoencoder):
    """Autoencoder trained on pairs (x~, x); `corrupt` draws x~.

    Corruption is applied while training only: `evaluate` and `predict` take images as they are.

    Args:
        encoder, decoder: as in `Autoencoder`, for images in [0, 1].
        corruption: "gaussian", "masking", "salt-and-pepper" or "block".
        level: standard deviation of the Gaussian noise, share of the values corrupted, or share
            of the sides of a block.
        seed: seed of the noise.

    Raises:
        ValueError: if the corruption is unknown or its level out of range.
    """

    options = ("corruption", "level", "seed")

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        corruption: str = "gaussian",
        level: float = 0.3,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        if corruption not in CORRUPTIONS:
            raise ValueError(f"corruption must be one of {CORRUPTIONS}, not {corruption!r}.")
        if level < 0 or (corruption != "gaussian" and level > 1):
            raise ValueError(
                f"level must be a standard deviation >= 0 or a share in [0, 1], not {level}."
            )
        super().__init__(encoder, decoder, **kwargs)
        self.corruption = corruption
        self.level = level
        self.seed = seed
        self.noise = SeedGenerator(seed)

    def corrupt(self, x: Any) -> Any:
        """Draw x~ ~ p(x~ | x) for each image: (batch, ...) -> (batch, ...)."""
        x = ops.convert_to_tensor(x)
        if self.corruption == "gaussian":
            eps = keras.random.normal(ops.shape(x), dtype=x.dtype, seed=self.noise)
            return x + self.level * eps
        if self.corruption == "block":
            return ops.where(self._blocks(x), 0.0, x)
        u = keras.random.uniform(ops.shape(x), dtype=x.dtype, seed=self.noise)
        if self.corruption == "masking":
            return ops.where(u < self.level, 0.0, x)
        return ops.where(u < self.level / 2, 0.0, ops.where(u < self.level, 1.0, x))

    def complete(self, x: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Return images with the missing pixels filled in; all other pixels stay the same.

        Args:
            x: images (n, height, width, channels) in [0, 1]; missing pixels may hold any value.
            missing: bool, (n, height, width), which pixels are missing.

        Returns:
            float32, of x's shape.

        Raises:
            ValueError: if the shapes do not fit.
        """
        if missing.shape != x.shape[:3] or missing.dtype != bool:
            raise ValueError(
                f"missing must be a bool array {x.shape[:3]}, not {missing.dtype} {missing.shape}."
            )
        known = np.where(missing[..., None], 0.0, x).astype("float32")
        drawn = self.predict(known, batch_size=PREDICT_BATCH, verbose=0)
        return np.where(missing[..., None], drawn, known)

    def _blocks(self, x: Any) -> Any:
        """Draw where a block lies in each image: bool (batch, height, width, 1)."""

        def inside(side: int) -> Any:
            length = round(self.level * side)
            shape = (ops.shape(x)[0], 1)
            start = keras.random.randint(shape, 0, side - length + 1, seed=self.noise)
            place = ops.arange(side)
            return ops.logical_and(place >= start, place < start + length)

        height, width = x.shape[1:3]
        rows, columns = inside(height), inside(width)
        return ops.logical_and(rows[:, :, None, None], columns[:, None, :, None])


ROWS = (
    Row(
        name="denoising autoencoder",
        builds=DenoisingAutoencoder,
        lecture="AE; DLSP, Denoising autoencoder",
        paper="Vincent 2008",
        notebook="01",
        learns_from="x, x",
        tiny=lambda: DenoisingAutoencoder(**tiny_networks()),
    ),
)
