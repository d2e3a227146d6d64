"""The information bound by hand, its way into both players, and a code that can be read."""

import itertools
import math

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans import InfoGAN, toy

import keras
import numpy as np
import pytest
from keras import layers, ops

SHAPE = (12, 12, 1)


def _gan(n_classes=3, m=2, **options):
    return InfoGAN(
        get_generator(4, SHAPE, widths=(8,), condition_dim=n_classes + m),
        get_discriminator(SHAPE, widths=(8,), auxiliary=n_classes + m),
        n_classes=n_classes,
        **options,
    )


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _q(scores):
    return np.exp(scores) / np.exp(scores).sum()


def test_the_bound_by_hand():
    gan = _gan()
    assert (gan.latent_dim, gan.n_continuous) == (4, 2)
    c = np.array([[0, 1, 0, 0.5, -1.0]], "float32")
    estimate = np.array([[0.1, 2.0, -1.0, 0.4, 0.0]], "float32")
    of_class = np.log(_q(estimate[0, :3])[1])
    of_rest = [
        -0.5 * (math.log(2 * math.pi) + (x - mu) ** 2) for x, mu in ((0.5, 0.4), (-1.0, 0.0))
    ]
    ln_q = gan.ln_q(ops.convert_to_tensor(c), ops.convert_to_tensor(estimate))
    assert float(ln_q[0]) == pytest.approx(of_class + sum(of_rest), rel=1e-5)
    entropy = math.log(3) + 2 * math.log(2)
    assert gan.entropy == pytest.approx(entropy)
    assert float(gan.information(ln_q)) == pytest.approx(float(ln_q[0]) + entropy, rel=1e-5)


def test_losses_by_hand(column):
    gan = _gan(n_classes=2, m=0, lam=0.5)
    real, fake, ln_q = column(1.0), column(-1.0, -1.0), ops.convert_to_tensor([-0.1, -0.3])
    information = -0.2 + math.log(2)
    of_gan = 2 * np.log1p(np.exp(-1.0))
    scores = itertools.cycle([real, (fake, ln_q)])
    gan.score = lambda *args, **options: next(scores)
    gan.compile()
    logs = gan.evaluate(np.zeros((2, *SHAPE), "float32"), verbose=0, return_dict=True)
    assert logs["d_loss"] == pytest.approx(of_gan - 0.5 * information, rel=1e-5)
    by_hand = np.log1p(np.exp(1.0)) - 0.5 * information
    assert logs["g_loss"] == pytest.approx(by_hand, rel=1e-5)


def test_both_players_ascend_the_information(linear_players):
    # D(s) = w s, Q's scores are v s; G draws g whatever the code
    g, w, s, rate, lam = 0.5, 0.3, 2.0, 0.1, 3.0
    v, c = np.array([0.4, -0.2]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    generator, discriminator = linear_players(g, w)
    x, z, code, q = (*(keras.Input((n,)) for n in (1, 1, 2)), layers.Dense(2, use_bias=False))
    both = keras.Model(x, [discriminator(x), q(x)])
    q.kernel.assign(v[None])
    generator = keras.Model([z, code], generator(layers.Concatenate()([z, code])[:, :1]))
    gan = InfoGAN(generator, both, n_classes=2, lam=lam)
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate))

    gan.sample_c = lambda s: ops.convert_to_tensor(c.astype("float32"))
    logs = gan.fit(np.full((4, 1), s, "float32"), batch_size=4, verbose=0).history

    mean_c = c.mean(axis=0)
    information = np.sum(mean_c * np.log(_q(v * g))) + math.log(2)
    assert logs["information"][0] == pytest.approx(information, rel=1e-5)
    w_new = w - rate * (-s * _sigmoid(-w * s) + g * _sigmoid(w * g))
    v_new = v + rate * lam * g * (mean_c - _q(v * g))  # from generated images only
    kernels = [kernel.ravel() for kernel in both.get_weights()]
    np.testing.assert_allclose(np.concatenate(kernels), [w_new, *v_new], rtol=1e-5)
    slope = -w_new * _sigmoid(-w_new * g) - lam * np.sum(v_new * (mean_c - _q(v_new * g)))
    assert generator.get_weights()[0][0] == pytest.approx(g - rate * slope, rel=1e-5)


def test_codes_follow_their_prior():
    gan = _gan()
    c = ops.convert_to_numpy(gan.sample_c(np.zeros((3000, 1), "float32")))
    np.testing.assert_array_equal(np.sort(c[:, :3], axis=1), [[0, 0, 1]] * len(c))
    np.testing.assert_allclose(c[:, :3].mean(axis=0), 1 / 3, atol=0.05)
    assert -1 <= c[:, 3:].min() < -0.99 < 0.99 < c[:, 3:].max() <= 1
    np.testing.assert_allclose(c[:, 3:].std(axis=0), 3**-0.5, atol=0.03)


def test_the_code_can_be_read_in_what_is_drawn():
    """On a line with two peaks, after 200 steps."""
    x, z, code = keras.Input((1,)), keras.Input((1,)), keras.Input((2,))
    features = layers.LeakyReLU(0.2)(layers.Dense(32)(x))
    discriminator = keras.Model(x, [layers.Dense(1)(features), layers.Dense(2)(features)])
    hidden = layers.Dense(32, activation="relu")(layers.Concatenate()([z, code]))
    gan = InfoGAN(keras.Model([z, code], layers.Dense(1)(hidden)), discriminator, n_classes=2)
    gan.compile(keras.optimizers.Adam(3e-3, beta_1=0.5), keras.optimizers.Adam(3e-3, beta_1=0.5))
    logs = gan.fit(toy.TWO_PEAKS.sample(128 * 50), batch_size=128, epochs=4, verbose=0).history
    assert logs["information"][-1] > 0.8 * math.log(2)
    labels = np.arange(200) % 2
    read, _ = gan.read_codes(gan.generate_codes(labels, np.zeros((200, 0))))
    assert np.mean(read.argmax(axis=1) == labels) > 0.9


def test_images_of_given_codes():
    gan = _gan()
    assert gan.generate(5).shape == (5, *SHAPE)
    labels, continuous = np.array([2, 0]), np.array([[0.5, -0.5], [0.0, 1.0]])
    images = gan.generate_codes(labels, continuous, seed=1)
    np.testing.assert_array_equal(images, gan.generate_codes(labels, continuous, seed=1))
    assert np.abs(images - gan.generate_codes(labels, -continuous, seed=1)).max() > 0
    of_classes, mu = gan.read_codes(images)
    np.testing.assert_allclose(of_classes.sum(axis=1), 1, rtol=1e-5)
    assert mu.shape == (2, 2)


def test_wrong_players_and_options_are_refused():
    generator = get_generator(4, SHAPE, condition_dim=5)
    with pytest.raises(ValueError, match=r"auxiliary=5; it returns \[1\] numbers"):
        InfoGAN(generator, get_discriminator(SHAPE), n_classes=3)
    with pytest.raises(ValueError, match=r"auxiliary=5; it returns \[1, 3\] numbers"):
        InfoGAN(generator, get_discriminator(SHAPE, auxiliary=3), n_classes=3)
    with pytest.raises(ValueError, match=r"condition_dim=3 \+ m"):
        InfoGAN(get_generator(4, SHAPE), get_discriminator(SHAPE, auxiliary=3), n_classes=3)
    with pytest.raises(ValueError, match="at least 2 classes"):
        _gan(n_classes=1)
    with pytest.raises(ValueError, match="lam must not be negative"):
        _gan(lam=-1.0)
