"""Diffusion of images by class or attribute, with classifier-free guidance.

Source: NOTES, lesson 16 ("the issues stay also for Diffusion Models"); ATIV, "Back to Dall-E" and
"Some more details"; Ho & Salimans, "Classifier-free diffusion guidance" (2022), algorithms 1 and 2.

    training:  the condition c is replaced by the empty one, 0, in a share of the images
    sampling:  eps_0 = eps_theta(x_t, alpha_t, 0),    eps_c = eps_theta(x_t, alpha_t, c)
               eps = eps_0 + w (eps_c - eps_0)

w = 0 is the model without condition, w = 1 the conditional one. A larger w goes further in the
direction of the condition: more of the images are what was asked for, and they differ less. In the
paper, the weight is w - 1.
"""

import math
from typing import Any

from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.diffusion.ddpm import DDPM
from ankeras.diffusion.noise_to_image import Denoise
from ankeras.diffusion.process import estimates
from ankeras.training.catalogue_row import TINY_CLASSES, TINY_SHAPE, Row
from ankeras.training.checks import check_labels

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike


@keras.saving.register_keras_serializable("ankeras")
class GuidedDDPM(DDPM):
    """A conditional diffusion model; `fit(x, y)` with one label or one vector per image.

    A vector of zeros is the empty condition, so give attributes as -1 and 1, not as 0 and 1.

    Args:
        network: [(batch, *image), (batch, 1), (batch, n)] -> (batch, *image),
            `get_diffusion_unet(image_shape, condition_dim=n)`.
        dropped: share of the images that lose their condition in the training.
        **options: those of `DDPM`.

    Raises:
        ValueError: if the network does not fit, or an option is out of range.
    """

    options = ("dropped", *DDPM.options)
    target = "labels"
    n_conditions = 1

    def __init__(self, network: keras.Model, dropped: float = 0.1, **options: Any) -> None:
        super().__init__(network, **options)
        if not 0 <= dropped < 1:
            raise ValueError(f"dropped is a share in [0, 1), {dropped} is not.")
        self.dropped = dropped

    @property
    def condition_dim(self) -> int:
        """The size of a condition; for labels, the number of classes."""
        return self.network.inputs[2].shape[-1]

    def as_conditions(self, y: Any) -> Any:
        """Return the condition vectors: one-hot labels of (n,) integers; vectors as they are."""
        if len(np.shape(y)) == 1:
            return ops.one_hot(ops.cast(y, "int32"), self.condition_dim)
        return ops.cast(y, "float32")

    def conditions(self, x_0: Any, y: Any, training: bool) -> list[Any]:
        """Return the condition vectors; in the training a share of them is empty."""
        c = self.as_conditions(y)
        if training:
            u = keras.random.uniform((ops.shape(c)[0], 1), dtype="float32", seed=self.noise)
            c = ops.where(u < self.dropped, ops.zeros_like(c), c)
        return [c]

    def empty_conditions(self, n: int) -> list[np.ndarray]:
        """Return the empty condition of n images, in a list."""
        return [np.zeros((n, self.condition_dim), "float32")]

    def guided_denoiser(self, c: np.ndarray | list[np.ndarray], guidance: float) -> Denoise:
        """Return what a sampling procedure calls, with a guidance weight w.

        Args:
            c: (n, condition_dim), or a list of all conditions of a network that reads several.
            guidance: w, finite.

        Raises:
            ValueError: if the weight is NaN or infinite.
        """
        if not math.isfinite(guidance):
            raise ValueError(f"The guidance weight is a finite number, {guidance} is not.")
        told = c if isinstance(c, list) else [c]
        empty = self.empty_conditions(len(told[0]))
        both = [np.concatenate(pair) for pair in zip(empty, told, strict=True)]

        def denoise(x_t: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
            # what the network predicts is linear in eps, so the weight acts on eps
            if guidance == 1:
                predicted = self.predict_from(x_t, alpha, told)
            else:
                twice = self.predict_from(np.concatenate([x_t, x_t]), alpha, both)
                without, with_c = np.split(twice, 2)
                predicted = without + guidance * (with_c - without)
            return estimates(self.predicts, predicted, x_t, alpha, self.largest)

        return denoise

    def generate_for(
        self,
        y: ArrayLike,
        seed: int = 0,
        steps: int = 20,
        guidance: float = 2.0,
        sampler: str = "ddim",
    ) -> np.ndarray:
        """Draw one image for each label or condition vector: (n, *image).

        Args:
            y: (n,) integers, or (n, condition_dim).
            seed: seed of the noise.
            steps, sampler: as in `DDPM.sample`.
            guidance: the weight w.

        Raises:
            ValueError: if a label is no class, a vector has another size, or an option is out of
                range.
        """
        if y is None:
            raise ValueError(
                "Guidance needs a condition: give one label, vector or caption per image, or draw "
                "images without a condition by generate(n)."
            )
        y = np.asarray(y)
        if y.ndim == 0:
            raise ValueError(
                f"Give one label, vector or caption per image, as a list, not {y.item()!r}."
            )
        self._check_conditions(y, len(y))
        c = ops.convert_to_numpy(self.as_conditions(y))
        x_t = self.start(len(y), seed)
        return self.sample(self.guided_denoiser(c, guidance), x_t, steps, sampler, seed)

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on images x with conditions y."""
        super().check_data(x, y)
        self._check_conditions(y, len(x))

    def _check_conditions(self, y: np.ndarray | None, n_images: int) -> None:
        if y is None or y.ndim != 2:
            check_labels(y, n_images, self.condition_dim)
        elif y.shape != (n_images, self.condition_dim):
            raise ValueError(
                f"Conditions are vectors of {self.condition_dim} numbers, one for each of "
                f"{n_images} images, not an array of shape {y.shape}."
            )
        elif not np.isfinite(y).all():
            raise ValueError("A condition holds NaN or infinity.")


ROWS = (
    Row(
        name="guided diffusion",
        builds=GuidedDDPM,
        lecture="NOTES 16; ATIV, Back to Dall-E",
        paper="Ho 2022",
        notebook="17",
        learns_from="x, y",
        tiny=lambda: GuidedDDPM(
            get_diffusion_unet(TINY_SHAPE, widths=(4, 8), condition_dim=TINY_CLASSES),
            n_steps=20,
        ),
    ),
)
