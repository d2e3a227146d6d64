"""Tests of pix2pix: its losses by hand, what each term does, and how it translates."""

from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet
from ankeras.data import Dataset
from ankeras.image_to_image import Pix2Pix

import keras
import numpy as np
import pytest

SHAPE = (12, 12, 1)
RNG = np.random.default_rng(0)


def _model(lam=100.0, adversarial=1.0, dropout=0.0, rate=1e-2):
    model = Pix2Pix(
        get_unet(SHAPE, 1, widths=(8, 8), dropout=dropout),
        get_patch_discriminator(SHAPE, SHAPE, widths=(8, 8)),
        lam=lam,
        adversarial=adversarial,
    )
    model.compile(*(keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(2)))
    return model


def _pairs(n):
    """Return images of noise, and the same images turned by 180 degrees."""
    x = RNG.random((n, *SHAPE)).astype("float32")
    return x, x[:, ::-1, ::-1]


def _by_hand(model, x, y, training):
    """Return the losses and D's mean probabilities, from the outputs of the networks."""
    fake = np.asarray(model.generator(x, training=training))
    real, drawn = (
        1 / (1 + np.exp(-np.asarray(model.discriminator([images, x], training=training), float)))
        for images in (y, fake)
    )
    assert real.shape == (6, 3, 3, 1)
    l1 = np.abs(y - fake).mean()
    return {
        "l1": l1,
        "d_loss": 0.5 * (-np.log(real).mean() - np.log(1 - drawn).mean()),
        "g_loss": 2 * -np.log(drawn).mean() + 7 * l1,
        "d_real": real.mean(),
        "d_fake": drawn.mean(),
    }


def test_the_losses_by_hand(losses_by_hand):
    players = {"discriminator": "d_loss", "generator": "g_loss"}
    losses_by_hand(_model(lam=7.0, adversarial=2.0), _pairs(6), _by_hand, players)


def test_the_l1_term_alone_learns_the_translation(bars):
    x, _ = bars(320)
    y = 1 - x
    model = _model(adversarial=0.0)
    before = model.evaluate(x, y, verbose=0, return_dict=True)["l1"]
    model.fit(x, y, batch_size=32, epochs=8, verbose=0)
    assert model.evaluate(x, y, verbose=0, return_dict=True)["l1"] < 0.3 * before


def test_the_l1_term_alone_draws_the_median_of_the_targets(bars):
    """The target is bright in 70 of 100 cases and else dark, whatever x is. The mean is .66."""
    x = bars(320)[0]
    rows = RNG.random(320) < 0.7
    y = np.where(rows[:, None, None, None], np.float32(0.9), np.float32(0.1)) + 0 * x
    model = _model(adversarial=0.0)
    model.fit(x, y, batch_size=32, epochs=8, verbose=0)
    drawn = model.translate(x).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(np.median(drawn), 0.9, atol=0.05)


def test_d_and_g_descend_their_own_losses():
    x, y = _pairs(8)
    model = _model()
    before = {name: getattr(model, name).get_weights() for name in model.networks}
    model.fit(x, y, batch_size=8, epochs=1, verbose=0)
    for name, old in before.items():
        new = getattr(model, name).get_weights()
        assert max(np.abs(a - b).max() for a, b in zip(old, new, strict=True)) > 1e-3


def test_translating_as_in_the_training_uses_dropout_and_changes_no_weight():
    x, _ = _pairs(4)
    model = _model(dropout=0.5)
    before = model.get_weights()
    np.testing.assert_array_equal(model.translate(x), model.translate(x))
    first, second = (model.translate(x, as_trained=True) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_data_set_with_paired_images_is_read():
    x, y = _pairs(8)
    model = _model()
    model.fit(Dataset(x, {"paired": y}), batch_size=8, verbose=0)
    with pytest.raises(ValueError, match="one target image for each of 8, not none"):
        model.fit(Dataset(x), batch_size=8, verbose=0)


def test_wrong_pairs_and_players_are_answered_by_a_sentence():
    x, y = _pairs(8)
    model = _model()
    with pytest.raises(ValueError, match="one target image for each of 8"):
        model.fit(x, np.arange(8), batch_size=8, verbose=0)
    with pytest.raises(ValueError, match=r"y holds images of shape \(6, 12, 1\)"):
        model.fit(x, y[:, :6], batch_size=8, verbose=0)
    with pytest.raises(ValueError, match=r"get_patch_discriminator\(\(12, 12, 1\)"):
        Pix2Pix(get_unet(SHAPE, 1, widths=(4,)), get_patch_discriminator(SHAPE, widths=(4,)))
    with pytest.raises(ValueError, match="must not be negative, nor both 0"):
        _model(lam=0.0, adversarial=0.0)
