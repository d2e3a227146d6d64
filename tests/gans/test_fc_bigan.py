"""The fully convolutional BiGAN: its losses by hand, any size of image, one score per place."""

from ankeras.anomaly import anomaly_maps, roc_auc
from ankeras.data import forge, forged_patches
from ankeras.gans import FCBiGAN
from ankeras.gans.fc_bigan import get_fc_discriminator, get_fc_encoder, get_fc_generator

import keras
import numpy as np
import pytest
from keras import ops

SMALL = {"widths": (4, 8)}


def _model(d=3, **options):
    return FCBiGAN(
        get_fc_generator(d, **SMALL),
        get_fc_discriminator(1, d, **SMALL),
        get_fc_encoder(1, d, **SMALL),
        **options,
    )


def _images(*shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype("float32")


def test_losses_by_hand():
    model = _model()
    real, fake = np.array([[0.5], [2.0]]), np.array([[0.0], [3.0]])
    assert float(model.d_loss(real, fake)) == pytest.approx(0.5 * 0.625 + 0.5 * 4.5)
    assert float(model.g_loss(fake)) == pytest.approx(0.5 * 2.5)
    assert float(model.e_loss(real)) == pytest.approx(0.5 * 2.125)


def test_a_step_descends_all_of_the_objective():
    """What one step of SGD changes is the gradient, here by finite differences on one bias."""
    x, rate, lam, eps = _images(4, 16, 16, 1), 1e-2, 0.7, 1e-2
    model = _model(lam=lam, seed=5)
    tensor = ops.convert_to_tensor(x)
    z = model.sample_z(tensor)
    bias = model.encoder.get_layer("output_layer").bias
    start = ops.convert_to_numpy(bias.value).copy()

    def objective(value):
        bias.assign(value)
        code = model.encoder(tensor, training=True)
        fake, x_hat = ops.split(model.generator(ops.concatenate([z, code]), training=True), 2)
        loss = model.g_loss(model.score(fake, z)) + model.e_loss(model.score(tensor, code))
        whole = loss + lam * ops.mean(ops.abs(x_hat - tensor))
        return float(ops.convert_to_numpy(whole))

    steps = np.eye(3, dtype="float32") * eps
    slope = [(objective(start + s) - objective(start - s)) / (2 * eps) for s in steps]
    again = _model(lam=lam, seed=5)  # its step draws the same noise
    again.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate))
    again.fit(x, batch_size=4, verbose=0)
    moved = ops.convert_to_numpy(again.encoder.get_layer("output_layer").bias.value) - start
    np.testing.assert_allclose(moved, -rate * np.array(slope), rtol=0.1, atol=1e-5)


def test_forgery_loss_by_hand():
    model, masks = _model(), np.zeros((1, 8, 8), bool)
    masks[0, :4, :3] = True  # of the first of four places
    masks[0, 5, 5] = True  # one pixel of the last's 16: less than an eighth
    scores = np.array([[0.5, 1.0], [2.0, 1.0]], "float32").reshape(1, 2, 2, 1)
    found = model.forgery_loss(ops.convert_to_tensor(scores), ops.convert_to_tensor(masks))
    assert float(found) == pytest.approx(0.5 * (0.25 + 1.0) / 4)


def test_d_alone_learns_from_forgeries_what_is_not_normal():
    stripes = np.tile(0.5 + 0.3 * np.sin(np.arange(96) / 2), (96, 1))[..., None].astype("float32")
    model = _model()
    model.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-3))
    others = [ops.convert_to_numpy(w.value) for w in model.theta_g]
    batches = forged_patches(stripes, 16, 32)
    model.fit(batches, steps_per_epoch=200, shuffle=False, verbose=0)
    for weight, before in zip(model.theta_g, others, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(weight.value), before)
    images, masks = next(forged_patches(stripes, 64, 32, seed=9))
    found = anomaly_maps(model, images, alpha=1.0)
    assert roc_auc(found.score, masks) > 0.8


def test_evaluation_on_forgeries():
    model = _model()
    model.compile()
    images, masks = forge(_images(8, 16, 16, 1))
    found = model.evaluate(images, masks, batch_size=8, verbose=0, return_dict=True)
    damaged = masks.reshape(8, 4, 4, 4, 4).mean((2, 4)) >= 1 / 8
    assert damaged.any()
    errors = model.scores_of(images, model.encode_images(images)) - (1.0 - damaged)
    assert found["d_loss"] == pytest.approx(0.5 * np.mean(errors**2), rel=1e-4)


def test_masks_that_do_not_fit():
    model = _model()
    model.compile()
    images, masks = forge(_images(8, 16, 16, 1))
    assert np.isfinite(model.fit(images, masks, batch_size=4, verbose=0).history["d_loss"][0])
    with pytest.raises(ValueError, match=r"need masks \(8, 16, 16\), not \(8, 8, 8\)"):
        model.fit(images, masks[:, :8, :8], batch_size=4)


def test_networks_run_on_any_size_and_far_pixels_do_not_count():
    model = _model()
    large = _images(1, 64, 96, 1)
    codes = model.encode_images(large)
    assert codes.shape == (1, 16, 24, 3)
    assert model.scores_of(large, codes).shape == (1, 16, 24)
    assert model.reconstruct(large).shape == large.shape
    part = model.reconstruct(large[:, 16:64, 16:80])
    np.testing.assert_allclose(
        part[0, 16:-16, 16:-16], model.reconstruct(large)[0, 32:48, 32:64], atol=1e-5
    )


def test_generated_images_have_any_size():
    model = _model()
    assert model.generate(2, size=(20, 32)).shape == (2, 20, 32, 1)
    assert model.stride == 4
    np.testing.assert_array_equal(model.generate(2, seed=1), model.generate(2, seed=1))


def test_reconstruction_gets_better():
    rng = np.random.default_rng(0)
    phase = rng.uniform(0, 2 * np.pi, (64, 1, 1, 1))
    x = 0.5 + 0.4 * np.sin(np.arange(16).reshape(1, 1, 16, 1) / 2 + phase)
    x = np.broadcast_to(x, (64, 16, 16, 1)).astype("float32")
    model = _model(lam=10)
    model.compile(keras.optimizers.Adam(2e-3), keras.optimizers.Adam(2e-3))
    history = model.fit(x, batch_size=16, epochs=40, verbose=0).history
    assert history["reconstruction"][-1] < 0.5 * history["reconstruction"][0]
    assert np.abs(model.reconstruct(x) - x).mean() < 0.1


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="reads images and codes"):
        FCBiGAN(get_fc_generator(3), get_fc_discriminator(1, 4), get_fc_encoder(1, 3))
    with pytest.raises(ValueError, match="goes the generator's way back"):
        FCBiGAN(get_fc_generator(3), get_fc_discriminator(1, 3), get_fc_encoder(1, 4))
    with pytest.raises(ValueError, match="lam of the penalty"):
        _model(lam=-1)
    model = _model()
    model.compile()
    with pytest.raises(ValueError, match="multiples of 4 pixels, not 18x16"):
        model.fit(_images(4, 18, 16, 1), batch_size=2, verbose=0)
    with pytest.raises(ValueError, match="multiples of 4 pixels"):
        model.reconstruct(_images(4, 18, 16, 1))
    with pytest.raises(ValueError, match="network reads"):
        model.fit(_images(4, 16, 16, 3), batch_size=2, verbose=0)
