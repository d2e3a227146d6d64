"""The denoising autoencoder: it sees a corrupted image and must reproduce the clean one.

Source: AE, "Denoising Autoencoders"; DLSP, "Denoising autoencoder"; Vincent et al., "Extracting
and composing robust features with denoising autoencoders" (ICML 2008).

    L(x, g(f(x~))),    x~ ~ p(x~ | x)

    gaussian:         x~ = x + level * eps, eps ~ N(0, I)
    masking:          each value of x is set to 0 with probability `level`
    salt-and-pepper:  each value of x is set to 0 or 1, evenly, with probability `level`
"""

from typing import Any

from ankeras.autoencoders.autoencoder import Autoencoder

import keras
from keras import ops

CORRUPTIONS = ("gaussian", "masking", "salt-and-pepper")


@keras.saving.register_keras_serializable("ankeras")
class DenoisingAutoencoder(Autoencoder):
    """Autoencoder trained on pairs (x~, x); `corrupt` draws x~.

    Corruption is applied while training only: `evaluate` and `predict` take images as they are.

    Args:
        encoder, decoder: as in `Autoencoder`, for images in [0, 1].
        corruption: "gaussian", "masking" or "salt-and-pepper".
        level: standard deviation of the Gaussian noise, or share of the values corrupted.
        seed: seed of the noise.

    Raises:
        ValueError: if the corruption is unknown or its level out of range.
    """

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
        self.noise = keras.random.SeedGenerator(seed)

    def corrupt(self, x: Any) -> Any:
        """Draw x~ ~ p(x~ | x) for each image: (batch, ...) -> (batch, ...)."""
        x = ops.convert_to_tensor(x)
        if self.corruption == "gaussian":
            eps = keras.random.normal(ops.shape(x), dtype=x.dtype, seed=self.noise)
            return x + self.level * eps
        u = keras.random.uniform(ops.shape(x), dtype=x.dtype, seed=self.noise)
        if self.corruption == "masking":
            return ops.where(u < self.level, 0.0, x)
        return ops.where(u < self.level / 2, 0.0, ops.where(u < self.level, 1.0, x))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        return {
            **super().get_config(),
            "corruption": self.corruption,
            "level": self.level,
            "seed": self.seed,
        }
