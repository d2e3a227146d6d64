"""Tests of text to image: padding, guidance, empty captions, what is learnt, what is refused."""

from ankeras.builders.transformer import get_text_encoder
from ankeras.data.tokenizer import Tokenizer
from ankeras.language import TextToImage, get_text_to_image_network

import keras
import numpy as np
import pytest

SHAPE = (12, 12, 1)
N_WORDS, LENGTH = 8, 6
TOKENS = np.array([[1, 4, 2, 0, 0, 0], [1, 5, 3, 4, 2, 0], [1, 7, 2, 0, 0, 0]], "int32")


def _network(**options):
    text_encoder = get_text_encoder(N_WORDS, LENGTH, 8, 8, depth=1, n_heads=2)
    return get_text_to_image_network(SHAPE, text_encoder, widths=(8, 8), **options)


def _with_random_weights(network):
    rng = np.random.default_rng(0)
    for weight in network.trainable_variables:
        weight.assign(rng.normal(0, 0.2, weight.shape))
    return network


@pytest.fixture(scope="module")
def model():
    """A model whose weights are random: the last layer is not 0."""
    return TextToImage(_with_random_weights(_network()), n_steps=50)


def test_what_stands_at_padding_has_no_influence(model):
    """Features at padding are replaced by large numbers: the picture stays the same."""
    unet = next(layer for layer in model.network.layers if layer.name == "unet")
    rng = np.random.default_rng(1)
    features = rng.normal(size=(3, LENGTH, 8)).astype("float32")
    told = TOKENS > 0
    x_t, rate = model.start(3, seed=0), np.full((3, 1), 0.5, "float32")
    vector = rng.normal(size=(3, 8)).astype("float32")
    drawn = unet.predict_on_batch([x_t, rate, vector, features, told])
    others = np.where(told[..., None], features, 1e3)
    np.testing.assert_allclose(
        unet.predict_on_batch([x_t, rate, vector, others, told]), drawn, atol=1e-5
    )
    changed = features + np.where(told, 1.0, 0.0)[..., None] * rng.normal(size=features.shape)
    seen = unet.predict_on_batch([x_t, rate, vector, changed.astype("float32"), told])
    assert np.abs(seen - drawn).max() > 1e-2


def test_the_order_of_words_matters(model):
    swapped = TOKENS[1:2][:, [0, 2, 1, 3, 4, 5]]
    a, b = (model.generate_for(y, steps=2, guidance=1.0) for y in (TOKENS[1:2], swapped))
    assert np.abs(a - b).max() > 1e-3


def test_weight_0_is_the_model_without_a_caption_and_1_the_conditional_one(model):
    x_t = model.start(3, seed=0)
    none = model.denoiser(np.zeros_like(TOKENS))(x_t, 0.5)
    told = model.denoiser(TOKENS)(x_t, 0.5)
    for weight, expected in ((0, none), (1, told)):
        for found, wanted in zip(
            model.guided_denoiser(TOKENS, weight)(x_t, 0.5), expected, strict=True
        ):
            np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert np.abs(none[1] - told[1]).max() > 1e-3
    np.testing.assert_allclose(
        model.generate_for(TOKENS, seed=2, steps=3, guidance=0.0),
        model.generate(3, seed=2, steps=3),
        atol=1e-4,
    )


def test_the_share_of_empty_captions_and_the_choice_among_several(model):
    y = np.repeat(np.stack([TOKENS[0], TOKENS[2]])[None], 4000, axis=0)
    (c,) = model.conditions(None, keras.ops.array(y), training=True)
    second = keras.ops.convert_to_numpy(c)[:, 1]
    assert np.mean(second == 0) == pytest.approx(0.1, abs=0.03)
    assert np.mean(second == 4) == pytest.approx(0.45, abs=0.04)
    assert np.mean(second == 7) == pytest.approx(0.45, abs=0.04)
    (whole,) = model.conditions(None, keras.ops.array(y), training=False)
    assert set(keras.ops.convert_to_numpy(whole)[:, 1]) == {4, 7}


def test_a_short_training_draws_what_the_captions_say():
    """Images are bright or dark; the word for it stands among others."""
    tokenizer = Tokenizer(("a", "bright", "dark", "picture", "not"), LENGTH)
    texts = ["a bright picture", "a dark picture", "picture not bright", "picture not dark"]
    bright = np.array([1, 0, 0, 1])
    rng = np.random.default_rng(0)
    which = rng.integers(4, size=384)
    x = np.broadcast_to(bright[which][:, None, None, None], (384, *SHAPE)).astype("float32")
    model = TextToImage(_network())
    model.compile(keras.optimizers.Adam(5e-3))
    model.fit(x, tokenizer.encode([texts[i] for i in which]), batch_size=32, epochs=12, verbose=0)
    drawn = model.generate_for(np.repeat(tokenizer.encode(texts), 8, axis=0), steps=10)
    means = drawn.mean(axis=(1, 2, 3)).reshape(4, 8)
    assert np.mean((means > 0.5) == bright[:, None]) > 0.9


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        (TOKENS[:2], "3 images have 2"),
        (np.zeros_like(TOKENS), "nothing but padding"),
        (TOKENS.astype("float32"), "rows of 6 integers"),
        (TOKENS[:, :4], "rows of 6 integers"),
        (TOKENS + 3, "0 ... 7"),
        (None, "captions"),
    ],
)
def test_bad_captions_get_a_sentence(model, tokens, sentence):
    model.compile()
    with pytest.raises(ValueError, match=sentence):
        model.fit(np.zeros((3, *SHAPE), "float32"), tokens, batch_size=1, verbose=0)


@pytest.mark.parametrize(
    ("tokens", "sentence"), [(TOKENS + 3, "0 ... 7"), (0 * TOKENS, "padding"), (None, "caption")]
)
def test_captions_that_cannot_be_drawn_get_a_sentence(model, tokens, sentence):
    with pytest.raises(ValueError, match=sentence):
        model.generate_for(tokens, steps=2)
