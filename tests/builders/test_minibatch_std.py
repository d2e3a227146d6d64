"""Tests of the layer that tells a discriminator how much a minibatch varies."""

from ankeras.builders import get_discriminator
from ankeras.builders.minibatch_std import MinibatchStd

import numpy as np
import pytest
from keras import ops


def test_the_value_by_hand():
    x = np.array([[[1.0, 2.0]], [[3.0, 2.0]]], "float32")  # (2, 1, 2): deviations 1 and 0
    found = ops.convert_to_numpy(MinibatchStd()(x))
    np.testing.assert_allclose(found[..., :2], x)
    np.testing.assert_allclose(found[..., 2], 0.5, atol=1e-4)


@pytest.mark.parametrize("kind", ["conv", "mlp"])
def test_d_sees_that_images_are_all_alike(kind):
    d = get_discriminator((12, 12, 1), kind=kind, widths=(4,), batch_norm=False, minibatch_std=True)
    x = np.random.default_rng(0).random((6, 12, 12, 1)).astype("float32")
    alike = np.repeat(x[:1], 6, axis=0)
    of_the_same_image = [ops.convert_to_numpy(d(images))[0, 0] for images in (x, alike)]
    assert abs(of_the_same_image[0] - of_the_same_image[1]) > 1e-3
