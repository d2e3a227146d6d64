"""The U-Net and the patch discriminator: shapes, skip connections, what a logit sees."""

from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet

import keras
import numpy as np
import pytest
from keras import layers, ops

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(64, 64, 3), (30, 21, 1), (8, 12, 2)])
def test_an_image_becomes_an_image_of_the_same_sides(shape):
    unet = get_unet(shape, 2, widths=(4, 8, 8))
    drawn = unet.predict(RNG.random((2, *shape)).astype("float32"), verbose=0)
    assert drawn.shape == (2, *shape[:2], 2)
    assert 0 < drawn.min() < drawn.max() < 1


def test_there_is_one_skip_connection_for_each_step_up():
    def joined(**options):
        unet = get_unet((32, 32, 3), widths=(4, 8, 8, 8), **options)
        return [layer for layer in unet.layers if isinstance(layer, layers.Concatenate)]

    assert len(joined()) == 4
    assert not joined(skips=False)
    # the last one joins the image itself
    shapes = [tuple(x.shape[1:]) for x in joined()[-1].input]
    assert shapes == [(32, 32, 8), (32, 32, 3)]


def test_a_pixel_passes_by_the_skip_connections_if_the_middle_is_cut():
    unet = get_unet((16, 16, 1), 1, widths=(4, 4, 4))
    x = RNG.random((1, 16, 16, 1)).astype("float32")
    changed = x.copy()
    changed[0, 3, 5] += 0.5
    convolutions = [layer for layer in unet.layers if isinstance(layer, layers.Conv2D)]
    middle = next(layer for layer in convolutions if layer.kernel_size == (3, 3))
    middle.set_weights([0 * w for w in middle.get_weights()])
    assert np.abs(unet.predict(changed, verbose=0) - unet.predict(x, verbose=0))[0, 3, 5] > 1e-4


def test_dropout_is_in_the_two_innermost_steps_up_and_only_in_training():
    unet = get_unet((16, 16, 1), 1, widths=(4, 4, 4), dropout=0.5)
    assert sum(isinstance(layer, layers.Dropout) for layer in unet.layers) == 2
    x = RNG.random((1, 16, 16, 1)).astype("float32")

    def drawn(training):
        return ops.convert_to_numpy(unet(x, training=training))

    np.testing.assert_array_equal(drawn(False), drawn(False))
    assert np.abs(drawn(True) - drawn(True)).max() > 0


def test_a_logit_sees_38_pixels():
    network = get_patch_discriminator((64, 64, 3), (64, 64, 1))
    assert network.output_shape == (None, 8, 8, 1)
    image, source = RNG.random((1, 64, 64, 3)), RNG.random((1, 64, 64, 1))
    before = ops.convert_to_numpy(network([image, source]))
    rows = []
    for row in range(64):
        changed = image.copy()
        changed[0, row] = 1 - changed[0, row]
        after = ops.convert_to_numpy(network([changed, source]))
        if np.abs(after - before)[0, 4].max() > 1e-7:
            rows.append(row)
    assert (rows[0], rows[-1], len(rows)) == (17, 54, 38)


def test_wrong_arguments_are_answered_by_a_sentence():
    with pytest.raises(ValueError, match="can be halved 3 times, but 4 blocks"):
        get_unet((8, 8, 1))
    with pytest.raises(ValueError, match='must be "sigmoid" or "linear"'):
        get_unet(output_activation="tanh")
    with pytest.raises(ValueError, match="not 'layer'"):
        get_unet(normalization="layer")
    with pytest.raises(ValueError, match="4 halvings leave a single pixel"):
        get_unet((16, 16, 1), normalization="instance")
    with pytest.raises(ValueError, match="dropout is a share"):
        get_unet(dropout=1.0)
    with pytest.raises(ValueError, match="different sides"):
        get_patch_discriminator((64, 64, 3), (32, 32, 3))
    assert isinstance(get_patch_discriminator((16, 16, 1), widths=(4,)), keras.Model)


def test_instance_normalization_draws_each_image_on_its_own():
    images = np.random.default_rng(0).random((4, 16, 16, 1)).astype("float32")
    unet = get_unet((16, 16, 1), 1, widths=(4, 4), normalization="instance")
    together = ops.convert_to_numpy(unet(images, training=True))
    np.testing.assert_allclose(unet.predict(images, verbose=0), together, atol=1e-5)
    batch = get_unet((16, 16, 1), 1, widths=(4, 4))
    together = ops.convert_to_numpy(batch(images, training=True))
    assert np.abs(batch.predict(images, verbose=0) - together).max() > 0.01


def test_a_residual_unet_adds_its_change_to_the_logits_of_the_image():
    images = RNG.random((4, 16, 16, 3)).astype("float32")
    options = {"widths": (4, 4), "seed": 7}
    residual = get_unet((16, 16, 3), 3, **options, residual=True)
    change = get_unet((16, 16, 3), 3, **options, output_activation="linear")
    inner = 0.96 * images + 0.02
    logits = np.log(inner / (1 - inner)) + change.predict(images, verbose=0)
    np.testing.assert_allclose(
        residual.predict(images, verbose=0), 1 / (1 + np.exp(-logits)), atol=1e-5
    )
    last = [layer for layer in residual.layers if isinstance(layer, layers.Conv2D)][-1]
    last.set_weights([0 * w for w in last.get_weights()])
    np.testing.assert_allclose(residual.predict(images, verbose=0), inner, atol=1e-5)
    newest = get_unet((16, 16, 3), 1, **options, residual=True)
    last = [layer for layer in newest.layers if isinstance(layer, layers.Conv2D)][-1]
    last.set_weights([0 * w for w in last.get_weights()])
    np.testing.assert_allclose(newest.predict(images, verbose=0), inner[..., 2:], atol=1e-5)
    black_and_white = np.array([0.0, 1.0], "float32")[np.indices((16, 16, 3)).sum(0) % 2][None]
    assert np.isfinite(residual.predict(black_and_white, verbose=0)).all()
    with pytest.raises(ValueError, match="at most as many channels as the input has, 3"):
        get_unet((16, 16, 3), 4, residual=True)
