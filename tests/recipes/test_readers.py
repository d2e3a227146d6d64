"""The images that the readers learn from."""

from ankeras.data import faces
from ankeras.evaluation import sharpness
from ankeras.recipes.readers import worn

import numpy as np
import pytest


@pytest.mark.parametrize("size", [32, 64])
def test_the_reader_learns_from_worn_images_too(size):
    images = faces(40, seed=0, size=size).images
    before = images.copy()
    found = worn(images)
    np.testing.assert_array_equal(images, before)
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 1
    np.testing.assert_array_equal(found[21::2], images[21::2])  # as they were drawn

    little, more = (
        sharpness(found[rows]) / sharpness(images[rows])
        for rows in (slice(1, 10, 2), slice(11, 20, 2))
    )
    assert more < little < 1
    assert more < 0.9
    assert np.std(found[20::2] - images[20::2]) == pytest.approx(0.03, abs=0.005)
