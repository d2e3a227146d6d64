"""Tests of the deep feature consistent VAE: its loss, its feature network, its training."""

from ankeras.autoencoders import DFCVAE, VAE
from ankeras.builders import get_decoder, get_encoder
from ankeras.builders.feature_network import feature_loss, get_feature_network
from ankeras.evaluation import get_classifier

import keras
import numpy as np
import pytest
from keras import ops

SHAPE = (12, 12, 1)
RNG = np.random.default_rng(0)


def _players():
    return get_encoder(SHAPE, 6, widths=(8, 8)), get_decoder(3, SHAPE, widths=(8, 8))


def _phi():
    """Return a feature network with two layers, whose features are easy to compute by hand."""
    image = keras.Input(SHAPE)
    doubled = keras.layers.Rescaling(2.0)(image)
    pooled = keras.layers.AveragePooling2D(12)(image)
    return keras.Model(image, [doubled, pooled])


@pytest.mark.parametrize("pixels", [0.0, 0.5])
def test_the_logs_by_hand(pixels, tiny_images):
    x = tiny_images[:8]
    model = DFCVAE(*_players(), _phi(), alpha=10.0, pixels=pixels, beta=0.3)
    model.compile()
    same = VAE(model.encoder, model.decoder, beta=0.3)
    same.compile()
    logs = model.evaluate(x, batch_size=8, verbose=0, return_dict=True)
    of_vae = same.evaluate(x, batch_size=8, verbose=0, return_dict=True)  # with the same noise
    mu, log_var = model.encode(x)
    noise = keras.random.normal(ops.shape(mu), seed=keras.random.SeedGenerator(model.seed))
    x_hat = model.decode(mu + ops.exp(0.5 * log_var) * noise)
    expected = 10 * float(ops.mean(feature_loss(_phi()(x), _phi()(x_hat))))
    expected += pixels * of_vae["reconstruction"]
    assert logs["reconstruction"] == pytest.approx(expected, rel=1e-3)
    assert logs["kl"] == pytest.approx(of_vae["kl"], rel=1e-4)
    assert logs["loss"] == pytest.approx(expected + 0.3 * of_vae["kl"], rel=1e-3)


def test_training_brings_the_features_together_and_leaves_phi_as_it_is(tiny_images):
    phi = get_feature_network(get_classifier(SHAPE, 2), tiny_images)
    model = DFCVAE(*_players(), phi, alpha=50.0, beta=0.01)
    model.compile(keras.optimizers.Adam(1e-2))
    before = [weights.copy() for weights in phi.get_weights()]
    history = model.fit(tiny_images, batch_size=32, epochs=40, verbose=0).history
    assert history["reconstruction"][-1] < 0.4 * history["reconstruction"][0]
    for old, new in zip(before, phi.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_wrong_arguments_are_answered_by_a_sentence():
    with pytest.raises(ValueError, match=r"reads images of \(28, 28, 1\), the encoder those of"):
        DFCVAE(*_players(), get_feature_network(get_classifier((28, 28, 1), 10)))
    with pytest.raises(ValueError, match="alpha and pixels must not be negative"):
        DFCVAE(*_players(), _phi(), alpha=-1.0)
