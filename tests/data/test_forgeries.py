"""Forgeries: normal patches, damaged where their masks say."""

import itertools

from ankeras.data import crops, forge, forged_patches, texture
from ankeras.data.forgeries import PAINTS, PLACES

import numpy as np
import pytest


@pytest.mark.parametrize("channels", [1, 3])
def test_damage_is_exactly_where_its_mask_is(channels):
    patches = np.repeat(crops(texture("grass"), 60, 48, seed=1), channels, axis=-1)
    before = patches.copy()
    images, masks = forge(patches, seed=2)
    np.testing.assert_array_equal(patches, before)
    assert images.dtype == np.float32
    assert images.shape == patches.shape
    assert images.min() >= 0
    assert images.max() <= 1
    changed = np.any(images != patches, axis=-1)
    assert not np.any(changed & ~masks)
    assert changed[masks].mean() > 0.9
    damaged = masks.any(axis=(1, 2))
    assert 0.5 < damaged.mean() < 0.9
    assert 0.005 < masks[damaged].mean() < 0.3


@pytest.mark.parametrize("paint", PAINTS)
def test_every_paint_is_something_else(paint):
    rng = np.random.default_rng(0)
    patch, other = crops(texture("gravel"), 2, 64, seed=3)
    painted = paint(patch, other, rng)
    assert painted.shape == patch.shape
    assert np.isfinite(painted).all()
    assert np.abs(painted - patch).mean() > 0.02


@pytest.mark.parametrize("place", PLACES)
def test_places_vary_in_size_and_position(place):
    rng = np.random.default_rng(0)
    masks = np.stack([place((40, 56), rng) for _ in range(200)])
    shares = masks.mean(axis=(1, 2))
    assert np.quantile(shares, 0.9) > 2 * np.quantile(shares, 0.1)
    assert np.quantile(shares, 0.99) < 0.4
    everywhere = masks.mean(axis=0)
    assert everywhere.min() > 0
    assert everywhere.max() < 0.4


def test_the_seed_decides():
    patches = crops(texture("brick"), 8, 32)
    one, again, other = (forge(patches, seed).images for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.any(one != other)


def test_what_can_not_be_forged():
    patches = crops(texture("brick"), 2, 32)
    with pytest.raises(ValueError, match=r"in \[0, 1\], not \(2, 32, 32, 1\) in "):
        forge(255 * patches)
    with pytest.raises(ValueError, match=r"not \(2, 32, 32\)"):
        forge(patches[..., 0])


def test_minibatches_without_end():
    image = texture("brick")
    first, second = itertools.islice(forged_patches(image, 6, 32, seed=4), 2)
    assert first.images.shape == (6, 32, 32, 1)
    assert first.masks.shape == (6, 32, 32)
    assert np.any(first.images != second.images)
    again = next(forged_patches(image, 6, 32, seed=4))
    np.testing.assert_array_equal(first.images, again.images)
    with pytest.raises(ValueError, match="has no patches of 400x400"):
        next(forged_patches(image, 6, 400))
