"""Tests of the photographs: size and range, grey files, names that do not exist."""

from ankeras.data.photos import PHOTOS, photo, photos

import numpy as np
import pytest
from PIL import Image


def test_all_photographs_are_there():
    images = photos(size=48)
    assert images.shape == (len(PHOTOS), 48, 48, 3)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    assert images.std(axis=(1, 2, 3)).min() > 0.05
    assert photo("chelsea").shape == (300, 451, 3)


def test_your_own_file(tmp_path):
    file = tmp_path / "grey.png"
    Image.fromarray(np.array([[0, 51], [102, 255]], "uint8")).save(file)
    found = photo(file)
    np.testing.assert_allclose(found[..., 0], [[0, 0.2], [0.4, 1]])
    np.testing.assert_array_equal(found[..., 0], found[..., 2])
    with pytest.raises(ValueError, match="unicorn is neither a file nor one of astronaut, chelsea"):
        photo("unicorn")
    with pytest.raises(ValueError, match="size must be one integer from 1"):
        photo("chelsea", 0)
