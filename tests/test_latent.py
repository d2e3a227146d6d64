"""The latent toolkit on decoders whose images are known."""

from ankeras import latent

import keras
import numpy as np
import pytest


@pytest.fixture
def copying_decoder():
    """D(z) is an image of two pixels: z itself."""
    return keras.Sequential([keras.Input((2,)), keras.layers.Reshape((1, 2, 1))])


def test_encode_and_decode_keep_the_order(copying_decoder):
    z = np.random.default_rng(0).normal(size=(1200, 2)).astype("float32")
    images = latent.decode(copying_decoder, z)
    np.testing.assert_array_equal(images.reshape(-1, 2), z)
    encoder = keras.Sequential([keras.Input((1, 2, 1)), keras.layers.Flatten()])
    np.testing.assert_array_equal(latent.encode(encoder, images), z)


def test_the_box_holds_the_central_codes():
    z = np.stack([np.linspace(0, 1, 1001), np.linspace(-50, 50, 1001)], axis=1)
    low, high = latent.populated_box(z, coverage=0.9)
    np.testing.assert_allclose(low, [0.05, -45])
    np.testing.assert_allclose(high, [0.95, 45])
    inside = ((z >= low) & (z <= high)).mean(axis=0)
    np.testing.assert_allclose(inside, 0.9, atol=0.002)


def test_the_grid_is_laid_out_as_a_plot(copying_decoder):
    images = latent.grid(copying_decoder, np.array([0.0, 10.0]), np.array([1.0, 12.0]), n=3)
    assert images.shape == (3, 3, 1, 2, 1)
    np.testing.assert_allclose(images[0, 0].ravel(), [0.0, 12.0])  # top left
    np.testing.assert_allclose(images[2, 0].ravel(), [0.0, 10.0])  # bottom left
    np.testing.assert_allclose(images[1, 2].ravel(), [1.0, 11.0])


def test_samples_fill_their_box():
    low, high = np.array([0.0, -1.0, 5.0]), np.array([1.0, 1.0, 6.0])
    z = latent.sample_codes(low, high, 5000, seed=3)
    assert z.shape == (5000, 3)
    assert ((z >= low) & (z <= high)).all()
    np.testing.assert_allclose(z.mean(axis=0), (low + high) / 2, atol=0.03)
    np.testing.assert_array_equal(z, latent.sample_codes(low, high, 5000, seed=3))
    assert not np.array_equal(z, latent.sample_codes(low, high, 5000, seed=4))


def test_refusals():
    decoder = keras.Sequential([keras.Input((3,)), keras.layers.Reshape((1, 3, 1))])
    with pytest.raises(ValueError, match="d = 3; train an autoencoder with d = 2"):
        latent.grid(decoder, np.zeros(3), np.ones(3))
    with pytest.raises(ValueError, match=r"share in \(0, 1\], not 2"):
        latent.populated_box(np.zeros((4, 2)), coverage=2)
    with pytest.raises(ValueError, match=r"shape \(n, d\)"):
        latent.populated_box(np.zeros(4))
