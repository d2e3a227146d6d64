"""Scores and maps against their formulas, and that they find what is not normal."""

from ankeras.anomaly import (
    anomaly_maps,
    bigan_score,
    image_scores,
    posterior_score,
    prior_score,
    reconstruction_error,
)
from ankeras.anomaly.maps import WINDOW
from ankeras.builders import get_encoder, get_generator
from ankeras.gans import BiGAN, FCBiGAN
from ankeras.gans.bigan import get_pair_discriminator
from ankeras.gans.fc_bigan import get_fc_discriminator, get_fc_encoder, get_fc_generator

import numpy as np
import pytest
from keras import ops
from scipy.stats import multivariate_normal

SHAPE = (12, 12, 1)


@pytest.fixture
def bigan():
    return BiGAN(
        get_generator(3, SHAPE, widths=(4,)),
        get_pair_discriminator(SHAPE, 3, widths=(4,), hidden=(8,)),
        get_encoder(SHAPE, 3, widths=(4,)),
    )


@pytest.fixture
def images():
    return np.random.default_rng(0).random((5, *SHAPE)).astype("float32")


def test_reconstruction_error_by_hand():
    x, x_hat = np.zeros((2, 2, 2, 1)), np.zeros((2, 2, 2, 1))
    x_hat[0, 0, 0], x_hat[0, 1, 1] = 3, 4
    np.testing.assert_allclose(reconstruction_error(x, x_hat), [5, 0])
    with pytest.raises(ValueError, match="can't be compared"):
        reconstruction_error(x, x_hat[:1])


def test_prior_score_is_the_negative_log_density():
    z = np.random.default_rng(0).normal(size=(6, 4))
    expected = -multivariate_normal(np.zeros(4)).logpdf(z)
    np.testing.assert_allclose(prior_score(z), expected)


def test_posterior_score_is_what_d_says_of_the_pair(bigan, images):
    pairs = ops.convert_to_tensor(images), bigan.encoder(images, training=False)
    logits = bigan.score(*pairs, training=False)
    expected = 1 - ops.convert_to_numpy(ops.sigmoid(logits))[:, 0]
    np.testing.assert_allclose(posterior_score(bigan, images), expected, atol=1e-5)


def test_bigan_score_is_the_formula_of_the_slide(bigan, images):
    z = bigan.encoder(images, training=False)
    x_hat = ops.convert_to_numpy(bigan.generator(z, training=False))
    head = bigan.discriminator.get_layer("output_layer")
    error = np.linalg.norm((x_hat - images).reshape(5, -1), axis=1)
    np.testing.assert_allclose(bigan_score(bigan, images, 0.0), error, rtol=1e-4)

    # D's last layer is linear: the logits of features f are f w + b
    distance = bigan_score(bigan, images, 1.0)
    logits = [
        ops.convert_to_numpy(bigan.score(ops.convert_to_tensor(s), z, training=False))[:, 0]
        for s in (images, x_hat)
    ]
    bound = distance * np.linalg.norm(ops.convert_to_numpy(head.kernel.value))
    assert np.all(np.abs(logits[0] - logits[1]) <= bound + 1e-6)
    assert np.all(distance > 0)
    mixed = bigan_score(bigan, images, 0.3)
    np.testing.assert_allclose(mixed, 0.7 * error + 0.3 * distance, rtol=1e-4)
    with pytest.raises(ValueError, match=r"alpha must lie in \[0, 1\]"):
        bigan_score(bigan, images, 1.5)


@pytest.fixture
def fc_bigan():
    small = {"widths": (4, 8)}
    return FCBiGAN(
        get_fc_generator(3, **small),
        get_fc_discriminator(1, 3, **small),
        get_fc_encoder(1, 3, **small),
    )


def test_maps_are_the_formula_of_the_slide(fc_bigan):
    images = np.random.default_rng(0).random((2, 32, 40, 1)).astype("float32")
    maps = anomaly_maps(fc_bigan, images, alpha=0.25)
    x_hat = fc_bigan.reconstruct(images)
    np.testing.assert_allclose(maps.reconstruction, x_hat, atol=1e-6)
    error = np.abs(x_hat - images)[..., 0]
    assert maps.reconstruction_loss.mean() == pytest.approx(error.mean(), rel=0.02)
    places = (fc_bigan.scores_of(images, fc_bigan.encode_images(images)) - 1) ** 2
    assert maps.discriminator_loss.shape == (2, 32, 40)
    assert maps.discriminator_loss.mean() == pytest.approx(places.mean(), rel=0.02)
    expected = 0.25 * maps.discriminator_loss + 0.75 * maps.reconstruction_loss
    np.testing.assert_allclose(maps.score, expected, rtol=1e-6)
    for each, of_last in zip(vars(maps).values(), vars(maps[[1]]).values(), strict=True):
        np.testing.assert_array_equal(of_last, each[1:])


def test_an_image_is_as_anomalous_as_its_worst_pixels():
    pixels = np.zeros((2, 10, 10))
    pixels[0, 2, 2:5] = 1, 2, 3
    pixels[1, 5, 5] = 9.0  # one pixel may be noise
    np.testing.assert_allclose(image_scores(pixels), [1.02, 0.0])


def test_one_bright_pixel_is_found_where_it_is(fc_bigan):
    fc_bigan.generator.get_layer("output_layer").trainable = False
    images = np.full((1, 32, 40, 1), 0.5, "float32")
    quiet = anomaly_maps(fc_bigan, images, alpha=0.0)
    images[0, 20, 11] = 1.0
    loud = anomaly_maps(fc_bigan, images, alpha=0.0)
    difference = loud.score - quiet.score
    assert np.unravel_index(difference.argmax(), difference.shape) == (0, 20, 11)
    peak = 0.5 / (2 * np.pi * WINDOW**2)
    assert difference.max() == pytest.approx(peak, rel=0.25)


def test_images_whose_sides_are_no_multiples_of_the_stride(fc_bigan):
    images = np.random.default_rng(0).random((2, 33, 39, 1)).astype("float32")
    maps = anomaly_maps(fc_bigan, images)
    assert maps.reconstruction.shape == images.shape
    assert maps.score.shape == (2, 33, 39)
    whole = anomaly_maps(fc_bigan, images[:, :32, :36])
    np.testing.assert_allclose(maps.score[:, :8, :8], whole.score[:, :8, :8], rtol=1e-3)
    with pytest.raises(ValueError, match=r"alpha must lie in \[0, 1\]"):
        anomaly_maps(fc_bigan, images, alpha=-0.1)
