"""The prior of unCLIP: diffusion draws the embedding of an image from its caption, P(z_i | y).

Source: ATIV, "Principle" (of DALL-E 2) and "Back to Dall-E"; Ramesh et al., "Hierarchical
text-conditional image generation with CLIP latents" (2022), section 2.2, equation 2.

    P(x | y) = P(x | z_i, y) P(z_i | y)            decoder (`unclip.py`) and prior
    L = E ||z_0 - f_theta(z_t, alpha_t, y)||^2,    z_t = sqrt(alpha_t) z_0 + sqrt(1 - alpha_t) eps

z_i is the unit vector that CLIP's image encoder returns, and z_0 = sqrt(d) z_i, whose numbers are
about as large as those of the noise. As in the paper the network predicts z_0, not the noise. The
embedding of a caption by CLIP is not that of an image: one caption fits many images, and CLIP keeps
images and captions in separate parts of the sphere. The prior draws one that an image could have.
"""

import math
from typing import Any

from ankeras.builders.blocks import SeededLayers
from ankeras.builders.diffusion_unet import RateEmbedding
from ankeras.builders.transformer import get_text_encoder
from ankeras.language.text_to_image import TextToImage
from ankeras.language.tokens import check_captions
from ankeras.training.catalogue_row import TINY_EMBEDDING_DIM, TINY_LENGTH, TINY_WORDS, Row

import keras
import numpy as np
from keras import layers


def get_prior_network(
    embedding_dim: int,
    text_encoder: keras.Model,
    *,
    width: int = 256,
    n_blocks: int = 3,
    seed: int = 42,
) -> keras.Model:
    """Build the network of a prior: noisy embedding, its signal rate and a caption -> embedding.

    The paper takes a transformer over the caption, the rate and the embedding. Here the text
    encoder is the transformer, and residual blocks read its vector.

        h <- h + W_2 relu(W_1 h + W e),    e = MLP(embedding of the rate, vector of the caption)

    Args:
        embedding_dim: size of the embeddings.
        text_encoder: `get_text_encoder(n_words, length)`. It becomes a part of the network.
        width: size of h.
        n_blocks: number of blocks.
        seed: seed of the initial weights.

    Returns:
        A model named "network": [(batch, embedding_dim), (batch, 1), int (batch, length)] ->
        (batch, embedding_dim), values without bounds, 0 at the start of a training.

    Raises:
        ValueError: if a size is below 1.
    """
    if min(embedding_dim, width, n_blocks) < 1:
        raise ValueError(
            f"embedding_dim, width and n_blocks are at least 1, not {embedding_dim}, {width} and "
            f"{n_blocks}."
        )
    seeded = SeededLayers(seed)
    noisy = layers.Input((embedding_dim,), name="noisy_embedding")
    rate = layers.Input((1,), name="signal_rate")
    tokens = layers.Input(text_encoder.input_shape[1:], dtype="int32", name="tokens")
    _, vector = text_encoder(tokens)
    e = layers.Concatenate()([RateEmbedding(dtype="float32")(rate), vector])
    e = seeded(layers.Dense, width, activation="relu")(e)
    h = seeded(layers.Dense, width)(noisy)
    for _ in range(n_blocks):
        told = [seeded(layers.Dense, width)(h), seeded(layers.Dense, width)(e)]
        h = layers.Add()([h, seeded(layers.Dense, width)(layers.ReLU()(layers.Add()(told)))])
    # at the start of a training it draws 0
    last = layers.Dense(
        embedding_dim, kernel_initializer="zeros", dtype="float32", name="output_layer"
    )
    return keras.Model([noisy, rate, tokens], last(h), name="network")


@keras.saving.register_keras_serializable("ankeras")
class Prior(TextToImage):
    """A prior; `fit(embeddings, tokens)` with the embeddings `clip.embed_images(images)`.

    The tokens are int (n, length), or (n, k, length) for k captions per image. `generate_for`
    returns embeddings, unit vectors (n, d), where a model of images returns images; so do
    `generate` and `sample`.

    Args:
        network: [(batch, d), (batch, 1), int (batch, length)] -> (batch, d),
            `get_prior_network(d, text_encoder)`.
        predicts: "image" for the embedding z_0, "velocity" or "noise".
        **options: those of `TextToImage`.

    Raises:
        ValueError: if the network does not fit, or an option is out of range.
    """

    called = "A prior"

    def __init__(self, network: keras.Model, predicts: str = "image", **options: Any) -> None:
        super().__init__(network, predicts=predicts, **options)
        self.largest = math.sqrt(self.embedding_dim)  # of a number in z_0

    @property
    def embedding_dim(self) -> int:
        """The size d of the embeddings."""
        return self.signal_shape[0]

    def to_signal(self, images: Any) -> Any:
        """Return z_0 = sqrt(d) z_i, of embeddings z_i."""
        return math.sqrt(self.embedding_dim) * images

    def to_images(self, x_0: np.ndarray) -> np.ndarray:
        """Return the embeddings z_i = z_0 / ||z_0||: unit vectors."""
        length = np.linalg.norm(x_0, axis=1, keepdims=True)
        return (x_0 / np.maximum(length, 1e-12)).astype("float32")  # 0 before any training

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on embeddings x with captions y."""
        check_embeddings(x, self.embedding_dim)
        check_captions(y, len(x), self.text_encoder)


def check_embeddings(z: np.ndarray, d: int) -> None:
    """Raise a ValueError if z does not hold unit vectors of size d: (n, d)."""
    if z.ndim != 2 or z.shape[1] != d or not np.issubdtype(z.dtype, np.floating):
        raise ValueError(
            f"Embeddings are vectors of {d} numbers, as clip.embed_images(images) returns them, "
            f"not {z.dtype} of shape {z.shape}."
        )
    lengths = np.linalg.norm(z, axis=1)
    if not np.allclose(lengths, 1, atol=1e-2):
        raise ValueError(
            f"Embeddings are vectors of length 1, but here are lengths from {lengths.min():.3g} to "
            f"{lengths.max():.3g}: give what clip.embed_images(images) returns."
        )


ROWS = (
    Row(
        name="prior of unCLIP",
        builds=Prior,
        lecture="ATIV, Back to Dall-E",
        paper="Ramesh 2022",
        notebook="19",
        learns_from="z, tokens",
        tiny=lambda: Prior(
            get_prior_network(
                TINY_EMBEDDING_DIM,
                get_text_encoder(TINY_WORDS, TINY_LENGTH, 8, 8, depth=1, n_heads=2),
                width=8,
                n_blocks=1,
            ),
            n_steps=20,
        ),
    ),
)
