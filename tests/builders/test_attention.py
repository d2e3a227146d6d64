"""Attention: equal to numbers computed by hand and to Keras's layer; masks proven by gradients."""

from ankeras.builders.attention import (
    MultiHeadAttention,
    NotPadding,
    PositionalEncoding,
    TokenEmbedding,
    attention,
    attention_weights,
    sinusoidal_positions,
)
from ankeras.training.autodiff import input_gradient

import keras
import numpy as np
import pytest
from keras import layers, ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 5, 8)).astype("float32")
MEMORY = RNG.normal(size=(2, 7, 6)).astype("float32")
MASK = RNG.random((2, 7)) > 0.4


def as_numpy(*tensors):
    return [ops.convert_to_numpy(tensor) for tensor in tensors]


def by_hand(q, k, v, mask):
    """Return o and w of one sequence, query by query, from the slide's equation."""
    o, w = np.zeros((len(q), v.shape[1])), np.zeros((len(q), len(k)))
    for i, query in enumerate(q):
        allowed = np.flatnonzero(mask[i])
        e = np.exp([query @ k[j] / np.sqrt(len(query)) for j in allowed])
        w[i, allowed] = e / e.sum()
        o[i] = sum(w[i, j] * v[j] for j in allowed)
    return o, w


def test_attention_by_hand():
    q, k, v = (RNG.normal(size=(3, n, d)).astype("float32") for n, d in ((4, 6), (5, 6), (5, 2)))
    mask = RNG.random((3, 4, 5)) > 0.3
    mask[..., 0] = True
    o, w = as_numpy(*attention(q, k, v, mask))
    for i in range(3):
        o_i, w_i = by_hand(q[i], k[i], v[i], mask[i])
        np.testing.assert_allclose(o[i], o_i, atol=1e-5)
        np.testing.assert_allclose(w[i], w_i, atol=1e-6)
    without, _ = as_numpy(*attention(q, k, v))
    np.testing.assert_allclose(without[0], by_hand(q[0], k[0], v[0], mask[0] | True)[0], atol=1e-5)


def test_a_query_without_any_key_gets_zeros_and_no_nan():
    q = ops.convert_to_tensor(X)
    mask = np.ones((2, 5, 5), bool)
    mask[0, 3] = False
    o, w = as_numpy(*attention(q, q, q, mask))
    assert not o[0, 3].any()
    assert not w[0, 3].any()
    np.testing.assert_allclose(np.delete(w.reshape(10, 5), 3, axis=0).sum(axis=1), 1, atol=1e-6)
    _, slope = input_gradient(lambda q: ops.sum(attention(q, q, q, mask)[0], axis=(1, 2)), q)
    assert np.isfinite(as_numpy(slope)[0]).all()


def twins(n_keys_features, causal=False):
    """Return our layer and Keras's, with the same random weights."""
    ours = MultiHeadAttention(2, causal=causal)
    keys = np.zeros((1, 7, n_keys_features), "float32")
    ours(X[:1], keys)
    ours.set_weights([RNG.normal(size=w.shape) for w in ours.get_weights()])
    theirs = layers.MultiHeadAttention(2, 4)
    theirs(X[:1], keys)
    same = []
    for dense in (ours.to_queries, ours.to_keys, ours.to_values):
        kernel, bias = dense.get_weights()
        same += [kernel.reshape(-1, 2, 4), bias.reshape(2, 4)]
    kernel, bias = ours.to_output.get_weights()
    theirs.set_weights([*same, kernel.reshape(2, 4, 8), bias])
    return ours, theirs


def test_cross_attention_is_that_of_keras():
    ours, theirs = twins(6)
    found = as_numpy(*ours(X, MEMORY, MASK))
    expected = theirs(X, MEMORY, attention_mask=MASK[:, None], return_attention_scores=True)
    for a, b in zip(found, as_numpy(*expected), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_causal_self_attention_is_that_of_keras():
    ours, theirs = twins(8, causal=True)
    mask = np.ones((2, 5), bool)
    mask[1, 3:] = False
    found = as_numpy(*ours(X, X, mask))
    expected = theirs(
        X, X, attention_mask=mask[:, None], use_causal_mask=True, return_attention_scores=True
    )
    for a, b in zip(found, as_numpy(*expected), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_gradients_prove_the_masks():
    layer = MultiHeadAttention(2)
    memory = ops.convert_to_tensor(MEMORY)
    _, slope = input_gradient(lambda m: ops.sum(layer(X, m, MASK)[0] ** 2, axis=(1, 2)), memory)
    np.testing.assert_array_equal((as_numpy(slope)[0] != 0).any(axis=-1), MASK)
    causal = MultiHeadAttention(2, causal=True)
    x = ops.convert_to_tensor(X)
    for i in range(5):
        _, slope = input_gradient(lambda x, i=i: ops.sum(causal(x, x)[0][:, i] ** 2, axis=1), x)
        seen = (as_numpy(slope)[0] != 0).any(axis=(0, 2))
        np.testing.assert_array_equal(seen, np.arange(5) <= i)


def test_a_layer_comes_back_from_its_config():
    layer = MultiHeadAttention(2, 3, causal=True, seed=7)
    o, _ = as_numpy(*layer(X, X))
    again = MultiHeadAttention.from_config(layer.get_config())
    np.testing.assert_array_equal(as_numpy(*again(X, X))[0], o)
    assert layer.to_queries.units == 6
    kernels = [w for w in layer.get_weights() if w.ndim == 2][:3]
    assert np.abs(kernels[0] - kernels[1]).min() > 0
    assert np.abs(kernels[1] - kernels[2]).min() > 0


def test_weights_of_a_long_row_sum_to_1_in_16_bits():
    keras.config.set_dtype_policy("mixed_bfloat16")
    layer = MultiHeadAttention(2)
    x = RNG.normal(size=(1, 1000, 8)).astype("float32")
    o, w = layer(x, x)
    assert keras.backend.standardize_dtype(o.dtype) == "bfloat16"
    np.testing.assert_allclose(as_numpy(w)[0].sum(axis=-1), 1, atol=1e-5)


def test_positions_by_hand():
    p = sinusoidal_positions(50, 16)
    assert p.shape == (50, 16)
    for i, j in ((0, 0), (3, 2), (49, 7)):
        angle = i / 10000 ** (2 * j / 16)
        np.testing.assert_allclose(p[i, 2 * j : 2 * j + 2], [np.sin(angle), np.cos(angle)], 1e-5)
    found = as_numpy(PositionalEncoding()(X))[0]
    np.testing.assert_allclose(found - X, np.tile(sinusoidal_positions(5, 8), (2, 1, 1)), atol=1e-6)
    learnt = PositionalEncoding(learnt=True, seed=3)
    added = as_numpy(learnt(X))[0] - X
    np.testing.assert_allclose(added[0], added[1], atol=1e-6)
    assert 0.01 < added.std() < 0.03
    assert len(learnt.trainable_variables) == 1
    again = PositionalEncoding.from_config(learnt.get_config())
    np.testing.assert_allclose(as_numpy(again(X))[0] - X, added, atol=1e-6)


def test_tokens_become_vectors_and_padding_is_told():
    layer = TokenEmbedding(6, 16)
    tokens = np.array([[1, 5, 5, 0]])
    found = as_numpy(layer(tokens))[0]
    np.testing.assert_allclose(found[0], 4 * layer.get_weights()[0][tokens[0]], rtol=1e-6)
    again = TokenEmbedding.from_config(layer.get_config())
    np.testing.assert_allclose(as_numpy(again(tokens))[0], found)
    np.testing.assert_array_equal(as_numpy(NotPadding()(tokens))[0], [[True, True, True, False]])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: MultiHeadAttention(0), "at least 1, not 0 and None"),
        (lambda: MultiHeadAttention(2, 0), "at least 1, not 2 and 0"),
        (lambda: MultiHeadAttention(3)(X, X), "8 features can't be divided among 3 heads"),
        (lambda: sinusoidal_positions(4, 5), "dim is even, not 5"),
        (lambda: TokenEmbedding(1, 8), "n_words is at least 2 and dim at least 1, not 1 and 8"),
        (
            lambda: attention_weights(keras.Sequential([layers.Input((3,)), layers.Dense(2)])),
            "has no layer MultiHeadAttention",
        ),
    ],
)
def test_what_does_not_exist_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
