"""Transformers: which tokens the outputs depend on, and that padding changes nothing."""

from ankeras.builders.attention import attention_weights
from ankeras.builders.blocks import SeededLayers
from ankeras.builders.transformer import (
    MeanOfTokens,
    OnlyTokens,
    decoder_block,
    encoder_block,
    get_language_model,
    get_sequence_to_sequence,
    get_text_encoder,
)

import keras
import numpy as np
import pytest
from keras import layers, ops

ON_JAX = keras.backend.backend() == "jax"
not_on_jax = pytest.mark.skipif(ON_JAX, reason="JAX compiles each operation: too slow")
TOKENS = np.array([[1, 5, 6, 2, 0, 0], [1, 3, 4, 5, 6, 2]])
SMALL = {"dim": 8, "n_heads": 2}


def run(model, *inputs):
    """Return what a model computes, as NumPy arrays."""
    found = model(list(inputs) if len(inputs) > 1 else inputs[0])
    return keras.tree.map_structure(ops.convert_to_numpy, found)


@not_on_jax
@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_a_block_adds_to_its_input(kind):
    x, memory = layers.Input((4, 8)), layers.Input((3, 8))
    seeded = SeededLayers(0)
    if kind == "encoder":
        model = keras.Model(x, encoder_block(x, 2, seeded))
    else:
        model = keras.Model([x, memory], decoder_block(x, memory, 2, seeded))
    inputs = [np.random.default_rng(i).normal(size=(2, n, 8)) for i, n in enumerate((4, 3))]
    inputs = inputs[: len(model.inputs)]
    assert np.abs(run(model, *inputs) - inputs[0]).max() > 0.1
    last = [layer for layer in model.layers if isinstance(layer, layers.Dense)][-1]
    last.set_weights([0 * w for w in last.get_weights()])
    for layer in model.layers:
        if hasattr(layer, "to_output"):
            layer.to_output.set_weights([0 * w for w in layer.to_output.get_weights()])
    np.testing.assert_allclose(run(model, *inputs), inputs[0], atol=1e-6)


@not_on_jax
def test_the_first_position_alone_is_the_same():
    x = layers.Input((4, 8))
    whole, first = (
        keras.Model(x, encoder_block(x, 2, SeededLayers(0), first_only=only))
        for only in (False, True)
    )
    data = np.random.default_rng(0).normal(size=(2, 4, 8))
    assert first.output_shape == (None, 1, 8)
    np.testing.assert_allclose(run(first, data), run(whole, data)[:, :1], atol=1e-5)


def test_a_text_encoder_does_not_see_padding():
    short, long = (get_text_encoder(7, length, **SMALL, embedding_dim=3) for length in (6, 9))
    long.set_weights(short.get_weights())
    features, vector = run(short, TOKENS)
    longer_features, longer_vector = run(long, np.pad(TOKENS, ((0, 0), (0, 3))))
    assert features.shape == (2, 6, 8)
    assert vector.shape == (2, 3)
    np.testing.assert_allclose(longer_vector, vector, atol=1e-5)
    np.testing.assert_allclose(longer_features[:, :4], features[:, :4], atol=1e-5)
    _, of_nothing = run(short, np.zeros((1, 6), int))
    assert np.isfinite(of_nothing).all()


def test_the_vectors_of_a_minibatch_have_mean_0_and_variance_1():
    encoder = get_text_encoder(7, 6, **SMALL, embedding_dim=3)
    tokens = np.random.default_rng(0).integers(1, 7, (200, 6))
    vectors = ops.convert_to_numpy(encoder(ops.convert_to_tensor(tokens), training=True)[1])
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(vectors.var(axis=0), 1, rtol=1e-3)


def test_a_word_sees_two_neighbours_on_each_side_before_the_attention():
    encoder = get_text_encoder(9, 9, **SMALL, embedding_dim=3)
    (convolution,) = [x for x in encoder.layers if isinstance(x, keras.layers.Conv1D)]
    neighbours = keras.Model(encoder.input, convolution.output)
    tokens = np.array([[1, 2, 3, 4, 5, 6, 7, 0, 0]])
    other = tokens.copy()
    other[0, 3] = 8
    changed = np.abs(run(neighbours, tokens) - run(neighbours, other)).max(axis=-1)[0] > 1e-6
    np.testing.assert_array_equal(np.flatnonzero(changed), [1, 2, 3, 4, 5])
    padded = tokens.copy()
    padded[0, 5:] = 0
    nothing_to_see = run(neighbours, padded)[0, 8]  # the bias alone
    np.testing.assert_allclose(nothing_to_see, 0, atol=1e-6)


def test_only_tokens_keep_their_vectors():
    x = np.arange(1.0, 13.0).reshape(2, 3, 2)
    mask = np.array([[True, False, True], [False, False, False]])
    found = ops.convert_to_numpy(OnlyTokens()(x, mask))
    np.testing.assert_allclose(found, x * mask[..., None])


def test_the_mean_of_tokens_by_hand():
    x = np.arange(12.0).reshape(2, 3, 2)
    mask = np.array([[True, False, True], [False, False, False]])
    found = ops.convert_to_numpy(MeanOfTokens()(x, mask))
    np.testing.assert_allclose(found, [[2, 3], [0, 0]])


@not_on_jax
def test_a_language_model_sees_no_later_token():
    model = get_language_model(7, 6, **SMALL)
    logits = run(model, TOKENS)
    assert logits.shape == (2, 6, 7)
    for j in range(6):
        other = TOKENS.copy()
        other[:, j] = (other[:, j] + 1) % 7
        changed = np.abs(run(model, other) - logits).max(axis=(0, 2)) > 1e-6
        np.testing.assert_array_equal(changed, np.arange(6) >= j)


@not_on_jax
def test_what_the_decoder_sees():
    model = get_sequence_to_sequence(7, 6, **SMALL)
    target = np.array([[1, 3, 4, 5, 6, 2]] * 2)
    logits = run(model, TOKENS, target)
    for j in range(6):
        other = target.copy()
        other[:, j] = (other[:, j] + 1) % 7
        changed = np.abs(run(model, TOKENS, other) - logits).max(axis=(0, 2)) > 1e-6
        np.testing.assert_array_equal(changed, np.arange(6) >= j)
    source = TOKENS.copy()
    source[:, 1] = 4
    assert (np.abs(run(model, source, target) - logits).max(axis=(0, 2)) > 1e-6).all()
    long = get_sequence_to_sequence(7, 9, **SMALL)
    long.set_weights(model.get_weights())
    longer = run(long, *(np.pad(tokens, ((0, 0), (0, 3))) for tokens in (TOKENS, target)))
    np.testing.assert_allclose(longer[:, :6], logits, atol=1e-5)
    weights = run(attention_weights(model), TOKENS, target)
    assert set(weights) == {"attention_0", "decoder_attention_0", "cross_attention_0"}
    assert not weights["cross_attention_0"][0, ..., 4:].any()


@not_on_jax
def test_a_network_is_saved_and_its_kernels_differ(tmp_path):
    model = get_sequence_to_sequence(7, 6, **SMALL)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(run(loaded, TOKENS, TOKENS), run(model, TOKENS, TOKENS), atol=1e-6)
    kernels = [w for w in model.get_weights() if w.shape == (8, 8)]
    assert len(kernels) == 4 * 3
    different = {kernel.tobytes() for kernel in kernels}
    assert len(different) == len(kernels)
    same, other = (get_sequence_to_sequence(7, 6, **SMALL, seed=seed) for seed in (42, 43))
    np.testing.assert_array_equal(run(same, TOKENS, TOKENS), run(model, TOKENS, TOKENS))
    assert np.abs(run(other, TOKENS, TOKENS) - run(model, TOKENS, TOKENS)).max() > 1e-3


@not_on_jax
def test_logits_and_vectors_are_in_32_bits():
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert get_language_model(7, 6, **SMALL).outputs[0].dtype == "float32"
    features, vector = get_text_encoder(7, 6, **SMALL).outputs
    assert (features.dtype, vector.dtype) == ("float32", "float32")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: get_text_encoder(7, 0), "length is at least 1, not 0"),
        (lambda: get_text_encoder(7, 6, embedding_dim=0), "embedding_dim is at least 1, not 0"),
        (lambda: get_language_model(7, 6, depth=0), "at least 1 block, not 0"),
        (lambda: get_language_model(7, 6, dim=10, n_heads=4), "not 10 with 4 heads"),
        (lambda: get_sequence_to_sequence(7, 6, dim=9, n_heads=3), "not 9 with 3 heads"),
        (lambda: get_sequence_to_sequence(1, 6), "n_words is at least 2"),
    ],
)
def test_a_network_that_does_not_exist_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
