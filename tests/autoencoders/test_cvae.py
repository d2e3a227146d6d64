"""Tests of the CVAE: both networks use the label, and images are of its class."""

from ankeras.autoencoders import (
    CVAE,
    KLHistory,
    encode_posterior,
    get_prior,
    kl_divergence,
    log_likelihood,
)
from ankeras.builders import get_decoder, get_encoder

import keras
import numpy as np
import pytest
from keras import ops

SHAPE = (12, 12, 1)


def _players(way, d=3, n_classes=2):
    condition = {"condition_dim": n_classes, "condition_by": way}
    return (
        get_encoder(SHAPE, 2 * d, widths=(8, 8), **condition),
        get_decoder(d, SHAPE, widths=(8, 8), **condition),
    )


@pytest.mark.parametrize("way", ["append", "film"])
def test_images_are_of_the_class_of_the_label(way, bars):
    x, y = bars(960)
    cvae = CVAE(*_players(way))
    cvae.compile(keras.optimizers.Adam(1e-2))
    cvae.fit(x, y, batch_size=32, epochs=6, verbose=0)
    images = cvae.generate_for(np.array([0] * 20 + [1] * 20))
    left, top = images[:, 6:, :6].mean(axis=(1, 2, 3)), images[:, :6, 6:].mean(axis=(1, 2, 3))
    assert (left > top)[:20].mean() >= 0.9
    assert (left < top)[20:].mean() >= 0.9
    mixed = cvae.generate(100)  # of both classes
    left, top = mixed[:, 6:, :6].mean(axis=(1, 2, 3)), mixed[:, :6, 6:].mean(axis=(1, 2, 3))
    assert 0.3 < (left > top).mean() < 0.7
    # the code does not contain the class: with the other label, the decoder draws the other class
    other_class = cvae.predict([x[:50], 1 - y[:50]], verbose=0)
    left = other_class[:, 6:, :6].mean(axis=(1, 2, 3))
    top = other_class[:, :6, 6:].mean(axis=(1, 2, 3))
    assert ((left > top) == (y[:50] == 1)).mean() >= 0.9

    z = np.random.default_rng(3).normal(size=(5, 3)).astype("float32")
    alone = cvae.for_class(1).predict(z, verbose=0)
    np.testing.assert_allclose(alone, cvae.generate_for(np.full(5, 1), seed=3), atol=1e-6)


def test_the_sizes_are_read_from_the_networks():
    for way in ("append", "film"):
        cvae = CVAE(*_players(way))
        assert (cvae.latent_dim, cvae.n_classes, cvae.image_shape) == (3, 2, SHAPE)


@pytest.mark.parametrize("way", ["append", "film"])
def test_the_tools_of_the_vae_take_labels(way, bars):
    x, y = bars(200)
    cvae = CVAE(*_players(way))
    cvae.compile(keras.optimizers.Adam(1e-2))
    history = KLHistory(x, y)
    cvae.fit(x, y, batch_size=100, epochs=2, callbacks=[history], verbose=0)
    mu, log_var = encode_posterior(cvae, x, y)
    expected = cvae.encode(x, y, training=False)
    for ours, wanted in zip((mu, log_var), expected, strict=True):
        np.testing.assert_allclose(ours, ops.convert_to_numpy(wanted), atol=1e-4)
    assert np.shape(history.of_mean) == (2, 3)
    assert log_likelihood(cvae, x[:20], y[:20], k=1) < log_likelihood(cvae, x[:20], y[:20], k=30)
    one_hot = np.eye(2, dtype="float32")[y]
    mu_alone = cvae.mean_encoder.predict([x, one_hot], verbose=0)
    np.testing.assert_allclose(mu_alone, mu, atol=1e-4)
    drawn = cvae.generator.predict([mu, one_hot], verbose=0)
    np.testing.assert_allclose(drawn, cvae.predict([x, y], verbose=0), atol=1e-4)


def test_players_without_the_label_raise_an_error():
    encoder, decoder = _players("append")
    with pytest.raises(ValueError, match="must both read the label"):
        CVAE(get_encoder(SHAPE, 6), decoder)
    with pytest.raises(ValueError, match="must both read the label"):
        CVAE(encoder, get_decoder(3, SHAPE))
    with pytest.raises(ValueError, match="must both read the label"):
        CVAE(encoder, _players("film", n_classes=3)[1])
    with pytest.raises(ValueError, match=r"mu and log v for the decoder's code of 4 are 8"):
        CVAE(encoder, _players("append", d=4)[1])


def test_wrong_labels_raise_an_error(bars):
    cvae = CVAE(*_players("append"))
    cvae.compile(keras.optimizers.Adam())
    with pytest.raises(ValueError, match="built for 2 classes"):
        cvae.fit(bars(32)[0], np.full(32, 2), verbose=0)


# A learnt prior


def _with_prior(**moments):
    prior = get_prior(2, 3)
    mean, log_var = moments.get("mean", 0.0), moments.get("log_var", 0.0)
    kernel = np.concatenate([np.full((2, 3), mean), np.full((2, 3), log_var)], axis=1)
    prior.set_weights([kernel * [[1], [-1]]])
    return CVAE(*_players("append"), prior=prior)


def test_the_divergence_from_a_learnt_prior_by_hand(bars):
    x, y = bars(6)
    cvae = _with_prior(mean=0.5, log_var=1.0)
    h = cvae.encoder.predict([x, np.eye(2, dtype="float32")[y]], verbose=0)
    mu, log_var = h[:, :3], h[:, 3:]
    sign = np.where(y == 0, 1, -1)[:, None]
    m, log_s = 0.5 * sign, 1.0 * sign
    # KL(N(mu, v) || N(m, s))
    by_hand = 0.5 * (log_s - log_var + (np.exp(log_var) + (mu - m) ** 2) / np.exp(log_s) - 1)
    found = kl_divergence(*cvae.encode(x, y, training=False))
    np.testing.assert_allclose(ops.convert_to_numpy(found), by_hand.sum(axis=1), rtol=1e-4)


def test_a_code_of_the_learnt_prior_is_moved_to_its_class():
    cvae = _with_prior(mean=0.5, log_var=1.0)
    u = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    y = np.eye(2, dtype="float32")[[0, 1, 0, 1]]
    sign = np.array([1, -1, 1, -1])[:, None]
    z = 0.5 * sign + np.exp(0.5 * sign) * u
    expected = cvae.decoder.predict([z.astype("float32"), y], verbose=0)
    np.testing.assert_allclose(cvae.generator.predict([u, y], verbose=0), expected, atol=1e-5)


def test_the_learnt_prior_learns_and_is_saved(bars, tmp_path):
    x, y = bars(320)
    cvae = CVAE(*_players("append"), prior=get_prior(2, 3))
    start = CVAE(cvae.encoder, cvae.decoder)  # with N(0, I), which a new prior equals
    codes = [
        ops.convert_to_numpy(model.encode(x[:5], y[:5], training=False)[0])
        for model in (cvae, start)
    ]
    np.testing.assert_allclose(*codes)
    cvae.compile(keras.optimizers.Adam(1e-2))
    cvae.fit(x, y, batch_size=32, epochs=2, verbose=0)
    assert all(np.abs(weights).max() > 1e-3 for weights in cvae.prior.get_weights())
    cvae.save(tmp_path / "cvae.keras")
    again = keras.models.load_model(tmp_path / "cvae.keras")
    np.testing.assert_allclose(again.generate_for([0, 1]), cvae.generate_for([0, 1]), atol=1e-6)
    assert log_likelihood(cvae, x[:20], y[:20], k=1) < log_likelihood(cvae, x[:20], y[:20], k=30)


def test_a_prior_of_another_size_is_refused():
    with pytest.raises(ValueError, match="The prior of a code of 3 has 6 moments, not 8"):
        CVAE(*_players("append"), prior=get_prior(2, 4))
