"""What the systems of this room that read captions share: checks of tokens, and their choice.

Tokens are integers, as `data.Tokenizer` returns them: one row per caption, 0 is padding.
"""

import sys
from typing import Any

from ankeras.builders.attention import PADDING, TokenEmbedding
from ankeras.latent.codes import PREDICT_BATCH
from ankeras.training import checks
from ankeras.training.autodiff import SeedGenerator

import keras
import numpy as np
from keras import ops


def check_text_encoder(text_encoder: keras.Model) -> None:
    """Raise a ValueError unless a network reads tokens and returns features and a vector."""
    checks.check_shapes_known(text_encoder, "text_encoder")
    returned = [len(output.shape) for output in text_encoder.outputs]
    if len(text_encoder.inputs) != 1 or returned != [3, 2]:
        raise ValueError(
            "A text encoder reads tokens, and returns the features of each token and one vector "
            "per text: build it by get_text_encoder(n_words, length)."
        )


def embed_texts(text_encoder: keras.Model, tokens: np.ndarray) -> np.ndarray:
    """Return the vectors of captions: int (n, length) -> (n, d) float32.

    Raises:
        ValueError: if the tokens do not fit the encoder; the sentence says why.
    """
    tokens = np.asarray(tokens)
    if tokens.ndim != 2:
        raise ValueError(
            "Captions are given as tokens (n, length): those of one sentence are "
            "caption_tokenizer().encode([sentence])."
        )
    check_tokens(tokens, len(tokens), text_encoder)
    return text_encoder.predict(tokens, batch_size=PREDICT_BATCH, verbose=0)[1]


def one_caption_each(tokens: Any, seed: SeedGenerator) -> Any:
    """Return one caption per image: (batch, length), or drawn from (batch, k, length)."""
    if len(tokens.shape) == 2:
        return tokens
    n, k = ops.shape(tokens)[0], tokens.shape[1]
    chosen = keras.random.randint((n, 1, 1), 0, k, seed=seed)
    return ops.take_along_axis(tokens, chosen, axis=1)[:, 0]


def check_captions(tokens: np.ndarray | None, n_images: int, text_encoder: keras.Model) -> None:
    """Raise a ValueError unless there is one caption, or there are k captions, for each image.

    Args:
        tokens: int (n_images, length) or (n_images, k, length), or None.
        n_images: the number of images.
        text_encoder: the network that reads the tokens.
    """
    if tokens is None:
        raise ValueError(
            "This system learns from images with captions: give fit(images, tokens) the tokens, "
            "as a tokenizer's encode(texts) returns them."
        )
    if tokens.ndim == 3 and len(tokens) == n_images and tokens.shape[1] > 0:
        tokens, n_images = tokens.reshape(-1, tokens.shape[-1]), n_images * tokens.shape[1]
    check_tokens(tokens, n_images, text_encoder)


def check_tokens(tokens: np.ndarray, n: int, text_encoder: keras.Model) -> None:
    """Raise a ValueError unless tokens (n, length) can be read by a text encoder."""
    if tokens.ndim == 2 and len(tokens) != n:
        raise ValueError(f"Each image needs its caption, but {n} images have {len(tokens)}.")
    if tokens.ndim == 2 and (tokens == PADDING).all(axis=1).any():
        raise ValueError("A caption holds nothing but padding.")
    (length,) = text_encoder.input_shape[1:]
    found = (layer for layer in text_encoder.layers if isinstance(layer, TokenEmbedding))
    n_words = next((layer.n_words for layer in found), sys.maxsize)
    checks.check_tokens(tokens, length, n_words, "The list of captions")
