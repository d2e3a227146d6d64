"""Attention: a weighted mean of values, whose weights depend on a query.

Source: ATIV, "Attention" (in "Attention is all you need!"); NOTES, lesson 16, "Concrete Handling of
the Condition" ("a form of Attention"); Vaswani et al., "Attention is all you need" (NIPS 2017),
equation 1 and sections 3.2 and 3.5.

    o = sum_i w_i v_i,   w = softmax(q^T k_i / sqrt(d))          over the keys k_i that are allowed
    self-attention   q, k and v are linear maps of one sequence
    cross-attention  q is a linear map of one sequence, k and v are linear maps of another one
    multi-head       concat(o^1, ..., o^h) W_o, each head with its own linear maps

The slide has no sqrt(d). With it, as in the paper, the scores of random vectors have variance 1
for each d, so that the softmax has a gradient at the start of a training. On the slide "Q = V"
says that queries and values come from the same sequence.

Attention alone does not see the order of its keys. So the position is added to each vector:

    p(i, 2 j) = sin(i / 10000^(2 j / d)),   p(i, 2 j + 1) = cos(i / 10000^(2 j / d))
"""

import math
from typing import Any

from ankeras.builders.blocks import SeededLayers
from ankeras.data.tokenizer import PADDING
from ankeras.training.catalogue_row import Row

import keras
import numpy as np
from keras import layers, ops

FORBIDDEN = -1e9  # score of a key that may not be attended


def attention(q: Any, k: Any, v: Any, mask: Any = None) -> tuple[Any, Any]:
    """Return the attended values o and the weights w.

    Args:
        q: queries, (..., n_q, d).
        k: keys, (..., n_k, d).
        v: values, (..., n_k, d_v).
        mask: bool, of a shape that broadcasts to (..., n_q, n_k): True where the query may attend
            to the key. Default: everywhere.

    Returns:
        o (..., n_q, d_v), of the type of v, and w (..., n_q, n_k), float32. The weights of a query
        sum to 1. If a query may attend to no key, its weights and its o are 0.
    """
    scores = ops.matmul(q, ops.swapaxes(k, -1, -2)) / math.sqrt(q.shape[-1])
    scores = ops.cast(scores, "float32")
    if mask is None:
        w = ops.softmax(scores, axis=-1)
    else:
        w = ops.softmax(ops.where(mask, scores, FORBIDDEN), axis=-1)
        w = ops.where(mask, w, 0.0)  # where no key is allowed, the softmax is not 0
    return ops.matmul(ops.cast(w, v.dtype), v), w


@keras.saving.register_keras_serializable("ankeras")
class MultiHeadAttention(layers.Layer):
    """Multi-head attention, called on (query, keys_and_values) or (query, keys_and_values, mask).

    It returns the attended values and the weights, as `attention` does. For self-attention, give
    the same sequence twice. The linear maps are those of `keras.layers.MultiHeadAttention`.

    Args:
        n_heads: number of heads.
        head_dim: size of the queries, keys and values of a head. Default: the size of a query
            vector, divided by the number of heads.
        causal: whether a query sees only the keys up to its own position.
        seed: seed of the initial weights. The four linear maps take seed ... seed + 3.

    Raises:
        ValueError: if n_heads or head_dim is below 1, or the size of a query vector is no multiple
            of n_heads.
    """

    def __init__(
        self,
        n_heads: int,
        head_dim: int | None = None,
        *,
        causal: bool = False,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if n_heads < 1 or (head_dim is not None and head_dim < 1):
            raise ValueError(f"n_heads and head_dim are at least 1, not {n_heads} and {head_dim}.")
        self.n_heads = n_heads
        self.head_dim = head_dim
        self.causal = causal
        self.seed = seed

    def build(self, query_shape: Any, keys_and_values_shape: Any, mask_shape: Any = None) -> None:
        """Make the linear maps to queries, keys and values, and back."""
        dim = query_shape[-1]
        if self.head_dim is None and dim % self.n_heads:
            raise ValueError(f"{dim} features can't be divided among {self.n_heads} heads.")
        self.size = self.head_dim or dim // self.n_heads
        seeded, width = SeededLayers(self.seed - 1), self.n_heads * self.size
        self.to_queries = seeded(layers.Dense, width, dtype=self.dtype_policy)
        self.to_keys = seeded(layers.Dense, width, dtype=self.dtype_policy)
        self.to_values = seeded(layers.Dense, width, dtype=self.dtype_policy)
        self.to_output = seeded(layers.Dense, dim, dtype=self.dtype_policy)
        self.to_queries.build(query_shape)
        self.to_keys.build(keys_and_values_shape)
        self.to_values.build(keys_and_values_shape)
        self.to_output.build((*query_shape[:-1], width))

    def call(self, query: Any, keys_and_values: Any, mask: Any = None) -> tuple[Any, Any]:
        """Return the attended values and the weights.

        Args:
            query: (batch, n_q, dim).
            keys_and_values: (batch, n_k, any size).
            mask: bool (batch, n_k), True for the keys that may be attended. Default: all.

        Returns:
            o (batch, n_q, dim) and w (batch, n_heads, n_q, n_k), float32.
        """
        q = self._heads(self.to_queries(query))
        k = self._heads(self.to_keys(keys_and_values))
        v = self._heads(self.to_values(keys_and_values))
        if mask is not None:
            mask = ops.cast(mask, "bool")[:, None, None, :]
        if self.causal:
            n_q, n_k = ops.shape(q)[2], ops.shape(k)[2]
            seen = ops.arange(n_k)[None, :] <= ops.arange(n_q)[:, None]
            mask = seen if mask is None else ops.logical_and(mask, seen)
        o, w = attention(q, k, v, mask)
        # (batch, heads, n_q, size) -> (batch, n_q, heads * size)
        o = ops.reshape(ops.transpose(o, (0, 2, 1, 3)), (-1, ops.shape(o)[2], self._width()))
        return self.to_output(o), w

    def _heads(self, x: Any) -> Any:
        """Divide vectors among heads: (batch, n, heads * size) -> (batch, heads, n, size)."""
        x = ops.reshape(x, (-1, ops.shape(x)[1], self.n_heads, self.size))
        return ops.transpose(x, (0, 2, 1, 3))

    def _width(self) -> int:
        return self.n_heads * self.size

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        own = {name: getattr(self, name) for name in ("n_heads", "head_dim", "causal", "seed")}
        return {**super().get_config(), **own}


def attention_weights(model: keras.Model) -> keras.Model:
    """Build the model that returns the weights of all attention layers of a model.

    Args:
        model: a functional model, such as those of `transformer.py`. It shares its weights with
            the model that is returned, also while it is trained.

    Returns:
        A model with the same inputs. It returns {name of the layer: weights (batch, n_heads, n_q,
        n_k)}.

    Raises:
        ValueError: if the model has no attention layer.
    """
    found = [layer for layer in model.layers if isinstance(layer, MultiHeadAttention)]
    if not found:
        raise ValueError(f"The model {model.name} has no layer MultiHeadAttention.")
    weights = {layer.name: layer.output[1] for layer in found}
    return keras.Model(model.inputs, weights, name="attention_weights")


def sinusoidal_positions(length: int, dim: int) -> np.ndarray:
    """Return the encoding of each position by sines and cosines: (length, dim), float32.

    Raises:
        ValueError: if dim is not even.
    """
    if dim % 2:
        raise ValueError(f"Each sine has its cosine, so dim is even, not {dim}.")
    i, j = np.arange(length)[:, None], np.arange(dim // 2)
    angle = i / 10000.0 ** (2 * j / dim)
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(length, dim).astype("float32")


@keras.saving.register_keras_serializable("ankeras")
class PositionalEncoding(layers.Layer):
    """Adds the encoding of its position to each vector: (batch, length, dim), unchanged.

    Args:
        learnt: whether the encodings are weights that are trained, small at the start. Otherwise
            they are `sinusoidal_positions`.
        seed: seed of the initial weights.
    """

    def __init__(self, learnt: bool = False, seed: int = 42, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.learnt = learnt
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Make the encodings of all positions."""
        length, dim = input_shape[1:]
        if self.learnt:
            small = keras.initializers.RandomNormal(0.0, 0.02, self.seed)
            self.positions = self.add_weight((length, dim), small, name="positions")
        else:
            self.positions = sinusoidal_positions(length, dim)

    def call(self, x: Any) -> Any:
        """Return x + the encodings of its positions."""
        return x + ops.cast(self.positions, x.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        return {**super().get_config(), "learnt": self.learnt, "seed": self.seed}


@keras.saving.register_keras_serializable("ankeras")
class TokenEmbedding(layers.Layer):
    """Maps each token to a vector that is learnt: int (batch, length) -> (batch, length, dim).

    The vectors are multiplied by sqrt(dim), as in section 3.4 of Vaswani et al., so that at the
    start of a training they are as large as the encodings of positions.

    Args:
        n_words: number of tokens, 0 ... n_words - 1.
        dim: size of the vectors.
        seed: seed of the initial weights.

    Raises:
        ValueError: if there are fewer than 2 tokens (one is the padding), or dim is below 1.
    """

    def __init__(self, n_words: int, dim: int, seed: int = 42, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if n_words < 2 or dim < 1:
            raise ValueError(f"n_words is at least 2 and dim at least 1, not {n_words} and {dim}.")
        self.n_words = n_words
        self.dim = dim
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Make the table of vectors."""
        normal = keras.initializers.RandomNormal(0.0, self.dim**-0.5, self.seed)
        self.table = self.add_weight((self.n_words, self.dim), normal, name="table")

    def call(self, tokens: Any) -> Any:
        """Return the vector of each token."""
        # The product before the look-up makes the table's gradient a plain tensor.
        table = ops.cast(self.table, self.compute_dtype) * math.sqrt(self.dim)
        return ops.take(table, ops.cast(tokens, "int32"), axis=0)

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        own = {"n_words": self.n_words, "dim": self.dim, "seed": self.seed}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("ankeras")
class NotPadding(layers.Layer):
    """Returns which tokens are no padding: int (batch, length) -> bool (batch, length)."""

    def call(self, tokens: Any) -> Any:
        """Return tokens != 0."""
        return ops.not_equal(tokens, PADDING)


ROWS = (
    Row(
        name="attention",
        builds=attention,
        lecture="ATIV, Attention is all you need!",
        paper="Vaswani 2017",
        notebook="18",
    ),
)
