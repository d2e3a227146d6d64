"""Tests of CycleGAN: its losses by hand, both cycle terms, the buffer, two domains."""

from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet
from ankeras.image_to_image import CycleGAN, UnpairedBatches

import keras
import numpy as np
import pytest
from keras import ops

SHAPE = (12, 12, 1)
RNG = np.random.default_rng(0)


def _model(rate=5e-3, **options):
    model = CycleGAN(
        get_unet(SHAPE, 1, widths=(8, 8), normalization="instance", seed=1),
        get_patch_discriminator(SHAPE, widths=(8, 8), seed=2),
        get_unet(SHAPE, 1, widths=(8, 8), normalization="instance", seed=3),
        get_patch_discriminator(SHAPE, widths=(8, 8), seed=4),
        **options,
    )
    model.compile(*(keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(2)))
    return model


def _images(n):
    return RNG.random((n, *SHAPE)).astype("float32")


def _by_hand(model, x, y, training):
    """Return the losses, from the outputs of the networks."""
    G, F, D_Y, D_X = (
        lambda images, network=network: np.asarray(network(images, training=training))
        for network in (
            model.generator,
            model.back_generator,
            model.discriminator,
            model.back_discriminator,
        )
    )
    to_y, to_x = G(x), F(y)
    d_loss = 0.5 * (((D_Y(y) - 1) ** 2).mean() + (D_Y(to_y) ** 2).mean())
    d_loss += 0.5 * (((D_X(x) - 1) ** 2).mean() + (D_X(to_x) ** 2).mean())
    cycle = np.abs(F(to_y) - x).mean() + np.abs(G(to_x) - y).mean()
    same = np.abs(G(y) - y).mean() + np.abs(F(x) - x).mean()
    g_loss = ((D_Y(to_y) - 1) ** 2).mean() + ((D_X(to_x) - 1) ** 2).mean()
    g_loss += 3 * cycle + 3 * 0.25 * same
    return {"d_loss": float(d_loss), "cycle": float(cycle), "g_loss": float(g_loss)}


def test_the_losses_by_hand(losses_by_hand):
    model = _model(lam=3.0, identity=0.25)
    players = {
        "discriminator back_discriminator": "d_loss",
        "generator back_generator": "g_loss",
    }
    losses_by_hand(model, (_images(5), _images(5)), _by_hand, players, rate=0.01)


def test_r1_is_the_penalty_of_both_discriminators():
    x, y = _images(4), _images(4)
    slopes = []
    for r1 in (0.0, 1e4):
        model = _model(r1=r1, lam=0.0)
        model.fit(x, y, batch_size=4, epochs=100, verbose=0)
        for D, real in ((model.discriminator, y), (model.back_discriminator, x)):
            nearby = real + 1e-2 * RNG.standard_normal(real.shape).astype("float32")
            change = D.predict(nearby, verbose=0) - D.predict(real, verbose=0)
            slopes.append(np.abs(change).mean())
    assert slopes[2] < 0.45 * slopes[0]
    assert slopes[3] < 0.45 * slopes[1]


def test_every_player_moves():
    model = _model()
    before = {name: getattr(model, name).get_weights() for name in model.networks}
    model.fit(_images(8), _images(8), batch_size=8, verbose=0)
    for name, old in before.items():
        new = getattr(model, name).get_weights()
        assert max(np.abs(a - b).max() for a, b in zip(old, new, strict=True)) > 1e-3, name


def test_dark_images_become_bright_and_keep_what_they_show(bars):
    shown, _ = bars(600)
    dark, bright = 0.4 * shown[:300], 1 - 0.4 * shown[300:]
    model = _model(buffer=20)
    batches = UnpairedBatches(dark, bright, 20)
    model.fit(batches, epochs=20, verbose=0)
    translated = model.translate(dark)
    assert translated.mean() > 0.5
    # which half of the image is marked is kept
    lower, right = translated[:, 7:, :5], translated[:, :5, 7:]
    assert np.abs(lower.mean(axis=(1, 2, 3)) - right.mean(axis=(1, 2, 3))).mean() > 0.1
    assert np.abs(model.translate(translated, back=True) - dark).mean() < 0.05


def test_the_buffer_shows_old_images_after_it_is_full():
    model = _model(buffer=6)
    batches = [np.full((3, *SHAPE), value, "float32") for value in (0.1, 0.2, 0.3, 0.4)]
    for number, images in enumerate(batches[:2]):
        assert int(model.kept) == 3 * number
        np.testing.assert_array_equal(ops.convert_to_numpy(model.shown(images, 0)), images)
        model.kept.assign(ops.minimum(model.kept + 3, 6))
    kept = ops.convert_to_numpy(model.buffers[0])[:, 0, 0, 0]
    np.testing.assert_allclose(kept, [0.1] * 3 + [0.2] * 3)
    assert not ops.convert_to_numpy(model.buffers[1]).any()
    new = old = 0
    for _ in range(40):
        shown = ops.convert_to_numpy(model.shown(batches[2], 0))[:, 0, 0, 0]
        new += int(np.isclose(shown, 0.3).sum())
        old += int(np.isclose(shown, 0.1).sum() + np.isclose(shown, 0.2).sum())
    # an old image leaves when it is shown; a slot may be drawn twice for the same minibatch
    assert 0 < old < 12
    assert new + old == 120
    assert np.isclose(ops.convert_to_numpy(model.buffers[0]), 0.3).all()


def test_both_domains_are_shuffled_on_their_own():
    x, y = np.arange(10.0)[:, None], np.arange(100.0, 106.0)[:, None]
    batches = UnpairedBatches(x, y, 2)
    assert len(batches) == 3
    epochs = []
    for _ in range(2):
        pairs = [batches[i] for i in range(3)]
        assert sorted(np.concatenate([b for _, b in pairs])[:, 0]) == list(y[:, 0])
        epochs.append(np.concatenate([np.concatenate(pair, axis=1) for pair in pairs]))
        batches.on_epoch_end()
    assert (epochs[0] != epochs[1]).any()
    with pytest.raises(ValueError, match="second domain has 6 images, fewer than a minibatch of 8"):
        UnpairedBatches(x, y, 8)
    with pytest.raises(ValueError, match="at least 1 image, not 0"):
        UnpairedBatches(x, y, 0)


def test_wrong_players_and_domains_are_answered_by_a_sentence():
    model = _model()
    x = _images(4)
    with pytest.raises(ValueError, match=r"y holds images of shape \(12, 12\)"):
        model.fit(x, x[..., 0], batch_size=4, verbose=0)
    with pytest.raises(ValueError, match="the second is empty"):
        model.fit(x, batch_size=4, verbose=0)
    with pytest.raises(ValueError, match=r"y holds images of shape \(6, 12, 1\)"):
        model.fit(x, x[:, :6], batch_size=4, verbose=0)
    unet, wrong = get_unet(SHAPE, 1, widths=(4,)), get_unet((8, 8, 1), 1, widths=(4,))
    patches = get_patch_discriminator(SHAPE, widths=(4,))
    with pytest.raises(ValueError, match="F goes the way of G back"):
        CycleGAN(unet, patches, wrong, patches)
    with pytest.raises(ValueError, match="D_Y reads"):
        CycleGAN(unet, get_patch_discriminator((8, 8, 1), widths=(4,)), unet, patches)
    with pytest.raises(ValueError, match="must not be negative"):
        CycleGAN(unet, patches, unet, patches, lam=-1.0)
