"""Textures, and defects in them."""

from ankeras.data import anomalies, crops, texture
from ankeras.data.defects import DEFECTS
from ankeras.data.textures import TEXTURES

import numpy as np
import pytest


@pytest.mark.parametrize("name", TEXTURES)
def test_a_photograph_is_parted_without_overlap(name):
    train, test = texture(name, "train"), texture(name, "test")
    assert train.shape == (320, 512, 1)
    assert test.shape == (192, 512, 1)
    assert train.dtype == np.float32
    assert 0 <= train.min() < train.max() <= 1
    assert train.std() > 0.05


def test_crops_are_parts_of_the_image():
    image = np.arange(40 * 50, dtype=float).reshape(40, 50, 1)
    for patch in crops(image, 20, 16, seed=3):
        row, column = divmod(int(patch[0, 0, 0]), 50)
        np.testing.assert_array_equal(patch, image[row : row + 16, column : column + 16])


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: texture("wood"), "no texture 'wood', only brick, grass, gravel"),
        (lambda: texture("brick", "validation"), '"train" or "test", not'),
        (lambda: crops(np.zeros((40, 50, 1)), 1, 41), "40x50 has no patches of 41x41"),
        (lambda: anomalies("brick", 1, size=16), "must be 32 to 192 pixels, not 16"),
        (lambda: anomalies("brick", 1, kinds=("dent",)), "no defect 'dent'"),
    ],
)
def test_what_there_is_not(call, why):
    with pytest.raises(ValueError, match=why):
        call()


@pytest.mark.parametrize("name", TEXTURES)
@pytest.mark.parametrize("kind", DEFECTS)
def test_a_defect_is_exactly_where_its_mask_is(name, kind):
    size = 96
    found = anomalies(name, 8, size=size, seed=5, kinds=(kind,))
    untouched = crops(texture(name, "test"), 16, size, seed=5)
    assert found.kinds == ("good",) * 8 + (kind,) * 8
    assert not np.any(found.masks[:8])
    np.testing.assert_array_equal(found.images[:8], untouched[:8])
    changed = np.any(found.images != untouched, axis=-1)
    assert not np.any(changed & ~found.masks)
    for i in range(8, 16):
        share = found.masks[i].mean()
        assert 0.003 < share < 0.2
        assert changed[i][found.masks[i]].mean() > 0.95
    assert found.images.min() >= 0
    assert found.images.max() <= 1
    assert found.anomalous.tolist() == [False] * 8 + [True] * 8


def test_the_seed_decides():
    first, again, other = (anomalies("grass", 2, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.masks, again.masks)
    assert np.any(first.masks != other.masks)
