"""The language model: its loss by hand, a small language that it learns, and its texts."""

from ankeras.builders.transformer import get_language_model
from ankeras.data.tokenizer import END, PADDING, START
from ankeras.language import LanguageModel

import keras
import numpy as np
import pytest

ON_JAX = keras.backend.backend() == "jax"
not_on_jax = pytest.mark.skipif(ON_JAX, reason="what a model learns is tested once")
A, B, C = 3, 4, 5
N_WORDS, LENGTH = 6, 5


def model(**options):
    return LanguageModel(get_language_model(N_WORDS, LENGTH, dim=16, n_heads=2, **options))


def texts(n, seed=0):
    """Return n texts: "a b" with probability 3/4, "c" with 1/4."""
    drawn = np.random.default_rng(seed).random(n) < 0.75
    ab, c = [START, A, B, END, PADDING], [START, C, END, PADDING, PADDING]
    return np.where(drawn[:, None], ab, c).astype("int32")


def test_the_loss_by_hand():
    system, x = model(), texts(8)
    p = system.predict(x, verbose=0)
    np.testing.assert_allclose(p.sum(axis=-1), 1, atol=1e-5)
    expected = np.zeros(8)
    n_words = 0
    for k, row in enumerate(x):
        for i in range(LENGTH - 1):
            if row[i + 1] != PADDING:
                expected[k] -= np.log(p[k, i, row[i + 1]])
                n_words += 1
    np.testing.assert_allclose(-system.log_likelihood(x), expected, rtol=1e-4)
    nats = expected.sum() / n_words
    np.testing.assert_allclose(system.nats_per_word(x), nats, rtol=1e-4)
    np.testing.assert_allclose(system.perplexity(x), np.exp(nats), rtol=1e-4)
    system.compile(keras.optimizers.SGD(0.0))
    weights = np.arange(8.0, dtype="float32")
    logs = system.train_on_batch(x, sample_weight=weights, return_dict=True)
    np.testing.assert_allclose(logs["loss"], np.mean(weights * expected), rtol=1e-4)


@not_on_jax
def test_it_learns_a_language_to_its_entropy():
    system, test = model(depth=1), texts(2000, seed=1)
    system.compile(keras.optimizers.Adam(1e-2))
    system.fit(texts(2000), batch_size=100, epochs=6, verbose=0)
    nats = -system.log_likelihood(test).mean()
    entropy = -np.log([0.75, 0.25]) @ [0.75, 0.25]
    assert abs(nats - entropy) < 0.1
    drawn = system.generate(400, seed=1)
    known = (drawn[:, None] == texts(50)[None]).all(axis=-1).any(axis=1)
    assert known.mean() > 0.97
    assert 0.65 < (drawn[known, 1] == A).mean() < 0.85
    assert (system.generate(100, temperature=0.05)[:, 1] == A).all()
    assert (system.generate(20, start=[START, C])[:, :3] == [START, C, END]).mean() > 0.95


@not_on_jax
def test_texts_have_the_form_that_a_model_reads():
    system = model(depth=1)
    drawn = system.generate(200, seed=2)
    assert drawn.dtype == "int32"
    assert drawn.shape == (200, LENGTH)
    system.check_data(drawn, None)  # no padding before a word
    assert (drawn[:, 0] == START).all()
    assert (drawn[:, 1:] != START).all()
    assert (drawn[drawn[:, 1] == END, 2:] == PADDING).all()
    np.testing.assert_array_equal(drawn, system.generate(200, seed=2))
    assert (drawn != system.generate(200, seed=3)).any()
    np.testing.assert_array_equal(
        system.generate(1, start=[START, A, END]), [[START, A, END, PADDING, PADDING]]
    )


def _fit(x):
    system = model(depth=1)
    system.compile()
    return system.fit(x, verbose=0)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: _fit(texts(64)[:, :4]), r"rows of 5 integers.* not int32 of shape \(64, 4\)"),
        (lambda: _fit(texts(64).astype("float32")), "rows of 5 integers"),
        (lambda: _fit(texts(64) + 2), r"the tokens 2 \.\.\. 7, but the network was built for"),
        (lambda: _fit(texts(64)[:, ::-1]), "a row that begins with padding"),
        (lambda: model(depth=1).generate(0), "n >= 1 texts, not 0"),
        (lambda: model(depth=1).generate(1, temperature=0), "temperature is above 0, not 0"),
        (lambda: model(depth=1).generate(1, start=[]), "start holds 1 to 5 tokens, not 0"),
        (lambda: model(depth=1).generate(1, start=[9]), "start holds the tokens 9"),
        (lambda: model(depth=1).compile(loss="mse"), "A language model has its own loss"),
        (
            lambda: LanguageModel(
                keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(6)])
            ),
            "returns logits of",
        ),
    ],
)
def test_what_does_not_fit_is_answered_by_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
