"""The text-to-image GAN: the generator draws what a caption says.

Source: AN2DL, "The GAN ZOO"; DLSP, "Caption to image"; Reed et al., "Generative adversarial text to
image synthesis" (ICML 2016), algorithm 1 and equation 5.

    h = phi(y), the vector of the caption y of image s;   h' = phi(y'), that of another image

    D descends  -E [log D(s, h)] - 1/2 E [log(1 - D(s, h'))] - 1/2 E [log(1 - D(G(z, h), h))]
    G descends  -E [log D(G(z, h), h)] - lambda E [log D(G(z, (h + h') / 2), (h + h') / 2)]

A real image with the caption of another image counts as a fake. Otherwise D could not tell apart a
bad image and a good image of something else (the paper's GAN-CLS). Captions between two captions
cost nothing: they need no image, since D sees whether image and vector go together (GAN-INT).

Two captions that are equal are left out of the pairs (s, h'). A caption with few facts can still be
true of the other image. In this package's grammar that holds for 5 of 100 pairs.

phi is a text encoder that was trained before, such as that of CLIP, and stays as it is. h has
length sqrt(d), so that its numbers are as large as those of the noise.
"""

import math
from collections.abc import Sequence
from typing import Any

from ankeras.builders import get_generator
from ankeras.builders.blocks import (
    SeededLayers,
    Shape,
    check_depth,
    checked_image_shape,
    checked_widths,
)
from ankeras.builders.conditioning import append_condition
from ankeras.builders.generator_discriminator import gan_widths
from ankeras.builders.transformer import get_text_encoder
from ankeras.gans.gan import GAN
from ankeras.language import tokens as captions
from ankeras.latent.codes import PREDICT_BATCH, sample_prior
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import (
    TINY_LATENT_DIM,
    TINY_LENGTH,
    TINY_SHAPE,
    TINY_WORDS,
    Row,
)

import keras
import numpy as np
from keras import layers, ops


def get_caption_discriminator(
    image_shape: Shape = (32, 32, 3),
    embedding_dim: int = 64,
    *,
    widths: Sequence[int] | None = None,
    seed: int = 42,
) -> keras.Model:
    """Build D: an image, and the vector of a caption -> logit that it is real and they fit.

    Strided convolutions bring the image down to some 4 pixels, as in `get_discriminator`. There the
    caption's vector is appended to the features of each place, and a 1x1 convolution compares them,
    as in figure 2 of Reed et al. There is no batch normalization.

    Args:
        image_shape: (height, width, channels).
        embedding_dim: size d of the caption's vector.
        widths: channels of each convolution, as in `get_discriminator`.
        seed: seed of the initial weights.

    Returns:
        A model named "discriminator": [(batch, *image_shape), (batch, d)] -> (batch, 1) logits.

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    image_shape = checked_image_shape(image_shape, "conv")
    widths = checked_widths(widths, "conv", gan_widths(image_shape, smallest=4))
    check_depth(image_shape, widths)
    seeded = SeededLayers(seed)
    image = layers.Input(image_shape, name="input_layer")
    condition = layers.Input((embedding_dim,), name="condition")
    x = layers.Rescaling(2.0, offset=-1.0)(image)
    for width in widths:
        x = seeded(layers.Conv2D, width, kernel_size=4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = append_condition(x, condition)
    x = layers.LeakyReLU(0.2)(seeded(layers.Conv2D, 2 * widths[-1], kernel_size=1)(x))
    logit = seeded(layers.Dense, 1, dtype="float32", name="output_layer")(layers.Flatten()(x))
    return keras.Model([image, condition], logit, name="discriminator")


@keras.saving.register_keras_serializable("ankeras")
class TextToImageGAN(GAN):
    """The text-to-image GAN; `fit(images, tokens)` with one caption per image, or with k of them.

    Of k captions, tokens (n, k, length), each step draws one per image.

    Args:
        generator: `get_generator(d_z, image_shape, condition_dim=d)`.
        discriminator: `get_caption_discriminator(image_shape, d)`.
        text_encoder: int (batch, length) -> [features, (batch, d)], such as `clip.text_encoder`.
            It is not trained: its `trainable` is set to False.
        interpolation: weight lambda of the captions between two captions; 0 for none.
        r1, seed: as in `TwoPlayers`.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    networks = ("generator", "discriminator", "text_encoder")
    options = ("interpolation", "r1", "seed")
    logged = (*GAN.logged, "d_other")
    target = "tokens"

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        text_encoder: keras.Model,
        interpolation: float = 1.0,
        r1: float = 0.0,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        if interpolation < 0:
            raise ValueError(f"interpolation must not be negative, as {interpolation} is.")
        super().__init__(generator, discriminator, r1=r1, seed=seed, **kwargs)
        captions.check_text_encoder(text_encoder)
        if text_encoder.outputs[1].shape[-1] != self.vector_dim:
            raise ValueError(
                f"The text encoder returns vectors of {text_encoder.outputs[1].shape[-1]} numbers, "
                f"but generator and discriminator read {self.vector_dim}."
            )
        text_encoder.trainable = False
        self.text_encoder = text_encoder
        self.interpolation = interpolation

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1 of Reed et al. on images s with their captions y."""
        s, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        y = captions.one_caption_each(y, self.noise)
        h, h_other, differ = self.vectors(y)
        fake = ops.stop_gradient(self.generator([self.sample_z(s), h], training=True))  # G(z, h)

        # theta_d descends  -E[log D(s,h)] - 1/2 E[log(1 - D(s,h'))] - 1/2 E[log(1 - D(G(z,h),h))]
        #                   + gamma/2 E ||grad_s D||^2
        def d_objective() -> tuple:
            scores = self.score(s, h), self.score(s, h_other), self.score(fake, h)
            d_loss = self.matching_loss(*scores, differ)
            added = self.r1_penalty(s, h) + self.layer_losses(self.discriminator)
            return d_loss + added, d_loss, *scores

        _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, self.theta_d)

        # theta_g descends  -E[log D(G(z,h),h)] - lambda E[log D(G(z,h_mean),h_mean)]
        def g_objective() -> tuple:
            fake = self.generator([self.sample_z(s), h], training=True)
            g_loss = self.g_loss(self.score(fake, h))
            if self.interpolation:
                h_mean = 0.5 * (h + h_other)
                between = self.generator([self.sample_z(s), h_mean], training=True)
                g_loss += self.interpolation * self.g_loss(self.score(between, h_mean))
            return g_loss + self.layer_losses(self.generator), g_loss

        _, g_loss = descend(g_objective, self.optimizer.generator, self.theta_g)
        return self._logs(d_loss, g_loss, *scores)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch, that of G without the captions between two."""
        s, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        h, h_other, differ = self.vectors(captions.one_caption_each(y, self.noise))
        fake = self.generator([self.sample_z(s), h], training=False)
        pairs = (s, h), (s, h_other), (fake, h)
        real, other, drawn = (self.score(*pair, training=False) for pair in pairs)
        d_loss = self.matching_loss(real, other, drawn, differ)
        return self._logs(d_loss, self.g_loss(drawn), real, other, drawn)

    def vectors(self, y: Any) -> tuple[Any, Any, Any]:
        """Return h, h' and whether their captions differ: (m, d), (m, d) and (m, 1) of 0 or 1.

        y' is the caption of the next image in the minibatch, whose order is random.
        """
        h = self.text_encoder(y, training=False)[1]
        h = math.sqrt(self.vector_dim) * ops.normalize(h, axis=-1)
        differ = ops.any(y != ops.roll(y, 1, axis=0), axis=-1, keepdims=True)
        return h, ops.roll(h, 1, axis=0), ops.cast(differ, "float32")

    def matching_loss(self, real: Any, other: Any, fake: Any, differ: Any) -> Any:
        """Return what D descends, from its logits of (s, h), (s, h') and (G(z, h), h)."""
        n_other = ops.maximum(ops.sum(differ), 1.0)
        d_loss = ops.mean(ops.softplus(-real))
        d_loss += 0.5 * ops.sum(differ * ops.softplus(other)) / n_other
        return d_loss + 0.5 * ops.mean(ops.softplus(fake))

    def _logs(self, d_loss: Any, g_loss: Any, real: Any, other: Any, fake: Any) -> dict[str, Any]:
        means = {**self.mean_scores(real, fake), "d_other": ops.mean(ops.sigmoid(other))}
        return self.log(d_loss=d_loss, g_loss=g_loss, **means)

    def generate_for(self, tokens: np.ndarray, seed: int = 0) -> np.ndarray:
        """Draw one image for each caption: int (n, length) -> (n, *image).

        Raises:
            ValueError: if the tokens do not fit the text encoder; the sentence says why.
        """
        h = captions.embed_texts(self.text_encoder, tokens)
        h *= math.sqrt(self.vector_dim) / np.linalg.norm(h, axis=1, keepdims=True)
        z = sample_prior(len(h), self.latent_dim, seed)
        return self.generator.predict([z, h], batch_size=PREDICT_BATCH, verbose=0)

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Raise a ValueError: this generator draws nothing without captions."""
        raise ValueError("A text-to-image GAN needs captions: draw images by generate_for(tokens).")

    @property
    def vector_dim(self) -> int:
        """The size d of a caption's vector."""
        return self.generator.inputs[-1].shape[-1]

    @property
    def smallest_batch(self) -> int:
        """The number of images that each batch needs: 2, one for the caption of another."""
        return 2

    def check_networks(self) -> None:
        """Raise a ValueError unless both networks read the vector, and D reads what G draws."""
        drawn, d = self.generator.output_shape, (None, self.vector_dim)
        read = [x.shape for x in self.discriminator.inputs]
        if len(self.generator.inputs) != 2 or read != [drawn, d]:
            raise ValueError(
                f"The discriminator reads the images that the generator draws, {drawn[1:]}, and "
                f"both read the caption's vector of {d[1]} numbers: build them by get_generator("
                f"..., condition_dim={d[1]}) and get_caption_discriminator({drawn[1:]}, {d[1]})."
            )

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the game can't be played with images x and captions y."""
        super().check_data(x, y)
        captions.check_captions(y, len(x), self.text_encoder)


ROWS = (
    Row(
        name="text-to-image GAN",
        builds=TextToImageGAN,
        lecture="AN2DL, The GAN ZOO; DLSP, Caption to image",
        paper="Reed 2016",
        notebook="19",
        learns_from="x, tokens",
        tiny=lambda: TextToImageGAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8), condition_dim=3),
            get_caption_discriminator(TINY_SHAPE, 3, widths=(4, 8)),
            get_text_encoder(TINY_WORDS, TINY_LENGTH, 8, 3, depth=1, n_heads=2),
        ),
    ),
)
