"""Tests of latent diffusion, of the cascade and of the tools on images."""

from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.data.views import shrink
from ankeras.diffusion import (
    DDPM,
    DiffusionUpsampler,
    LatentDDPM,
    code_moments,
    complete,
    from_noise,
    get_spatial_decoder,
    get_spatial_encoder,
    interpolate_noise,
    invert,
    vary,
)

import keras
import numpy as np
import pytest

SHAPE = (12, 12, 1)
RNG = np.random.default_rng(0)


def _latent(mean=(0.5, -1.0), spread=(2.0, 4.0)):
    return LatentDDPM(
        get_spatial_encoder(SHAPE, 2, widths=(4,)),
        get_spatial_decoder(SHAPE, 2, widths=(4,)),
        get_diffusion_unet((6, 6, 2), widths=(4, 8), stem=False),
        mean,
        spread,
        n_steps=20,
    )


def test_codes_are_standardized_by_channel():
    model, x = _latent(), RNG.random((5, *SHAPE)).astype("float32")
    z = model.encoder.predict(x, verbose=0)
    z_0 = keras.ops.convert_to_numpy(model.to_signal(x))
    np.testing.assert_allclose(z_0, (z - [0.5, -1.0]) / [2.0, 4.0], atol=1e-5)
    np.testing.assert_allclose(model.to_images(z_0), model.decoder.predict(z, verbose=0), atol=1e-5)
    moments = code_moments(model.encoder, x)
    np.testing.assert_allclose(moments[0], z.mean(axis=(0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(moments[1], z.std(axis=(0, 1, 2)), atol=1e-5)


def test_the_autoencoder_of_latent_diffusion_does_not_move():
    model = _latent()
    model.compile(keras.optimizers.Adam(1e-2))
    before = [w.copy() for w in (*model.encoder.get_weights(), *model.decoder.get_weights())]
    model.fit(RNG.random((32, *SHAPE)).astype("float32"), epochs=2, verbose=0)
    after = [*model.encoder.get_weights(), *model.decoder.get_weights()]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.generate(3, steps=2).shape == (3, *SHAPE)


def test_latent_networks_must_fit():
    encoder, decoder = get_spatial_encoder(SHAPE, 2, widths=(4,)), None
    decoder = get_spatial_decoder(SHAPE, 3, widths=(4,))
    network = get_diffusion_unet((6, 6, 2), widths=(4,), stem=False)
    with pytest.raises(ValueError, match=r"draws codes of \(6, 6, 2\)"):
        LatentDDPM(encoder, decoder, network, (0.0, 0.0), (1.0, 1.0))
    with pytest.raises(ValueError, match="one number for each of the 2 channels"):
        _latent(mean=(0.0,))


def _upsampler(**options):
    network = get_diffusion_unet(SHAPE, widths=(8, 8), image_condition=True)
    return DiffusionUpsampler(network, **options)


def test_the_upsampler_sees_the_small_image_with_noise_of_the_rate_that_it_is_told():
    model = _upsampler(lowest=0.3)
    x_0 = np.full((2000, *SHAPE), 0.5, "float32")
    c, s = (keras.ops.convert_to_numpy(a) for a in model.conditions(x_0, None, training=True))
    assert 0.3 <= s.min() < 0.35
    assert 0.95 < s.max() <= 1
    np.testing.assert_allclose(c.mean(axis=(1, 2, 3)), np.sqrt(s[:, 0]) * 0.5, atol=0.4)
    np.testing.assert_allclose(c.std(axis=(1, 2, 3)), np.sqrt(1 - s[:, 0]), atol=0.25)


def test_an_upsampler_draws_large_images_that_shrink_to_the_small_ones(bars):
    x, _ = bars(256)
    model = _upsampler()
    model.compile(keras.optimizers.Adam(5e-3))
    model.fit(x, batch_size=32, epochs=12, verbose=0)
    small = shrink(x[:20], 2)
    large = model.upsample(small, steps=8, image_rate=1.0)
    assert large.shape == (20, *SHAPE)
    error = np.abs(shrink(large, 2) - small).mean()
    assert error < 0.4 * np.abs(small - small.mean()).mean()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: _upsampler(factor=5), "must be multiples of the factor"),
        (lambda: _upsampler(lowest=0.0), "lowest is a signal rate"),
        (lambda: _upsampler().generate(3), r"call upsample\(images\)"),
        (
            lambda: _upsampler().upsample(np.zeros((1, 12, 12, 1), "float32")),
            r"the network reads \(6, 6, 1\)",
        ),
        (
            lambda: _upsampler().upsample(np.zeros((1, 6, 6, 1), "float32"), image_rate=0.1),
            r"image_rate must be in \[0.6, 1\]",
        ),
    ],
)
def test_wrong_upsampling_is_answered_by_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.fixture(scope="module")
def two_images():
    """A model that has learnt two images, bright on the left or on the right; and these images."""
    keras.utils.set_random_seed(0)
    x = np.zeros((256, *SHAPE), "float32")
    x[:128, :, :6], x[128:, :, 6:] = 1, 1
    model = DDPM(get_diffusion_unet(SHAPE, widths=(8, 16)), n_steps=100)
    model.compile(keras.optimizers.Adam(5e-3))
    model.fit(x, batch_size=32, epochs=50, verbose=0)
    return model, x[[0, 255] * 8]


def test_a_completion_keeps_the_known_pixels_and_fits_them(two_images):
    model, x = two_images
    known = np.zeros(SHAPE[:2], bool)
    known[:6] = True
    damaged = np.where(known[..., None], x, np.nan).astype("float32")
    found = complete(model, damaged, known, steps=20)
    np.testing.assert_array_equal(found[:, :6], x[:, :6])
    wrong = np.abs(found - x)[:, 6:].mean(axis=(1, 2, 3)) > 0.3
    assert wrong.mean() < 0.2  # by chance it would be half of them
    with pytest.raises(ValueError, match="one value per pixel"):
        complete(model, x, known[:5])
    with pytest.raises(ValueError, match="repeats must be at least 1"):
        complete(model, x, known, repeats=0)


def test_a_small_change_keeps_the_image_and_a_rough_drawing_becomes_one(two_images):
    model, x = two_images
    assert np.abs(vary(model, x, strength=0.3) - x).mean() < 0.1
    rough = (0.3 + 0.4 * x).astype("float32")
    error = np.abs(vary(model, rough, strength=0.6, seed=1) - x).mean()
    assert error < 0.75 * np.abs(rough - x).mean()
    with pytest.raises(ValueError, match=r"strength is a share of T in \(0, 1\]"):
        vary(model, x, strength=0.0)


def test_images_come_back_from_their_noise(two_images):
    model, x = two_images
    noise = invert(model, x[:2], steps=50)
    assert np.abs(from_noise(model, noise, steps=50) - x[:2]).mean() < 0.1
    between = interpolate_noise(noise[0], noise[1], 5)
    np.testing.assert_allclose(between[[0, -1]], noise, atol=1e-4)
    lengths = np.linalg.norm(between.reshape(5, -1), axis=1)
    assert lengths.min() > 0.9 * min(lengths[[0, -1]])
    assert from_noise(model, between[None], steps=5).shape == (1, 5, *SHAPE)
