"""The label reaches encoder and decoder, and what is drawn obeys it."""

from ankeras.autoencoders import CVAE, KLHistory, encode_posterior, log_likelihood
from ankeras.builders import get_decoder, get_encoder

import keras
import numpy as np
import pytest
from keras import ops

SHAPE = (12, 12, 1)


def _players(way, d=3, n_classes=2):
    told = {"condition_dim": n_classes, "condition_by": way}
    return (
        get_encoder(SHAPE, 2 * d, widths=(8, 8), **told),
        get_decoder(d, SHAPE, widths=(8, 8), **told),
    )


@pytest.mark.parametrize("way", ["append", "film"])
def test_what_is_drawn_obeys_the_label(way, bars):
    x, y = bars(960)
    cvae = CVAE(*_players(way))
    cvae.compile(keras.optimizers.Adam(1e-2))
    cvae.fit(x, y, batch_size=32, epochs=6, verbose=0)
    images = cvae.generate_classes(np.array([0] * 20 + [1] * 20))
    left, top = images[:, 6:, :6].mean(axis=(1, 2, 3)), images[:, :6, 6:].mean(axis=(1, 2, 3))
    assert (left > top)[:20].mean() >= 0.9
    assert (left < top)[20:].mean() >= 0.9
    mixed = cvae.generate(100)  # of both classes
    left, top = mixed[:, 6:, :6].mean(axis=(1, 2, 3)), mixed[:, :6, 6:].mean(axis=(1, 2, 3))
    assert 0.3 < (left > top).mean() < 0.7
    # the code need not hold the class: told the other one, the decoder draws the other one
    told_wrong = cvae.predict([x[:50], 1 - y[:50]], verbose=0)
    left = told_wrong[:, 6:, :6].mean(axis=(1, 2, 3))
    top = told_wrong[:, :6, 6:].mean(axis=(1, 2, 3))
    assert ((left > top) == (y[:50] == 1)).mean() >= 0.9

    z = np.random.default_rng(3).normal(size=(5, 3)).astype("float32")
    alone = cvae.for_class(1).predict(z, verbose=0)
    np.testing.assert_allclose(alone, cvae.generate_classes(np.full(5, 1), seed=3), atol=1e-6)


def test_the_numbers_are_read_from_the_players():
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


def test_players_without_the_label_are_refused():
    encoder, decoder = _players("append")
    with pytest.raises(ValueError, match="must both read the label"):
        CVAE(get_encoder(SHAPE, 6), decoder)
    with pytest.raises(ValueError, match="must both read the label"):
        CVAE(encoder, get_decoder(3, SHAPE))
    with pytest.raises(ValueError, match="must both read the label"):
        CVAE(encoder, _players("film", n_classes=3)[1])
    with pytest.raises(ValueError, match=r"mu and log v for the decoder's code of 4 are 8"):
        CVAE(encoder, _players("append", d=4)[1])


def test_wrong_labels_are_refused(bars):
    cvae = CVAE(*_players("append"))
    cvae.compile(keras.optimizers.Adam())
    with pytest.raises(ValueError, match="built for 2 classes"):
        cvae.fit(bars(32)[0], np.full(32, 2), verbose=0)
