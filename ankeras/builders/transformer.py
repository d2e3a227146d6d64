"""Transformers: networks whose positions exchange what they know by attention.

Source: ATIV, "Transformer Encoder" (in "Attention is all you need!"); Vaswani et al., "Attention is
all you need" (NIPS 2017), section 3 and figure 1.

    encoder block   x <- x + attention(LN(x), LN(x))                    self-attention
                    x <- x + W_2 max(0, W_1 LN(x) + b_1) + b_2          each position alone
    decoder block   x <- x + causal attention(LN(x), LN(x))             the positions before it
                    x <- x + attention(LN(x), memory)                   the encoder's features
                    x <- x + W_2 max(0, W_1 LN(x) + b_1) + b_2

LN is layer normalization. The paper normalizes after each sum. Here it is before each map, as in
later work (Xiong et al., "On layer normalization in the transformer architecture", ICML 2020): no
warm-up of the learning rate is needed, and the sum of the last block is normalized once more.

Tokens are integers, and 0 is padding: no query attends to it.
"""

from typing import Any

from ankeras.builders.attention import (
    MultiHeadAttention,
    NotPadding,
    PositionalEncoding,
    TokenEmbedding,
)
from ankeras.builders.blocks import SeededLayers
from ankeras.training.checks import check_keras_settings

import keras
from keras import layers, ops

WINDOW = 5  # tokens that the convolution of a text encoder sees


def encoder_block(
    x: Any,
    n_heads: int,
    seeded: SeededLayers,
    *,
    mask: Any = None,
    causal: bool = False,
    first_only: bool = False,
    name: str | None = None,
) -> Any:
    """Apply self-attention, and a network to each position alone; each is added to x.

    Args:
        x: (batch, n, dim).
        n_heads: number of heads of the attention.
        seeded: makes the layers.
        mask: bool (batch, n), True for the positions that may be attended. Default: all.
        causal: whether a position sees only the positions up to itself.
        first_only: whether only the first position is computed, for a last block of which nothing
            else is read.
        name: of the attention layer.

    Returns:
        (batch, n, dim), or (batch, 1, dim) for the first position.
    """
    h = q = layer_norm(x)
    if first_only:
        first = layers.Cropping1D((0, x.shape[1] - 1))
        x, q = first(x), first(h)
    o, _ = _multi_head(n_heads, seeded, causal, name)(q, h, *_given(mask))
    x = layers.Add()([x, o])
    return layers.Add()([x, _each_position(layer_norm(x), seeded)])


def decoder_block(
    x: Any,
    memory: Any,
    n_heads: int,
    seeded: SeededLayers,
    *,
    memory_mask: Any = None,
    names: tuple[str | None, str | None] = (None, None),
) -> Any:
    """Apply causal self-attention, attention to the memory, and a network to each position.

    Padding at the end of x needs no mask: a position sees only those before it.

    Args:
        x: (batch, n, dim).
        memory: (batch, m, any size), such as an encoder's features.
        n_heads: number of heads of each attention.
        seeded: makes the layers.
        memory_mask: bool (batch, m), True for what may be attended in the memory. Default: all.
        names: of the self-attention and of the cross-attention layer.

    Returns:
        (batch, n, dim).
    """
    h = layer_norm(x)
    o, _ = _multi_head(n_heads, seeded, True, names[0])(h, h)
    x = layers.Add()([x, o])
    cross = _multi_head(n_heads, seeded, False, names[1])
    o, _ = cross(layer_norm(x), memory, *_given(memory_mask))
    x = layers.Add()([x, o])
    return layers.Add()([x, _each_position(layer_norm(x), seeded)])


def layer_norm(x: Any) -> Any:
    """Return x with mean 0 and variance 1 over the features of each position, and its gains."""
    return layers.LayerNormalization(epsilon=1e-5)(x)


def _multi_head(
    n_heads: int, seeded: SeededLayers, causal: bool, name: str | None
) -> MultiHeadAttention:
    seed = seeded.next_seed(4)  # the layer has four linear maps
    return MultiHeadAttention(n_heads, causal=causal, seed=seed, name=name)


def _given(mask: Any) -> tuple:
    """Return a mask as an argument that is left out if there is none."""
    return () if mask is None else (mask,)


def _each_position(x: Any, seeded: SeededLayers) -> Any:
    """Apply a network with one hidden layer to each position: W_2 max(0, W_1 x + b_1) + b_2."""
    dim = x.shape[-1]
    return seeded(layers.Dense, dim)(seeded(layers.Dense, 4 * dim, activation="relu")(x))


@keras.saving.register_keras_serializable("ankeras")
class MeanOfTokens(layers.Layer):
    """Returns the mean of those vectors that a mask allows: (batch, n, dim) -> (batch, dim).

    Called on (x, mask (batch, n)). Where the mask allows none, the mean is 0.
    """

    def call(self, x: Any, mask: Any) -> Any:
        """Return sum_i m_i x_i / sum_i m_i."""
        m = ops.cast(mask, "float32")[..., None]
        total = ops.sum(m * ops.cast(x, "float32"), axis=1)
        return total / ops.maximum(ops.sum(m, axis=1), 1.0)


@keras.saving.register_keras_serializable("ankeras")
class OnlyTokens(layers.Layer):
    """Returns vectors, with 0 where a mask is False: (batch, n, dim) -> (batch, n, dim).

    Called on (x, mask (batch, n)).
    """

    def call(self, x: Any, mask: Any) -> Any:
        """Return m_i x_i."""
        return ops.cast(mask, x.dtype)[..., None] * x


def get_text_encoder(
    n_words: int,
    length: int,
    dim: int = 64,
    embedding_dim: int = 64,
    *,
    depth: int = 2,
    n_heads: int = 4,
    seed: int = 42,
) -> keras.Model:
    """Build a text encoder: tokens -> features of each token, and one vector of the whole text.

    Before the blocks, each token sees its neighbours by a convolution over five tokens: "no" and
    "beard" mean something together. Attention alone takes long to learn which words are near.

    The vector is a linear map of the mean of the features of all tokens. CLIP takes the feature of
    the end token instead. A mean needs no end token, so it also serves a text that was cut. Batch
    normalization takes away what the vectors of all texts have in common. Without it they all
    point much the same way, and a contrastive loss needs long to turn them apart.

    Args:
        n_words: number of tokens, 0 ... n_words - 1; 0 is padding.
        length: tokens per text.
        dim: size of the features.
        embedding_dim: size of the vector.
        depth: number of blocks.
        n_heads: heads of each block.
        seed: seed of the initial weights.

    Returns:
        A model named "text_encoder": int (batch, length) -> [features (batch, length, dim),
        vector (batch, embedding_dim)], both float32. The features at padding have no meaning: mask
        them by `NotPadding()(tokens)`. The vector does not depend on them.

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    _check_sizes(n_words=n_words, length=length, embedding_dim=embedding_dim)
    check_blocks(dim, depth, n_heads)
    seeded = SeededLayers(seed)
    tokens = layers.Input((length,), dtype="int32", name="tokens")
    mask = NotPadding()(tokens)
    x = _embedded(tokens, n_words, dim, seeded)
    neighbours = seeded(layers.Conv1D, dim, WINDOW, padding="same", activation="relu")
    x = layers.Add()([x, neighbours(OnlyTokens()(layer_norm(x), mask))])
    features = _encoded(x, mask, depth, n_heads, seeded)
    mean = MeanOfTokens(dtype="float32")(features, mask)
    vector = seeded(layers.Dense, embedding_dim, dtype="float32", name="embedding")(mean)
    normal = layers.BatchNormalization(center=False, scale=False, epsilon=1e-6, dtype="float32")
    vector = normal(vector)
    features = layers.Activation("linear", dtype="float32", name="features")(features)
    return keras.Model(tokens, [features, vector], name="text_encoder")


def get_language_model(
    n_words: int,
    length: int,
    dim: int = 64,
    *,
    depth: int = 2,
    n_heads: int = 4,
    seed: int = 42,
) -> keras.Model:
    """Build a language model: tokens -> at each position, the logits of the next token.

    Args:
        n_words: number of tokens, 0 ... n_words - 1; 0 is padding.
        length: tokens per text.
        dim: size of the features.
        depth: number of blocks.
        n_heads: heads of each block.
        seed: seed of the initial weights.

    Returns:
        A model named "language_model": int (batch, length) -> (batch, length, n_words), float32.
        The logits at position i depend on the tokens 0 ... i alone, and are those of token i + 1.

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    _check_sizes(n_words=n_words, length=length)
    check_blocks(dim, depth, n_heads)
    seeded = SeededLayers(seed)
    tokens = layers.Input((length,), dtype="int32", name="tokens")
    x = _embedded(tokens, n_words, dim, seeded)
    for i in range(depth):
        x = encoder_block(x, n_heads, seeded, causal=True, name=f"attention_{i}")
    return keras.Model(tokens, _logits(x, n_words, seeded), name="language_model")


def get_sequence_to_sequence(
    n_words: int,
    length: int,
    dim: int = 64,
    *,
    depth: int = 1,
    n_heads: int = 4,
    seed: int = 42,
) -> keras.Model:
    """Build an encoder and a decoder: a sequence, and another one -> the next token of the other.

    Args:
        n_words: number of tokens, 0 ... n_words - 1; 0 is padding.
        length: tokens per sequence.
        dim: size of the features.
        depth: number of blocks of the encoder, and of the decoder.
        n_heads: heads of each attention.
        seed: seed of the initial weights.

    Returns:
        A model named "sequence_to_sequence": [source, target], both int (batch, length) ->
        (batch, length, n_words), float32. The logits at position i depend on the whole source and
        on the target's tokens 0 ... i, and are those of the target's token i + 1.

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    _check_sizes(n_words=n_words, length=length)
    check_blocks(dim, depth, n_heads)
    seeded = SeededLayers(seed)
    source = layers.Input((length,), dtype="int32", name="source")
    target = layers.Input((length,), dtype="int32", name="target")
    mask = NotPadding()(source)
    embedded = _embedded(source, n_words, dim, seeded)
    memory = _encoded(embedded, mask, depth, n_heads, seeded)
    x = _embedded(target, n_words, dim, seeded)
    for i in range(depth):
        names = f"decoder_attention_{i}", f"cross_attention_{i}"
        x = decoder_block(x, memory, n_heads, seeded, memory_mask=mask, names=names)
    logits = _logits(x, n_words, seeded)
    return keras.Model([source, target], logits, name="sequence_to_sequence")


def _embedded(tokens: Any, n_words: int, dim: int, seeded: SeededLayers) -> Any:
    """Return the vectors of tokens, with their positions added."""
    return PositionalEncoding()(TokenEmbedding(n_words, dim, seeded.next_seed())(tokens))


def _encoded(x: Any, mask: Any, depth: int, n_heads: int, seeded: SeededLayers) -> Any:
    """Return the features of embedded tokens, of which a mask says what is no padding."""
    for i in range(depth):
        x = encoder_block(x, n_heads, seeded, mask=mask, name=f"attention_{i}")
    return layer_norm(x)


def _logits(x: Any, n_words: int, seeded: SeededLayers) -> Any:
    """Return the logits of the next token at each position, in float32."""
    return seeded(layers.Dense, n_words, dtype="float32", name="output_layer")(layer_norm(x))


def _check_sizes(**sizes: int) -> None:
    """Raise a ValueError if a size is below 1."""
    check_keras_settings()
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} is at least 1, not {size}.")


def check_blocks(dim: int, depth: int, n_heads: int) -> None:
    """Raise a ValueError if features of size dim can't be divided among heads, or have no block."""
    if depth < 1:
        raise ValueError(f"A transformer has at least 1 block, not {depth}.")
    if n_heads < 1 or dim < 1 or dim % n_heads or dim % 2:
        raise ValueError(
            f"dim is an even multiple of n_heads, so that each head gets as many features, not "
            f"{dim} with {n_heads} heads."
        )
