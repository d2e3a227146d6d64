"""Tests of the AC-GAN: its losses and one step by hand, and training with labels."""

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans import ACGAN

import keras
import numpy as np
import pytest
from keras import layers, ops

SHAPE = (12, 12, 1)


def _players(way="append"):
    return (
        get_generator(4, SHAPE, widths=(8,), condition_dim=2, condition_by=way),
        get_discriminator(SHAPE, widths=(8, 8), auxiliary=2),
    )


def _linear_players(linear_players, g, w, v):
    """Return G and D: G returns g for every class; D(s) = w s, and its class scores are v s."""
    generator, discriminator = linear_players(g, w)
    s = keras.Input((1,))
    classify = layers.Dense(2, use_bias=False)
    both = keras.Model(s, [discriminator(s), classify(s)])
    classify.kernel.assign(v[None])
    z, y = keras.Input((1,)), keras.Input((2,))
    return keras.Model([z, y], generator(layers.Concatenate()([z, y])[:, :1])), both


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _q(scores):
    return np.exp(scores) / np.exp(scores).sum()


def test_losses_by_hand(column):
    gan = ACGAN(*_players())
    real = column(0.0, 1.0), column(np.log(0.5), np.log(0.8))
    fake = column(-1.0), column(np.log(0.25))
    softplus = lambda x: np.log1p(np.exp(x))  # noqa: E731
    of_gan = (softplus(0.0) + softplus(-1.0)) / 2 + softplus(-1.0)
    of_classes = -(np.log(0.5) + np.log(0.8)) / 2 - np.log(0.25)
    assert float(gan.d_loss(real, fake)) == pytest.approx(of_gan + of_classes, rel=1e-5)
    by_hand = softplus(1.0) - np.log(0.25)
    assert float(gan.g_loss(fake)) == pytest.approx(by_hand, rel=1e-5)
    logged = gan.mean_scores(real, fake)
    assert float(logged["q_real"]) == pytest.approx(0.65)
    assert float(logged["q_fake"]) == pytest.approx(0.25)


def test_one_round_by_hand(linear_players):
    g, w, s, rate = 0.5, 0.3, 2.0, 0.1
    v, first = np.array([0.4, -0.2]), np.array([1.0, 0.0])
    gan = ACGAN(*_linear_players(linear_players, g, w, v))
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate))
    gan.fit(np.full((4, 1), s, "float32"), np.zeros(4, int), batch_size=4, verbose=0)

    # d/dv of -ln q(first|s) - ln q(first|g), and the GAN's slope for w
    v_new = v + rate * (s * (first - _q(v * s)) + g * (first - _q(v * g)))
    w_new = w - rate * (-s * _sigmoid(-w * s) + g * _sigmoid(w * g))
    kernels = [kernel.ravel() for kernel in gan.discriminator.get_weights()]
    np.testing.assert_allclose(np.concatenate(kernels), [w_new, *v_new], rtol=1e-5)
    # d/dg of -log D(g) - ln q(first|g): G's loss has the class term of generated images only
    slope = -w_new * _sigmoid(-w_new * g) - np.sum(v_new * (first - _q(v_new * g)))
    assert gan.generator.get_weights()[0][0] == pytest.approx(g - rate * slope, rel=1e-5)


def test_q_is_the_probability_of_the_given_class():
    gan = ACGAN(*_players())
    x = np.random.default_rng(0).random((4, *SHAPE)).astype("float32")
    labels = np.array([0, 1, 1, 0])
    logits, ln_q = gan.score(x, gan.one_hot(labels), training=False)
    expected_logits, scores = map(ops.convert_to_numpy, gan.discriminator(x, training=False))
    np.testing.assert_allclose(ops.convert_to_numpy(logits), expected_logits, atol=1e-6)
    expected = [np.log(_q(row)[label]) for row, label in zip(scores, labels, strict=True)]
    np.testing.assert_allclose(ops.convert_to_numpy(ln_q)[:, 0], expected, rtol=1e-4)


@pytest.mark.parametrize("way", ["append", "film"])
def test_the_classifier_learns_from_real_and_generated_images(way, bars):
    x, y = bars(192)
    gan = ACGAN(*_players(way), r1=0.1)
    assert (gan.latent_dim, gan.n_classes) == (4, 2)
    gan.compile(g_optimizer=keras.optimizers.Adam(1e-2, beta_1=0.5))
    logs = gan.fit(x, y, batch_size=16, epochs=3, verbose=0).history
    assert logs["q_real"][-1] > 0.7
    assert logs["q_fake"][-1] > 0.6
    assert gan.generate_for(np.array([0, 1, 1])).shape == (3, *SHAPE)


def test_players_without_the_class_raise_an_error():
    generator, discriminator = _players()
    with pytest.raises(ValueError, match="built with auxiliary=n_classes"):
        ACGAN(generator, get_discriminator(SHAPE))
    with pytest.raises(ValueError, match=r"reads images \(12, 12, 1\), not \(12, 12, 3\)"):
        ACGAN(generator, get_discriminator((12, 12, 3), auxiliary=2))
    with pytest.raises(ValueError, match="built with condition_dim=n_classes"):
        ACGAN(get_generator(4, SHAPE, condition_dim=3), discriminator)
    with pytest.raises(ValueError, match="built with condition_dim=n_classes"):
        ACGAN(get_generator(4, SHAPE), discriminator)
