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


def test_the_losses_by_hand():
    x, y = _pairs(6)
    model = _model(lam=7.0, adversarial=2.0)
    logs = model.evaluate(x, y, batch_size=6, verbose=0, return_dict=True)
    fake = model.predict(x, verbose=0)
    real_logits, fake_logits = (
        model.discriminator.predict([images, x], verbose=0).astype("float64")
        for images in (y, fake)
    )
    real, drawn = (1 / (1 + np.exp(-logits)) for logits in (real_logits, fake_logits))
    assert real.shape == (6, 3, 3, 1)
    l1 = np.abs(y - fake).mean()
    assert logs["l1"] == pytest.approx(l1, rel=1e-4)
    d_loss = 0.5 * (-np.log(real).mean() - np.log(1 - drawn).mean())
    assert logs["d_loss"] == pytest.approx(d_loss, rel=1e-4)
    assert logs["g_loss"] == pytest.approx(2 * -np.log(drawn).mean() + 7 * l1, rel=1e-4)
    assert logs["d_real"] == pytest.approx(real.mean(), rel=1e-4)
    assert logs["d_fake"] == pytest.approx(drawn.mean(), rel=1e-4)


def test_the_l1_term_alone_learns_the_translation(bars):
    x, _ = bars(320)
    y = 1 - x
    model = _model(adversarial=0.0)
    before = model.evaluate(x, y, verbose=0, return_dict=True)["l1"]
    model.fit(x, y, batch_size=32, epochs=8, verbose=0)
    assert model.evaluate(x, y, verbose=0, return_dict=True)["l1"] < 0.3 * before


def test_without_the_l1_term_the_image_looks_right_but_need_not_be_the_pair(bars):
    """The target is one of two images, equally often, whatever the input is."""
    x = bars(320)[0]
    rows = RNG.integers(0, 2, 320).astype(bool)
    y = np.where(rows[:, None, None, None], np.float32(0.9), np.float32(0.1)) + 0 * x
    mean = _model(adversarial=0.0)
    mean.fit(x, y, batch_size=32, epochs=8, verbose=0)
    drawn = mean.translate(x).mean(axis=(1, 2, 3))
    assert np.median(np.abs(drawn - 0.1)) > 0.05  # L1 alone: neither dark nor bright


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
