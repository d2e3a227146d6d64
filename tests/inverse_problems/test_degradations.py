"""What damages images does what it says, and the same for the same seed."""

from ankeras.data import faces
from ankeras.inverse_problems import add_noise, blur, jpeg, missing_pixels, text_mask

import numpy as np
import pytest

IMAGES = faces(3, seed=0, size=64).images


def test_noise_has_its_standard_deviation():
    noisy = add_noise(IMAGES, 0.1, seed=1)
    assert np.std(noisy - IMAGES) == pytest.approx(0.1, rel=0.02)
    np.testing.assert_array_equal(noisy, add_noise(IMAGES, 0.1, seed=1))
    assert (noisy != add_noise(IMAGES, 0.1, seed=2)).any()
    with pytest.raises(ValueError, match="negative"):
        add_noise(IMAGES, -1.0)


def test_blur_keeps_the_mean_and_not_the_edges():
    blurred = blur(IMAGES, 2.0)
    np.testing.assert_allclose(blurred.mean(), IMAGES.mean(), rtol=0.02)
    steps, before = (np.abs(np.diff(x, axis=1)).mean() for x in (blurred, IMAGES))
    assert steps < 0.7 * before


@pytest.mark.parametrize("images", [IMAGES, IMAGES[..., :1]])
def test_a_lower_quality_of_jpeg_is_farther_from_the_image(images):
    errors = [np.abs(jpeg(images, quality) - images).mean() for quality in (90, 30, 5)]
    assert errors[0] < errors[1] < errors[2]
    assert jpeg(images, 50).shape == images.shape
    with pytest.raises(ValueError, match="between 1 and 95, 0 does not"):
        jpeg(images, 0)


def test_masks():
    mask = missing_pixels(50, 80, 0.3, seed=4)
    assert mask.shape == (50, 80)
    assert mask.mean() == pytest.approx(0.3, abs=0.03)
    text = text_mask(64, 100, seed=2)
    assert 0.08 < text.mean() < 0.5
    np.testing.assert_array_equal(text, text_mask(64, 100, seed=2))
    assert (text != text_mask(64, 100, seed=3)).any()
    with pytest.raises(ValueError, match=r"\[0, 1\), 1 does not"):
        missing_pixels(5, 5, 1)


@pytest.mark.parametrize("damage", [add_noise, lambda x: blur(x, 1.0), jpeg])
def test_images_of_integers_are_refused(damage):
    images = np.full((2, 8, 8, 3), 200, "uint8")
    with pytest.raises(ValueError, match="such as images / 255, not uint8"):
        damage(images)
    with pytest.raises(ValueError, match="not a list"):
        damage([image / 255 for image in images])
