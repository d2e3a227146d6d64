"""What PixelCNN and PixelRNN share: the likelihood of an image as a product over its pixels.

Source: ATIV, "Autoregressive maximum likelihood methods"; van den Oord et al., "Pixel recurrent
neural networks" (ICML 2016), equation 1.

    p(x) = prod_i p(x_i | x_1, ..., x_(i-1))                                    (the chain rule)
    min_theta  E [-log p_theta(x)],   -log p(x) = -sum_i log p(x_i | x_1, ..., x_(i-1))

The slide writes the product over j of p(x_j | x_(i-1), ..., x_n): the condition should hold the
pixels before x_j. The pixels are in the order of reading. The network returns the logits of all
pixels at once. It is built so that the logits of a pixel depend on the pixels before it alone.
"Explicit model of p, good evaluation metric": the likelihood is exact. "Slow because of sequential
generation": to draw an image, each pixel waits for the one before.

    2 levels      -log p(x_i | ...) = log(1 + e^l) - x_i l                 one logit l
    L levels      -log p(x_i | ...) = log sum_k e^(l_k) - l_(x_i)          L logits
"""

from typing import Any

from ankeras.autoencoders.autoencoder import weighted_mean
from ankeras.builders.masked_convolutions import logits_per_pixel
from ankeras.likelihood.levels import check_levels
from ankeras.training.autodiff import descend
from ankeras.training.checks import (
    check_images,
    check_labels,
    check_shapes_known,
)
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import expit, softmax

IMAGES_AT_ONCE = 100  # with 256 levels, the logits of 100 digits fill 80 MB


class Autoregressive(OwnLoss):
    """A model of images that predicts each pixel from the pixels before it.

    Its log "loss" is -log p(x) in nats per image, averaged over the images. A subclass says how
    the network reads one row of an image, so that images can be drawn.

    Args:
        network: (batch, *image) -> logits of each pixel, (batch, *image) for 2 levels, else
            (batch, height, width, levels). A conditional one reads [images, one-hot labels], and
            is trained by `fit(x, labels)`.
        levels: number of values that a pixel can have.

    Raises:
        ValueError: if the network does not return these logits.
    """

    networks = ("network",)
    options: tuple[str, ...] = ("levels",)
    weighs_images = True

    def __init__(self, network: keras.Model, levels: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_shapes_known(network, "network")
        self.network = network
        self.levels = levels
        expected = (*self.image_shape[:2], logits_per_pixel(self.image_shape, levels))
        if network.output_shape[1:] != expected:
            raise ValueError(
                f"For images of {self.image_shape} with {levels} levels the network returns "
                f"logits of {expected}, not {network.output_shape[1:]}: build it with "
                f"levels={levels}."
            )
        if self.conditional:
            self.target = "labels"

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend -log p(x) on one minibatch."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)

        # -log p(x) = -sum_i log p(x_i | x_1, ..., x_(i-1)), averaged over the minibatch
        def objective() -> tuple:
            logits = self.network(self.network_inputs(x, y), training=True)
            nll = weighted_mean(self.nll(x, logits), weights)
            return nll + self.layer_losses(), nll

        _, nll = descend(objective, self.optimizer, self.trainable_variables)
        return self.log(loss=nll)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate -log p(x) on one minibatch."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        logits = self.network(self.network_inputs(x, y), training=False)
        return self.log(loss=weighted_mean(self.nll(x, logits), weights))

    def nll(self, x: Any, logits: Any) -> Any:
        """Return -log p(x) of each image, summed over its pixels: (batch,), in nats."""
        if self.levels == 2:
            # log(1 + e^l) - x l
            of_pixels = ops.softplus(logits) - ops.cast(x, logits.dtype) * logits
        else:
            # log sum_k e^(l_k) - l_(x_i)
            level = ops.cast(ops.round(x[..., 0] * (self.levels - 1)), "int32")
            of_pixels = ops.sparse_categorical_crossentropy(level, logits, from_logits=True)
        return ops.sum(of_pixels, axis=tuple(range(1, len(of_pixels.shape))))

    def network_inputs(self, x: Any, y: Any = None) -> Any:
        """Return what the network reads: x, or [x, one-hot(y)]."""
        return [x, self.one_hot(y)] if self.conditional else x

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the mean of each pixel given the pixels before it, from x or [x, labels]."""
        x, y = inputs if self.conditional else (inputs, None)
        logits = self.network(self.network_inputs(x, y), training=training)
        if self.levels == 2:
            return ops.sigmoid(logits)
        values = ops.arange(self.levels, dtype="float32") / (self.levels - 1)
        return ops.sum(ops.softmax(logits, axis=-1) * values, axis=-1, keepdims=True)

    @property
    def call_inputs(self) -> list[keras.KerasTensor]:
        """What `call` reads: images, and for a conditional model one integer label per image."""
        label = keras.KerasTensor((None,), "int32", name="label")
        return [self.network.inputs[0], *([label] if self.conditional else [])]

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of an image, (height, width, channels)."""
        return self.network.inputs[0].shape[1:]

    @property
    def conditional(self) -> bool:
        """Whether the network reads labels too."""
        return len(self.network.inputs) > 1

    @property
    def n_classes(self) -> int:
        """The number of classes of a conditional model."""
        return self.network.inputs[1].shape[-1]

    def one_hot(self, labels: Any) -> Any:
        """Return the one-hot labels: (batch,) -> (batch, n_classes)."""
        return ops.one_hot(ops.cast(labels, "int32"), self.n_classes)

    def log_likelihood(self, images: np.ndarray, labels: ArrayLike | None = None) -> np.ndarray:
        """Return log p(x) of each image: (n, *image) -> (n,), in nats.

        Args:
            images: (n, *image), values on the levels.
            labels: (n,), for a conditional model: then it is log p(x | y).

        Raises:
            ValueError: if the model can't be trained on these images and labels.
        """
        labels = None if labels is None else np.asarray(labels)
        self.check_data(images, labels)
        found = []
        for start in range(0, len(images), IMAGES_AT_ONCE):
            part = slice(start, start + IMAGES_AT_ONCE)
            y = None if labels is None else labels[part]
            x = ops.convert_to_tensor(images[part])
            logits = self.network.predict_on_batch(self.network_inputs(x, y))
            found.append(-ops.convert_to_numpy(self.nll(x, logits)))
        return np.concatenate(found)

    def log_joint(self, images: np.ndarray) -> np.ndarray:
        """Return log p(x, y) of each image with each class: (n, *image) -> (n, n_classes), in nats.

            log p(x, y) = log p(x | y) + log p(y),    p(y) = 1 / n_classes

        Its log-sum-exp over the classes is log p(x). The class of the largest value is the
        likeliest one, argmax_y p(y | x).

        Raises:
            ValueError: if the model has no classes, or can't be trained on these images.
        """
        if not self.conditional:
            raise ValueError("This model has no classes: use log_likelihood(images).")
        of_class = [
            self.log_likelihood(images, np.full(len(images), y)) for y in range(self.n_classes)
        ]
        return np.stack(of_class, axis=1) - np.log(self.n_classes)

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images pixel by pixel, of random classes if the model is conditional: (n, *image).

        Their values are levels.

        Raises:
            ValueError: if n < 1.
        """
        if n < 1:
            raise ValueError(f"Ask for n >= 1 images, not {n}.")
        rng = np.random.default_rng(seed)
        classes = rng.integers(self.n_classes, size=n) if self.conditional else None
        return self._drawn(n, self._condition(n, classes), rng)

    def generate_for(self, labels: ArrayLike, seed: int = 0) -> np.ndarray:
        """Draw one image of each of the given classes: (n,) -> (n, *image).

        Raises:
            ValueError: if the model has no classes, or a label is no class.
        """
        if np.ndim(labels) != 1:
            raise ValueError(f"Give one label per image, as a list, not {labels!r}.")
        n = len(np.asarray(labels))
        return self._drawn(n, self._condition(n, labels), np.random.default_rng(seed))

    def complete(
        self,
        images: np.ndarray,
        known: np.ndarray,
        seed: int = 0,
        labels: ArrayLike | None = None,
    ) -> np.ndarray:
        """Draw the unknown pixels of images, from p(x | the known pixels): (n, *image), unchanged.

        Args:
            images: (n, *image). Their values at unknown pixels are not read.
            known: (height, width), bool: which pixels are kept. They are the first pixels in the
                order of reading, such as the upper half of the image.
            seed: seed of the draws.
            labels: (n,), for a conditional model.

        Raises:
            ValueError: if images, known or labels do not fit the model.
        """
        self._check_completion(images, known)
        condition = self._condition(len(images), labels)
        return self._drawn(len(images), condition, np.random.default_rng(seed), images, known)

    def _drawn(
        self,
        n: int,
        condition: list[np.ndarray],
        rng: np.random.Generator,
        images: np.ndarray | None = None,
        known: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return n images, drawn pixel by pixel where nothing is known.

        For each row, what its pixels need of the rows above is computed once. For each pixel, only
        its own row is computed again.
        """
        height, width, _ = self.image_shape
        x = np.zeros((n, *self.image_shape), "float32")
        if images is not None and known is not None:
            x[:, known] = images[:, known]
        above = None
        for i in range(height):
            above = self.read_above(x, i, condition, above)
            for j in range(width):
                if known is None or not known[i, j]:
                    # x_i ~ p(x_i | x_1, ..., x_(i-1))
                    logits = self.read_row(x, i, condition, above)
                    x[:, i, j] = self._draw(logits[:, j], rng)
        return x

    def read_above(self, x: np.ndarray, i: int, condition: list, above: Any) -> Any:
        """Return what the pixels of row i need of the rows above it.

        Args:
            x: (n, *image); the rows before row i are complete.
            i: the row.
            condition: one-hot labels in a list, which is empty for an unconditional model.
            above: what this method returned for row i - 1; None for i = 0.
        """
        raise NotImplementedError

    def read_row(self, x: np.ndarray, i: int, condition: list, above: Any) -> np.ndarray:
        """Return the logits of the pixels of row i: (n, width, logits).

        Args:
            x, i, condition: as in `read_above`; the pixels of row i are known from the left to the
                first one that is to be drawn.
            above: what `read_above` returned for row i.
        """
        raise NotImplementedError

    def _draw(self, logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw one pixel of each image: logits (n, k) -> values (n, channels)."""
        if self.levels == 2:
            return rng.random(logits.shape) < expit(logits)
        below = np.cumsum(softmax(logits.astype("float64"), axis=-1), axis=-1)
        level = (below < rng.random((len(logits), 1))).sum(axis=-1, keepdims=True)
        return np.minimum(level, self.levels - 1) / (self.levels - 1)

    def _condition(self, n: int, labels: ArrayLike | None) -> list[np.ndarray]:
        """Return the one-hot labels of n images in a list; [] without classes."""
        if not self.conditional:
            if labels is not None:
                raise ValueError("This model has no classes: give no labels.")
            return []
        if labels is None:
            raise ValueError("This model draws images of a class: give one label per image.")
        labels = np.asarray(labels)
        check_labels(labels, n, self.n_classes)
        return [np.eye(self.n_classes, dtype="float32")[labels]]

    def _check_completion(self, images: np.ndarray, known: np.ndarray) -> None:
        """Raise a ValueError unless the first pixels of some images are known."""
        sides = self.image_shape[:2]
        if images.shape[1:] != self.image_shape or len(images) == 0:
            expected = ", ".join(map(str, ("n", *self.image_shape)))
            raise ValueError(f"images has the shape ({expected}), not {images.shape}.")
        if known.shape != sides or known.dtype != bool:
            raise ValueError(
                f"known is a bool array of shape {sides}, not {known.dtype} of {known.shape}."
            )
        in_order = known.ravel()
        n_known = int(in_order.sum())
        if not in_order[:n_known].all():
            hidden, late = int(in_order.argmin()), int(np.flatnonzero(in_order)[-1])
            raise ValueError(
                f"A pixel is drawn given the pixels before it, so known must hold the first pixels "
                f"in the order of reading, but pixel {divmod(late, sides[1])} is known and pixel "
                f"{divmod(hidden, sides[1])} is not."
            )
        if n_known:
            seen = images[:, known][:, None]
            check_images(seen, seen.shape[1:], (0.0, 1.0), "images")
            check_levels(seen, self.levels)

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on images x (with labels y)."""
        check_images(x, self.image_shape, (0.0, 1.0))
        check_levels(x, self.levels)
        if self.conditional:
            check_labels(y, len(x), self.n_classes)
