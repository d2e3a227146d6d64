"""D scores pairs, and G and E descend V together."""

from ankeras.builders import get_discriminator, get_encoder, get_generator
from ankeras.gans import BiGAN
from ankeras.gans.bigan import get_pair_discriminator

import keras
import numpy as np
import pytest
from keras import layers, ops

SHAPE = (12, 12, 1)


def _linear_bigan(linear_players, g, e, w, **options):
    """G draws g whatever z, E returns e whatever s; D's logit of a pair is w_s s + w_z z."""
    (draw, _), (encode, _) = linear_players(g, 0.0), linear_players(e, 0.0)
    z, s = keras.Input((1,)), keras.Input((1, 1, 1))
    score = layers.Dense(1, use_bias=False)
    bigan = BiGAN(
        keras.Model(z, layers.Reshape((1, 1, 1))(draw(z))),
        keras.Model([s, z], score(layers.Concatenate()([layers.Flatten()(s), z]))),
        keras.Model(s, encode(layers.Flatten()(s))),
        **options,
    )
    score.kernel.assign(np.reshape(w, (2, 1)))
    return bigan


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_the_discriminator_learns_from_pairs(linear_players):
    g, e, rate = 0.5, -0.4, 0.1
    w, s, z = np.array([0.3, 0.7]), 2.0, np.array([-1.0, 1.5])
    bigan = _linear_bigan(linear_players, g, e, w)
    bigan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate))
    bigan.sample_z = lambda s: ops.convert_to_tensor(z[:, None].astype("float32"))
    bigan.optimizer.generator.learning_rate = 0.0
    logs = bigan.fit(np.full((2, 1, 1, 1), s, "float32"), batch_size=2, verbose=0).history

    # -log D(s, E(s)) - mean log(1 - D(G(z), z)), pair by pair
    real, fakes = np.array([s, e]), [np.array([g, value]) for value in z]
    d_loss = np.log1p(np.exp(-w @ real)) + np.mean([np.log1p(np.exp(w @ fake)) for fake in fakes])
    assert logs["d_loss"][0] == pytest.approx(d_loss, rel=1e-5)
    slope = -real * _sigmoid(-w @ real) + np.mean(
        [fake * _sigmoid(w @ fake) for fake in fakes], axis=0
    )
    found = bigan.discriminator.get_weights()[0][:, 0]
    np.testing.assert_allclose(found, w - rate * slope, rtol=1e-5)


@pytest.mark.parametrize("loss", ["minimax", "non-saturating"])
def test_generator_and_encoder_by_hand(loss, linear_players):
    g, e, s, rate = 0.5, -0.4, 2.0, 0.1
    for w in ([0.3, 0.7], [0.3, 0.0]):
        bigan = _linear_bigan(linear_players, g, e, w, generator_loss=loss)
        bigan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(rate))
        bigan.fit(np.full((4, 1, 1, 1), s, "float32"), batch_size=4, verbose=0)
        # minimax: d/de log D(s, e); non-saturating: d/de -log(1 - D(s, e))
        real = w[0] * s + w[1] * e
        slope = w[1] * (_sigmoid(-real) if loss == "minimax" else _sigmoid(real))
        assert bigan.encoder.get_weights()[0][0] == pytest.approx(e - rate * slope, rel=1e-5)
    # with w_z = 0 all z are alike to D, and G's step is that of a GAN
    fake = w[0] * g
    slope = -w[0] * (_sigmoid(fake) if loss == "minimax" else _sigmoid(-fake))
    assert bigan.generator.get_weights()[0][0] == pytest.approx(g - rate * slope, rel=1e-5)


def test_the_discriminator_reads_image_and_code():
    discriminator = get_pair_discriminator(SHAPE, 3, widths=(4,), hidden=(8, 5))
    rng = np.random.default_rng(0)
    s, code = (rng.random(shape).astype("float32") for shape in ((2, *SHAPE), (2, 3)))
    logits = discriminator.predict([s, code], verbose=0)
    assert logits.shape == (2, 1)
    assert discriminator.get_layer("output_layer").input.shape == (None, 5)
    assert (np.abs(discriminator.predict([s, 1 - code], verbose=0) - logits) > 1e-4).all()
    assert (np.abs(discriminator.predict([1 - s, code], verbose=0) - logits) > 1e-4).all()
    again = get_pair_discriminator(SHAPE, 3, widths=(4,), hidden=(8, 5))
    np.testing.assert_allclose(again.predict([s, code], verbose=0), logits, atol=1e-6)


def test_reconstructions():
    bigan = BiGAN(*_players())
    s = np.random.default_rng(0).random((2, *SHAPE)).astype("float32")
    expected = bigan.generator(bigan.encoder(s, training=False), training=False)
    np.testing.assert_allclose(bigan.reconstruct(s), ops.convert_to_numpy(expected), atol=1e-6)


def _players():
    return (
        get_generator(3, SHAPE, widths=(4,)),
        get_pair_discriminator(SHAPE, 3, widths=(4,), hidden=(8,)),
        get_encoder(SHAPE, 3, widths=(4,)),
    )


def test_players_that_do_not_fit_are_refused():
    generator, discriminator, encoder = _players()
    with pytest.raises(ValueError, match=r"pairs of image and code, .*, not \(None, 12, 12, 1\)"):
        BiGAN(generator, get_discriminator(SHAPE), encoder)
    with pytest.raises(ValueError, match=r"\(None, 3\)\], not \[.*, \(None, 2\)\]"):
        BiGAN(generator, get_pair_discriminator(SHAPE, 2), encoder)
    with pytest.raises(ValueError, match=r"way back, \(12, 12, 1\) -> \(3,\), not"):
        BiGAN(generator, discriminator, get_encoder(SHAPE, 4))
