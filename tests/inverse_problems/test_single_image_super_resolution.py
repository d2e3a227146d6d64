"""Tests of super-resolution from a single image: what recurs is sharper, and shrinks to the input.

A fan of stripes looks the same at every scale.
"""

from ankeras.data import faces
from ankeras.data.views import shrink
from ankeras.inverse_problems import back_project, single_image_super_resolution
from ankeras.inverse_problems.single_image_super_resolution import (
    BICUBIC,
    examples,
    overlapped,
    patches_of,
    resized,
)

import numpy as np
import pytest


def _fan(size, stripes=8):
    rows, columns = np.mgrid[: 4 * size, : 4 * size]
    angle = np.arctan2(rows + 1, columns + 1)
    stripes = 0.5 + 0.4 * np.sign(np.sin(2 * stripes * angle))
    return shrink(stripes[None, :, :, None], 4)[0].astype("float32")


def _psnr(image, truth):
    return -10 * np.log10(np.mean((image - truth) ** 2))


@pytest.mark.parametrize(("factor", "decibels"), [(2, 5.0), (4, 0.7)])
def test_stripes_that_recur_are_sharper_than_bicubic_ones(factor, decibels):
    truth = _fan(48)
    image = shrink(truth[None], factor)[0]
    found = single_image_super_resolution(image, factor)
    bicubic = resized(image, truth.shape[:2], BICUBIC).clip(0, 1)
    assert found.dtype == np.float32
    assert found.shape == truth.shape
    assert _psnr(found, truth) > _psnr(bicubic, truth) + decibels
    # the examples do it, not the back-projection alone
    assert _psnr(found, truth) > _psnr(back_project(bicubic, image), truth) + decibels / 2


def test_shrinking_the_result_gives_the_image():
    image = shrink(faces(1, seed=5, size=32).images, 2)[0][:, :14]
    for factor, neighbours in ((2, 5), (4, 1)):
        found = single_image_super_resolution(image, factor, patch=3, neighbours=neighbours)
        assert found.shape == (16 * factor, 14 * factor, 3)
        assert found.min() >= 0
        assert found.max() <= 1
        np.testing.assert_allclose(shrink(found[None], factor)[0], image, atol=2e-3)


def test_patches_by_hand():
    image = np.random.default_rng(0).random((12, 11, 2)).astype("float32")
    patches = patches_of(image, 3)
    assert patches.shape == (10 * 9, 3, 3, 2)
    np.testing.assert_array_equal(patches[9 + 2], image[1:4, 2:5])
    np.testing.assert_allclose(overlapped(patches, image.shape), image, atol=1e-6)
    corner = np.zeros_like(patches)
    corner[0] = 1.0
    # the pixel (1, 1) lies under 4 patches, of which one is 1
    assert overlapped(corner, image.shape)[1, 1, 0] == pytest.approx(1 / 4)


def test_an_example_is_a_patch_and_what_it_looks_like_at_a_coarser_scale():
    image = _fan(24)
    coarse, fine = examples(image, 5)
    first = 20 * 20  # patches of the image itself come first
    assert len(coarse) == len(fine) > 2 * first
    # both without the mean of the coarse one
    np.testing.assert_allclose(coarse.mean(axis=(1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(
        np.diff(fine[:first].reshape(first, -1)[7]),
        np.diff(patches_of(image, 5)[7].ravel()),
        atol=1e-6,
    )
    assert np.var(fine[:first]) > np.var(coarse[:first])
    related = np.corrcoef(coarse[:first].ravel(), fine[:first].ravel())[0, 1]
    assert related > 0.8


def test_wrong_arguments_are_answered_by_a_sentence():
    image = _fan(16)
    for wrong, options, sentence in (
        (image[None], {}, r"one image \(height, width, c\), not \(1, 16, 16, 1\)"),
        (image, {"factor": 3}, "must be 2 or 4, not 3"),
        (image[:9], {}, "9x16 is too small: .* at least 10"),
        (image * 255, {}, r"values in \[0, 1\], not \["),
        (image * np.nan, {}, r"values in \[0, 1\], not \[nan"),
        (image, {"neighbours": 0}, "one neighbour: not 5 and 0"),
    ):
        with pytest.raises(ValueError, match=sentence):
            single_image_super_resolution(wrong, **options)
