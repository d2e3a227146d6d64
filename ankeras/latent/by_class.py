"""Images by class: what conditional systems share.

Source: AN2DL, "Intuition behind Conditional GANs"; NOTES, lesson 16.
"""

from typing import Any

from ankeras.latent.codes import PREDICT_BATCH, sample_prior
from ankeras.training.checks import check_labels

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike


class DrawsByClass:
    """Adds images by class to a system with a conditional generator.

    Attributes:
        generator: [(batch, d), (batch, n_classes)] -> (batch, *image); the second input is a
            one-hot label.
    """

    generator: keras.Model

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        raise NotImplementedError

    def one_hot(self, labels: Any) -> Any:
        """Return the one-hot labels: (batch,) -> (batch, n_classes)."""
        return ops.one_hot(ops.cast(labels, "int32"), self.n_classes)

    def for_class(self, label: int) -> keras.Model:
        """Return the generator of one class: (batch, d) -> (batch, *image).

        Raises:
            ValueError: if there is no such class.
        """
        check_labels(np.array([label]), 1, self.n_classes)
        z = keras.Input(self.generator.inputs[0].shape[1:])
        y = self.one_hot(ops.full_like(z[:, 0], label))
        return keras.Model(z, self.generator([z, y]), name=f"class_{label}")

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images of random classes: (n, *image)."""
        labels = np.random.default_rng(seed).integers(self.n_classes, size=n)
        return self.generate_for(labels, seed)

    def generate_for(self, labels: ArrayLike, seed: int = 0) -> np.ndarray:
        """Draw one image of each of the given classes: (n,) -> (n, *image).

        Raises:
            ValueError: if a label is no class.
        """
        labels = np.asarray(labels)
        check_labels(labels, len(labels), self.n_classes)
        z = sample_prior(len(labels), self.generator.inputs[0].shape[-1], seed)
        y = np.eye(self.n_classes, dtype="float32")[labels]
        return self.generator.predict([z, y], batch_size=PREDICT_BATCH, verbose=0)
