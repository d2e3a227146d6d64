"""CLIP: an image encoder and a text encoder that learn which caption goes with which image.

Source: ATIV, "CLIP [Radford et al. 2021]"; Radford et al., "Learning transferable visual models
from natural language supervision" (ICML 2021), figure 3.

    z_i = E_i(x) / ||E_i(x)||,   z_t = E_t(y) / ||E_t(y)||       unit vectors of image and caption
    s_ij = exp(tau) z_i(x_i)^T z_t(y_j)                          all pairs of a minibatch
    P_ij = 1[y_i = y_j] / sum_k 1[y_i = y_k]                     which captions go with image i

    theta descends  1/2 (  -1/m sum_ij P_ij log softmax_j s_ij       each image finds its caption
                           -1/m sum_ij P_ij log softmax_i s_ij )     each caption finds its image

tau is learnt, and exp(tau) is at most 100. The paper's P is the identity. Here, images of a
minibatch that have the same caption share it. As long as equal captions have equal vectors, both P
give the same loss, since the scores of equal captions are equal. They differ if the text encoder
has dropout.

A caption with few facts is true of many images. The loss is lowest for

    s_ij = log( p(y_j | x_i) / p(y_j) ) + a constant

A caption that is not true of the image scores low. Of those that are true, one that fits few other
images scores highest.
"""

import math
from collections.abc import Sequence
from typing import Any

from ankeras.builders import get_encoder
from ankeras.builders.transformer import get_text_encoder
from ankeras.language import tokens as captions
from ankeras.latent.codes import encode
from ankeras.training.autodiff import SeedGenerator, descend
from ankeras.training.catalogue_row import (
    TINY_LATENT_DIM,
    TINY_LENGTH,
    TINY_SHAPE,
    TINY_WORDS,
    Row,
)
from ankeras.training.checks import check_images, check_shapes_known
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import ops

LARGEST_SCALE = 100.0  # of exp(tau): the paper's bound


def shared_targets(y: Any) -> Any:
    """Return P: tokens (m, length) -> (m, m); each row is shared by the captions that are equal.

    P is symmetric: it also says which images go with each caption.
    """
    same = ops.cast(ops.all(y[:, None] == y[None, :], axis=-1), "float32")
    return same / ops.sum(same, axis=1, keepdims=True)


def cross_entropy(p: Any, s: Any) -> Any:
    """Return -1/m sum_ij p_ij log softmax_j s_ij: (m, m) and (m, m) -> a scalar."""
    return -ops.mean(ops.sum(p * ops.log_softmax(s, axis=1), axis=1))


def unit(z: Any) -> Any:
    """Return z / ||z|| of each row, (n, d) float32."""
    return ops.normalize(ops.cast(z, "float32"), axis=-1)


@keras.saving.register_keras_serializable("ankeras")
class CLIP(OwnLoss):
    """CLIP; `fit(images, tokens)` with one caption per image, or with k of them.

    Of k captions, tokens (n, k, length), each step draws one per image.

    Args:
        image_encoder: (batch, *image) -> (batch, d), `get_encoder(image_shape, d)`.
        text_encoder: int (batch, length) -> [features, (batch, d)], `get_text_encoder(n_words,
            length, embedding_dim=d)`.
        temperature: 1 / exp(tau) before the training.
        seed: seed of the choice of captions.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    networks = ("image_encoder", "text_encoder")
    options = ("temperature", "seed")
    logged = ("loss", "image_to_text", "text_to_image", "scale")
    target = "tokens"

    def __init__(
        self,
        image_encoder: keras.Model,
        text_encoder: keras.Model,
        temperature: float = 0.07,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_shapes_known(image_encoder, "image_encoder")
        captions.check_text_encoder(text_encoder)
        read = image_encoder.output_shape[1:], text_encoder.outputs[1].shape[1:]
        if read[0] != read[1]:
            raise ValueError(
                f"Image and caption become vectors of the same size, not {read[0]} and {read[1]}."
            )
        if not temperature >= 1 / LARGEST_SCALE:
            raise ValueError(
                f"The temperature is at least {1 / LARGEST_SCALE:g}, {temperature} is not."
            )
        self.image_encoder = image_encoder
        self.text_encoder = text_encoder
        self.temperature = temperature
        self.seed = seed
        self.draws = SeedGenerator(seed)
        start = keras.initializers.Constant(math.log(1 / temperature))
        self.tau = self.add_weight((), start, dtype="float32", name="tau")

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take one step on a minibatch of images x and their captions y."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        y = captions.one_caption_each(y, self.draws)
        p = shared_targets(y)  # P

        # theta, tau descend  1/2 (H(P, softmax_j s_ij) + H(P, softmax_i s_ij))
        def objective() -> tuple:
            z_i = unit(self.image_encoder(x, training=True))
            z_t = unit(self.text_encoder(y, training=True)[1])
            s = ops.exp(self.tau) * ops.matmul(z_i, ops.transpose(z_t))
            image_to_text = cross_entropy(p, s)
            text_to_image = cross_entropy(p, ops.transpose(s))
            loss = 0.5 * (image_to_text + text_to_image)
            return loss + self.layer_losses(), loss, image_to_text, text_to_image

        _, *losses = descend(objective, self.optimizer, self.trainable_variables)

        # tau <- min(tau, log 100)
        self.tau.assign(ops.minimum(self.tau, math.log(LARGEST_SCALE)))
        return self._logs(*losses)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate the loss on one minibatch. It depends on the number of images in it."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        y = captions.one_caption_each(y, self.draws)
        z_i, z_t = self([x, y], training=False)
        p, s = shared_targets(y), ops.exp(self.tau) * ops.matmul(z_i, ops.transpose(z_t))
        losses = cross_entropy(p, s), cross_entropy(p, ops.transpose(s))
        return self._logs(0.5 * (losses[0] + losses[1]), *losses)

    def _logs(self, loss: Any, image_to_text: Any, text_to_image: Any) -> dict[str, Any]:
        both = {"image_to_text": image_to_text, "text_to_image": text_to_image}
        return self.log(loss=loss, **both, scale=ops.exp(self.tau))

    def call(self, inputs: Any, training: bool | None = None) -> list[Any]:
        """Return the unit vectors [z_i, z_t] of [images, tokens]."""
        x, y = inputs
        z_i = self.image_encoder(x, training=training)
        return [unit(z_i), unit(self.text_encoder(y, training=training)[1])]

    @property
    def call_inputs(self) -> list[keras.KerasTensor]:
        """What `call` reads: images and tokens."""
        return [*self.image_encoder.inputs, *self.text_encoder.inputs]

    def embed_images(self, images: np.ndarray) -> np.ndarray:
        """Return the unit vectors z_i of images: (n, *image) -> (n, d) float32.

        Raises:
            ValueError: if the images do not fit the encoder; the sentence says why.
        """
        self._check_images(images)
        return _unit(encode(self.image_encoder, images))

    def embed_texts(self, tokens: np.ndarray) -> np.ndarray:
        """Return the unit vectors z_t of captions: int (n, length) -> (n, d) float32.

        Raises:
            ValueError: if the tokens do not fit the encoder; the sentence says why.
        """
        return _unit(captions.embed_texts(self.text_encoder, tokens))

    def embed_classes(self, prompts: Sequence[np.ndarray]) -> np.ndarray:
        """Return the unit vectors of classes that are described by captions: (n_classes, d).

        The vector of a class is the mean of the vectors of its prompts, with length 1 again.

        Args:
            prompts: the captions of each class, int (any number >= 1, length): "a man" and "the
                portrait of a man", for instance.

        Raises:
            ValueError: if the captions do not fit, a class has none, or there are fewer than 2
                classes.
        """
        if len(prompts) < 2:
            raise ValueError(f"Images are told apart by 2 classes or more, not {len(prompts)}.")
        if not all(len(each) for each in prompts):
            raise ValueError("Each class needs at least one caption, but one has none.")
        z_t = self.embed_texts(np.concatenate(prompts))
        ends = np.cumsum([len(each) for each in prompts])[:-1]
        return _unit(np.stack([each.mean(axis=0) for each in np.split(z_t, ends)]))

    def classify(self, images: np.ndarray, prompts: Sequence[np.ndarray]) -> np.ndarray:
        """Return the class of each image, of classes that are described by captions: (n,) int64.

        No class was named in the training ("zero-shot").

        Args:
            images: (n, *image).
            prompts: as in `embed_classes`.

        Raises:
            ValueError: if images or captions do not fit, or there are fewer than 2 classes.
        """
        return retrieve(self.embed_images(images), self.embed_classes(prompts))

    def check_players(self) -> None:
        """Raise a ValueError if neither encoder has weights to train: tau alone learns nothing."""
        if not (self.image_encoder.trainable_variables or self.text_encoder.trainable_variables):
            raise ValueError("No weight of the encoders can be trained: set trainable = True.")

    @property
    def smallest_batch(self) -> int:
        """The number of images that each batch needs: 2, so that there is something to compare."""
        return 2

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on images x with captions y."""
        self._check_images(x)
        captions.check_captions(y, len(x), self.text_encoder)

    def _check_images(self, images: np.ndarray) -> None:
        check_images(images, self.image_encoder.input_shape[1:], (0.0, 1.0))

    def _no_weights(self) -> str:
        return (
            "CLIP compares each image with all captions of its minibatch, so single images have no "
            "weights: leave them out."
        )


def _unit(z: np.ndarray) -> np.ndarray:
    return z / np.linalg.norm(z, axis=1, keepdims=True).clip(1e-12)


def retrieve(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return the index of the most similar candidate of each query: (n, d), (m, d) -> (n,) int64.

    Args:
        queries: unit vectors, as `CLIP.embed_texts` or `CLIP.embed_images` returns them.
        candidates: unit vectors of the other kind.
    """
    return (queries @ candidates.T).argmax(axis=1)


ROWS = (
    Row(
        name="CLIP",
        builds=CLIP,
        lecture="ATIV, CLIP",
        paper="Radford 2021",
        notebook="19",
        learns_from="x, tokens",
        tiny=lambda: CLIP(
            get_encoder(TINY_SHAPE, TINY_LATENT_DIM, widths=(4, 8)),
            get_text_encoder(TINY_WORDS, TINY_LENGTH, 8, TINY_LATENT_DIM, depth=1, n_heads=2),
        ),
    ),
)
