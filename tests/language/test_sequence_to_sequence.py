"""The transformer with encoder and decoder: its loss by hand, and sequences that it reverses."""

from ankeras.builders.transformer import get_language_model, get_sequence_to_sequence
from ankeras.data import digit_sequences
from ankeras.data.sequences import N_TOKENS
from ankeras.data.tokenizer import END, PADDING, START
from ankeras.language import SequenceToSequence

import keras
import numpy as np
import pytest

ON_JAX = keras.backend.backend() == "jax"
not_on_jax = pytest.mark.skipif(ON_JAX, reason="what a model learns is tested once")
N_DIGITS = 3


def model(dim=16):
    return SequenceToSequence(get_sequence_to_sequence(N_TOKENS, N_DIGITS + 2, dim, n_heads=2))


def test_the_loss_by_hand():
    system = model()
    x, y = digit_sequences(6, n_digits=N_DIGITS)
    y[2, 2:] = [END, PADDING, PADDING]
    p = system.predict([x, y], verbose=0)
    expected = [
        -sum(np.log(p[k, i, row[i + 1]]) for i in range(N_DIGITS + 1) if row[i + 1] != PADDING)
        for k, row in enumerate(y)
    ]
    system.compile(keras.optimizers.SGD(0.0))
    loss = system.test_on_batch(x, y, return_dict=True)["loss"]
    np.testing.assert_allclose(loss, np.mean(expected), rtol=1e-4)
    logs = system.train_on_batch(x, y, sample_weight=np.arange(6.0), return_dict=True)
    np.testing.assert_allclose(logs["loss"], np.mean(np.arange(6) * expected), rtol=1e-4)


@not_on_jax
def test_it_learns_to_reverse():
    system = model(dim=32)
    x, y = digit_sequences(4000, n_digits=N_DIGITS, seed=1)
    x_test, y_test = digit_sequences(200, n_digits=N_DIGITS, seed=2)
    system.compile(keras.optimizers.Adam(5e-3))
    before = system.share_right(x_test, y_test)
    system.fit(x, y, batch_size=100, epochs=6, verbose=0)
    assert before < 0.05
    assert system.share_right(x_test, y_test) > 0.95
    written = system.write(x_test)
    assert written.dtype == "int32"
    assert (written[:, 0] == START).all()


@not_on_jax
@pytest.mark.parametrize("likeliest", [PADDING, START])
def test_what_is_never_a_next_token_is_not_written(likeliest):
    system = model()
    x, _ = digit_sequences(4, n_digits=N_DIGITS)
    bias = system.network.get_layer("output_layer").bias
    bias.assign(np.where(np.arange(N_TOKENS) == likeliest, 999.0, 9.0 * np.arange(N_TOKENS)))
    expected = [START, *[N_TOKENS - 1] * (N_DIGITS + 1)]
    np.testing.assert_array_equal(system.write(x), np.tile(expected, (4, 1)))


@not_on_jax
def test_after_the_end_it_writes_padding():
    system = model()
    x, _ = digit_sequences(50, n_digits=N_DIGITS)
    bias = system.network.get_layer("output_layer").bias
    bias.assign(np.where(np.arange(N_TOKENS) == END, 100.0, 0.0))
    expected = [START, END, *[PADDING] * N_DIGITS]
    np.testing.assert_array_equal(system.write(x), np.tile(expected, (50, 1)))


def _fit(x, y):
    system = model()
    system.compile()
    return system.fit(x, y, verbose=0)


X, Y = digit_sequences(40, n_digits=N_DIGITS)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: _fit(X, None), "40 sources need 40 targets, not none"),
        (lambda: _fit(X, Y[:30]), "40 sources need 40 targets, not 30"),
        (lambda: _fit(X[:, :4], Y), "The source holds rows of 5 integers"),
        (lambda: _fit(X, Y[:, :4]), "The target holds rows of 5 integers"),
        (lambda: _fit(X, 0 * Y), "The target holds a row that begins with padding"),
        (lambda: model().write(X + 10), r"source holds the tokens 10 \.\.\."),
        (
            lambda: SequenceToSequence(get_language_model(N_TOKENS, 5, 8, depth=1)),
            r"The network reads \[source, target\]",
        ),
    ],
)
def test_what_does_not_fit_is_answered_by_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
