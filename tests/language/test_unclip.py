"""Tests of unCLIP: the prior, the decoder, and the three figures of the lecture."""

from ankeras.builders import get_encoder
from ankeras.builders.transformer import get_text_encoder
from ankeras.language import (
    Prior,
    UnCLIP,
    get_prior_network,
    get_text_to_image_network,
    turn,
)

import keras
import numpy as np
import pytest

SHAPE, D = (12, 12, 1), 3
N_WORDS, LENGTH = 7, 5
TOKENS = np.array([[1, 4, 2, 0, 0], [1, 5, 3, 4, 2]], "int32")


def _text_encoder():
    return get_text_encoder(N_WORDS, LENGTH, 8, 8, depth=1, n_heads=2)


def _unit(z):
    return (z / np.linalg.norm(z, axis=-1, keepdims=True)).astype("float32")


def _decoder(**options):
    network = get_text_to_image_network(SHAPE, _text_encoder(), embedding_dim=D, widths=(8, 8))
    return UnCLIP(get_encoder(SHAPE, D, widths=(4,)), network, n_steps=50, **options)


@pytest.fixture(scope="module")
def decoder():
    """A decoder whose weights are random: the last layer is not 0."""
    made = _decoder()
    rng = np.random.default_rng(0)
    for weight in made.network.trainable_variables:
        weight.assign(rng.normal(0, 0.2, weight.shape))
    return made


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(2).uniform(size=(2, *SHAPE)).astype("float32")


def _constant_network(z):
    """Return a prior's network that always predicts sqrt(D) z."""
    noisy, rate = keras.Input((D,)), keras.Input((1,))
    tokens = keras.Input((LENGTH,), dtype="int32")
    _, vector = _text_encoder()(tokens)
    layer = keras.layers.Dense(D, kernel_initializer="zeros")
    drawn = layer(keras.layers.Concatenate()([noisy, rate, vector]))
    layer.bias.assign(np.sqrt(D) * z)
    return keras.Model([noisy, rate, tokens], drawn)


def test_the_loss_of_the_prior_by_hand():
    """A network that always predicts sqrt(d) e_1: the loss is d ||z - e_1||^2."""
    e_1 = np.eye(D, dtype="float32")[0]
    model = Prior(_constant_network(e_1))
    model.compile()
    z = _unit(np.random.default_rng(0).normal(size=(6, D)))
    loss = model.evaluate(z, np.repeat(TOKENS, 3, axis=0), batch_size=6, verbose=0)
    expected = D * np.mean(np.sum((z - e_1) ** 2, axis=1))
    assert float(np.ravel(loss)[0]) == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(model.generate_for(TOKENS, steps=4), [e_1, e_1], atol=1e-5)


def test_a_short_training_of_the_prior_draws_the_embeddings_of_a_caption():
    """The second word decides between two directions, with a spread around each."""
    rng = np.random.default_rng(0)
    which = rng.integers(2, size=512)
    z = _unit(np.eye(D)[which] + rng.normal(0, 0.2, (512, D)))
    model = Prior(get_prior_network(D, _text_encoder(), width=32, n_blocks=1))
    model.compile(keras.optimizers.Adam(5e-3))
    model.fit(z, TOKENS[which], batch_size=32, epochs=60, verbose=0)
    drawn = model.generate_for(np.repeat(TOKENS, 50, axis=0), steps=20, guidance=1.0)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-5)
    assert (drawn[:50, 0] > 0.7).mean() > 0.9
    assert (drawn[50:, 1] > 0.7).mean() > 0.9
    assert drawn[:50, 2].std() > 0.05  # not one embedding per caption


def test_embeddings_of_another_size_or_length_get_a_sentence():
    model = Prior(get_prior_network(D, _text_encoder(), width=8, n_blocks=1))
    model.compile()
    with pytest.raises(ValueError, match="vectors of 3 numbers"):
        model.fit(np.ones((2, 4), "float32"), TOKENS, batch_size=1, verbose=0)
    with pytest.raises(ValueError, match="length 1"):
        model.fit(np.ones((2, 3), "float32"), TOKENS, batch_size=1, verbose=0)
    with pytest.raises(ValueError, match="at least 1"):
        get_prior_network(D, _text_encoder(), width=0)


def test_the_decoder_is_told_the_embedding_and_the_caption(decoder, images):
    """The conditions of a training are those of `decode`, apart from the dropped ones."""
    y = keras.ops.array(TOKENS)
    c, z = decoder.conditions(decoder.to_signal(keras.ops.array(images)), y, training=False)
    z_i = _unit(decoder.image_encoder.predict(images, verbose=0))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(z), np.sqrt(D) * z_i, rtol=1e-4)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(c), TOKENS)
    np.testing.assert_allclose(decoder.embed_images(images), z_i, rtol=1e-4)
    told = decoder.guided_denoiser([TOKENS, keras.ops.convert_to_numpy(z)], 3.0)
    x_t = decoder.start(2, seed=5)
    np.testing.assert_allclose(
        decoder.decode(z_i, TOKENS, seed=5, steps=3, guidance=3.0),
        decoder.sample(told, x_t, 3),
        atol=1e-4,
    )


def test_the_shares_of_empty_embeddings_and_captions(decoder, images):
    x_0 = decoder.to_signal(keras.ops.array(np.repeat(images, 1000, axis=0)))
    y = keras.ops.array(np.repeat(TOKENS, 1000, axis=0))
    c, z = map(keras.ops.convert_to_numpy, decoder.conditions(x_0, y, training=True))
    no_caption, no_embedding = (c == 0).all(axis=1), (z == 0).all(axis=1)
    assert no_caption.mean() == pytest.approx(0.5, abs=0.04)
    assert no_embedding.mean() == pytest.approx(0.1, abs=0.03)
    assert (no_caption & no_embedding).mean() == pytest.approx(0.05, abs=0.02)


def test_a_training_leaves_the_image_encoder_as_it_is(images):
    model = _decoder()
    before = [w.numpy() for w in model.image_encoder.weights]
    model.compile()
    model.fit(images, TOKENS, batch_size=2, verbose=0)
    for old, weight in zip(before, model.image_encoder.weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)


def test_variations_share_the_embedding_and_differ_in_the_noise(decoder, images):
    found = decoder.vary(images, 3, seed=1, steps=2)
    assert found.shape == (2, 3, *SHAPE)
    z_i = np.repeat(decoder.embed_images(images), 3, axis=0)
    expected = decoder.decode(z_i, seed=1, steps=2)
    np.testing.assert_allclose(found.reshape(6, *SHAPE), expected, atol=1e-4)
    assert np.abs(found[0, 0] - found[0, 1]).max() > 1e-3


def test_an_interpolation_ends_at_the_embeddings_of_both_images(decoder, images):
    found = decoder.interpolate(images[0], images[1], 5, seed=3, steps=2)
    assert found.shape == (5, *SHAPE)
    x_t = np.repeat(decoder.start(1, seed=3), 2, axis=0)
    ends = decoder.decode(decoder.embed_images(images), x_t=x_t, steps=2)
    np.testing.assert_allclose(found[[0, -1]], ends, atol=1e-3)


def test_turning_by_hand():
    z = np.array([[1.0, 0, 0], [0.6, 0.8, 0]])
    v = np.array([0, 0, 1.0])
    np.testing.assert_allclose(turn(z, v, 0), z, atol=1e-12)
    np.testing.assert_allclose(turn(z, v, 1), [v, v], atol=1e-12)
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)  # a third of the right angle
    np.testing.assert_allclose(turn(z, v, 1 / 3), [[c, 0, s], [0.6 * c, 0.8 * c, s]], atol=1e-12)


def test_a_change_by_0_gives_the_image_back():
    """The network learns nothing: it predicts v = 0, for which the steps backwards are exact."""
    model = _decoder()
    x = np.full((2, *SHAPE), 0.6, "float32")
    z = np.eye(D, dtype="float32")
    found = model.change(x, z[0], z[1], share=0.0, steps=50, guidance=1.0)
    np.testing.assert_allclose(found, x, atol=0.02)


def test_bad_input_gets_a_sentence(decoder, images):
    z = decoder.embed_images(images)
    cases = {
        "3 numbers": lambda: decoder.decode(np.ones((2, 5), "float32")),
        "2 images have 1": lambda: decoder.decode(z, TOKENS[:1]),
        "two different texts": lambda: decoder.change(images, z[0], z[0]),
        r"share lies in": lambda: decoder.change(images, z[0], z[1], share=2.0),
        "call decode": lambda: decoder.generate_for(TOKENS),
        "images of shape": lambda: decoder.vary(images[:, :6], 2),
        "the image encoder reads": lambda: UnCLIP(
            get_encoder(SHAPE, D + 1, widths=(4,)), decoder.network
        ),
        "dropped_captions is a share": lambda: _decoder(dropped_captions=1.0),
    }
    for sentence, call in cases.items():
        with pytest.raises(ValueError, match=sentence):
            call()
