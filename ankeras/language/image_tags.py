"""Tags from images: a conditional GAN draws the vector of a tag for an image, several per image.

Source: ATIV, "Results of conditional GAN" (user tags and generated tags); Mirza & Osindero,
"Conditional generative adversarial nets" (2014), section 4.2 and table 2.

    c = N_i(phi_i(x)), the features of image x;    v = N_t(phi_t(y)), the vector of a tag y of x

    D descends  -E [log D(v|c)] - E [log(1 - D(G(z|c)|c))]
    G descends  -E [log D(G(z|c)|c)]

An image has several tags. So G draws a distribution of vectors: each z gives one vector, and the
nearest vector of the vocabulary is the tag. The tags that are drawn most often are the result.

phi_i and phi_t were trained before and stay as they are: here the encoders of CLIP, in the paper a
network for ImageNet and vectors of words. N normalizes each number by its mean and variance over
the images of the minibatch, or over their tags; after the training, by moving averages of these.
The vectors that CLIP has for captions have nearly the same direction: without N, the cosine of two
tags is .6 on average.
"""

from collections.abc import Sequence
from typing import Any

from ankeras.builders import get_encoder
from ankeras.builders.blocks import SeededLayers
from ankeras.builders.transformer import get_text_encoder
from ankeras.gans.gan import GAN
from ankeras.language import tokens as captions
from ankeras.latent.codes import PREDICT_BATCH, encode
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import (
    TINY_LATENT_DIM,
    TINY_LENGTH,
    TINY_SHAPE,
    TINY_WORDS,
    Row,
)
from ankeras.training.checks import check_images, check_shapes_known

import keras
import numpy as np
from keras import layers, ops

MOMENTUM = 0.95  # of the moving averages of N, which must be right after a short training too


def get_tag_generator(
    latent_dim: int = 32,
    condition_dim: int = 64,
    vector_dim: int = 64,
    *,
    widths: Sequence[int] = (256, 256),
    seed: int = 42,
) -> keras.Model:
    """Build G: noise, and the features of an image -> the vector of a tag.

    Args:
        latent_dim: size of the noise z.
        condition_dim: size of the image's features c.
        vector_dim: size of a tag's vector v.
        widths: units of the hidden layers.
        seed: seed of the initial weights.

    Returns:
        A model named "generator": [(batch, latent_dim), (batch, condition_dim)] -> (batch,
        vector_dim), float32.
    """
    seeded = SeededLayers(seed)
    z = layers.Input((latent_dim,), name="input_layer")
    c = layers.Input((condition_dim,), name="condition")
    x = layers.Concatenate()([z, c])
    for width in widths:
        x = layers.LeakyReLU(0.2)(seeded(layers.Dense, width)(x))
    v = seeded(layers.Dense, vector_dim, dtype="float32", name="output_layer")(x)
    return keras.Model([z, c], v, name="generator")


def get_tag_discriminator(
    vector_dim: int = 64,
    condition_dim: int = 64,
    *,
    widths: Sequence[int] = (256, 256),
    seed: int = 42,
) -> keras.Model:
    """Build D: the vector of a tag, and the features of an image -> logit that it is a real tag.

    Args:
        vector_dim, condition_dim, widths, seed: as in `get_tag_generator`.

    Returns:
        A model named "discriminator": [(batch, vector_dim), (batch, condition_dim)] -> (batch, 1).
    """
    seeded = SeededLayers(seed)
    v = layers.Input((vector_dim,), name="input_layer")
    c = layers.Input((condition_dim,), name="condition")
    x = layers.Concatenate()([v, c])
    for width in widths:
        x = layers.LeakyReLU(0.2)(seeded(layers.Dense, width)(x))
    logit = seeded(layers.Dense, 1, dtype="float32", name="output_layer")(x)
    return keras.Model([v, c], logit, name="discriminator")


@keras.saving.register_keras_serializable("ankeras")
class ImageTags(GAN):
    """Tags from images; `fit(images, tokens)` with one tag per image, or with k of them.

    A tag is a short caption, such as "a hat". Of k tags, tokens (n, k, length), each step draws one
    per image.

    Args:
        generator: `get_tag_generator(d_z, d_c, d)`.
        discriminator: `get_tag_discriminator(d, d_c)`.
        image_encoder: (batch, *image) -> (batch, d_c), such as `clip.image_encoder`.
        text_encoder: int (batch, length) -> [features, (batch, d)], such as `clip.text_encoder`.
            Both encoders are not trained: their `trainable` is set to False.
        r1, seed: as in `TwoPlayers`; the penalty is on the slope with respect to v.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    networks = ("generator", "discriminator", "image_encoder", "text_encoder")
    options = ("r1", "seed")
    target = "tokens"

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        image_encoder: keras.Model,
        text_encoder: keras.Model,
        r1: float = 0.0,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator, discriminator, r1=r1, seed=seed, **kwargs)
        check_shapes_known(image_encoder, "image_encoder")
        captions.check_text_encoder(text_encoder)
        returned = text_encoder.outputs[1].shape, image_encoder.output_shape
        read = tuple(x.shape for x in discriminator.inputs)
        if returned != read:
            raise ValueError(
                f"The encoders return a tag's vector and an image's features of shapes "
                f"{[shape[1:] for shape in returned]}, but the discriminator reads "
                f"{[shape[1:] for shape in read]}."
            )
        image_encoder.trainable = text_encoder.trainable = False
        self.image_encoder = image_encoder
        self.text_encoder = text_encoder
        self.normal_v, self.normal_c = (
            layers.BatchNormalization(
                center=False,
                scale=False,
                momentum=MOMENTUM,
                epsilon=1e-6,
                dtype="float32",
                name=name,
            )
            for name in ("normal_v", "normal_c")
        )
        self.normal_v.build(returned[0])
        self.normal_c.build(returned[1])

    @property
    def smallest_batch(self) -> int:
        """The number of images that each batch needs: the variance of a single code is 0."""
        return max(2, super().smallest_batch)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round on images x with one of their tags y each."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        v, c = self.pair(x, y, training=True)
        fake = ops.stop_gradient(self.generator([self.sample_z(v), c], training=True))  # G(z|c)

        # theta_d descends  -E[log D(v|c)] - E[log(1 - D(G(z|c)|c))] + gamma/2 E ||grad_v D||^2
        def d_objective() -> tuple:
            real_scores, fake_scores = self.score(v, c), self.score(fake, c)
            d_loss = self.d_loss(real_scores, fake_scores)
            added = self.r1_penalty(v, c) + self.layer_losses(self.discriminator)
            return d_loss + added, d_loss, real_scores, fake_scores

        _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, self.theta_d)

        # theta_g descends  -E[log D(G(z|c)|c)]
        def g_objective() -> tuple:
            fake = self.generator([self.sample_z(v), c], training=True)
            g_loss = self.g_loss(self.score(fake, c))
            return g_loss + self.layer_losses(self.generator), g_loss

        _, g_loss = descend(g_objective, self.optimizer.generator, self.theta_g)
        return self.log(d_loss=d_loss, g_loss=g_loss, **self.mean_scores(*scores))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        v, c = self.pair(x, y, training=False)
        fake = self.generator([self.sample_z(v), c], training=False)
        scores = [self.score(vector, c, training=False) for vector in (v, fake)]
        losses = {"d_loss": self.d_loss(*scores), "g_loss": self.g_loss(scores[1])}
        return self.log(**losses, **self.mean_scores(*scores))

    def pair(self, x: Any, y: Any, training: bool) -> tuple[Any, Any]:
        """Return the vectors v of one tag per image, and the features c of the images."""
        y = captions.one_caption_each(y, self.noise)
        v = self.normal_v(self.text_encoder(y, training=False)[1], training=training)
        return v, self.normal_c(self.image_encoder(x, training=False), training=training)

    def vectors_of(self, tags: np.ndarray) -> np.ndarray:
        """Return the vectors v of tags: int (n, length) -> (n, d)."""
        phi = captions.embed_texts(self.text_encoder, tags)
        return ops.convert_to_numpy(self.normal_v(phi, training=False))

    def draw_vectors(self, images: np.ndarray, n: int = 100, seed: int = 0) -> np.ndarray:
        """Draw n vectors of tags for each image: (m, *image) -> (m, n, d).

        Raises:
            ValueError: if the images do not fit, or n < 1.
        """
        if n < 1:
            raise ValueError(f"Ask for n >= 1 tags per image, not {n}.")
        self._check_images(images)
        phi = encode(self.image_encoder, images)
        c = ops.convert_to_numpy(self.normal_c(phi, training=False))
        z = np.random.default_rng(seed).normal(size=(len(c) * n, self.latent_dim))
        read = [z.astype("float32"), np.repeat(c, n, axis=0)]
        v = self.generator.predict(read, batch_size=PREDICT_BATCH, verbose=0)
        return v.reshape(len(c), n, -1)

    def count_tags(
        self, images: np.ndarray, vocabulary: np.ndarray, n: int = 100, seed: int = 0
    ) -> np.ndarray:
        """Return how often each tag of a vocabulary is drawn for each image: (m, n_tags) int64.

        The tag of a vector is the one with the highest cosine. `counts.argsort()[:, ::-1][:, :5]`
        are the five tags that are drawn most often.

        Args:
            images: (m, *image).
            vocabulary: the tokens of all tags, int (n_tags, length).
            n: number of vectors per image.
            seed: seed of the noise.

        Raises:
            ValueError: if images or tokens do not fit, or n < 1.
        """
        words = self.vectors_of(vocabulary)
        words /= np.linalg.norm(words, axis=1, keepdims=True)
        nearest = (self.draw_vectors(images, n, seed) @ words.T).argmax(axis=-1)
        return np.stack([np.bincount(row, minlength=len(words)) for row in nearest])

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Raise a ValueError: this generator draws nothing without images."""
        raise ValueError("Tags are drawn for images: call count_tags(images, vocabulary).")

    @property
    def call_inputs(self) -> list[keras.KerasTensor]:
        """What `call` reads: noise and the features of images."""
        return self.generator.inputs

    def check_networks(self) -> None:
        """Raise a ValueError unless D reads what G draws, beside what G reads."""
        drawn, read = self.generator.output_shape, [x.shape for x in self.discriminator.inputs]
        if [x.shape for x in self.generator.inputs[1:]] != read[1:] or read[:1] != [drawn]:
            raise ValueError(
                "The discriminator reads the vectors that the generator draws, and both read the "
                "image's features: build them by get_tag_generator and get_tag_discriminator."
            )

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the game can't be played with images x and tags y."""
        self._check_images(x)
        captions.check_captions(y, len(x), self.text_encoder)

    def _check_images(self, images: np.ndarray) -> None:
        check_images(images, self.image_encoder.input_shape[1:], (0.0, 1.0))


ROWS = (
    Row(
        name="tags from images",
        builds=ImageTags,
        lecture="ATIV, Results of conditional GAN",
        paper="Mirza 2014",
        notebook="19",
        learns_from="x, tokens",
        tiny=lambda: ImageTags(
            get_tag_generator(TINY_LATENT_DIM, 4, 3, widths=(8,)),
            get_tag_discriminator(3, 4, widths=(8,)),
            get_encoder(TINY_SHAPE, 4, widths=(4,)),
            get_text_encoder(TINY_WORDS, TINY_LENGTH, 8, 3, depth=1, n_heads=2),
        ),
    ),
)
