"""The network of PixelCNN: which pixels the logits of a pixel depend on, found by gradients."""

from ankeras.builders.masked_convolutions import MaskedConv2D, dilation_of, get_pixelcnn, rows_seen
from ankeras.training.autodiff import input_gradient

import keras
import numpy as np
import pytest
from keras import ops

RNG = np.random.default_rng(0)
SHAPE = (9, 9, 1)
LARGE = (15, 15, 1)
ON_JAX = keras.backend.backend() == "jax"
not_on_jax = pytest.mark.skipif(ON_JAX, reason="JAX compiles each operation: too slow")


def seen_by(network, i, j):
    """Return which pixels the logits of pixel (i, j) depend on: bool (height, width)."""
    # many images: in one image, all ReLUs of the last layers may be 0
    x = ops.convert_to_tensor(RNG.random((32, *network.input_shape[1:])).astype("float32"))
    _, slope = input_gradient(lambda x: ops.sum(network(x)[:, i, j], axis=-1), x)
    return (ops.convert_to_numpy(slope) != 0).any(axis=(0, -1))


def before(i, j, shape=SHAPE):
    """Return which pixels come before pixel (i, j): bool (height, width)."""
    rows, columns = np.indices(shape[:2])
    return (rows < i) | ((rows == i) & (columns < j))


@not_on_jax
@pytest.mark.parametrize(("levels", "blocks", "reach"), [(2, 1, 3), (5, 2, 5), (2, 3, 9)])
def test_two_stacks_see_every_earlier_pixel_of_the_receptive_field_and_no_other(
    levels, blocks, reach
):
    assert rows_seen(blocks) == reach
    network = get_pixelcnn(LARGE, levels, channels=4, blocks=blocks)
    rows, columns = np.indices(LARGE[:2])
    for i, j in ((11, 7), (0, 0), (0, 11), (10, 0), (14, 14)):
        within = (rows >= i - reach) & (np.abs(columns - j) <= reach)
        np.testing.assert_array_equal(seen_by(network, i, j), before(i, j, LARGE) & within)


@not_on_jax
def test_dilation_leaves_no_hole():
    for blocks in range(1, 10):
        reached = {0}
        for dilation in map(dilation_of, range(1, blocks)):
            reached |= {i + dilation for i in reached}
        rows = {first + later for first in (1, 2, 3) for later in reached}
        assert rows == set(range(1, rows_seen(blocks) + 1))


@not_on_jax
def test_one_stack_has_a_blind_spot_however_deep_it_is():
    network = get_pixelcnn(SHAPE, stacks="one", channels=4, blocks=9)
    rows, columns = np.indices(SHAPE[:2])
    for i, j in ((6, 3), (4, 0)):
        seen = seen_by(network, i, j)
        blind = before(i, j) & (columns - j > i - rows)  # more columns to the right than rows up
        np.testing.assert_array_equal(seen, before(i, j) & ~blind)
        assert blind[i - 1, j + 2]
    assert seen_by(get_pixelcnn(SHAPE, channels=4, blocks=2), 6, 3)[5, 5]


def test_masks_by_hand():
    x = np.ones((1, 3, 3, 1), "float32")
    found = {}
    for mask in "AB":
        layer = MaskedConv2D(1, 3, mask=mask, kernel_initializer="ones")
        found[mask] = ops.convert_to_numpy(layer(x))[0, :, :, 0]
        again = MaskedConv2D.from_config(layer.get_config())
        again.build(x.shape)
        np.testing.assert_array_equal(ops.convert_to_numpy(again(x))[0, :, :, 0], found[mask])
    # how many pixels inside of the image each kernel sees
    np.testing.assert_array_equal(found["A"], [[0, 1, 1], [2, 4, 3], [2, 4, 3]])
    np.testing.assert_array_equal(found["B"], found["A"] + 1)


@not_on_jax
@pytest.mark.parametrize("stacks", ["one", "two"])
def test_a_condition_enters_each_gate(stacks):
    network = get_pixelcnn(SHAPE, stacks=stacks, channels=4, blocks=2, condition_dim=3)
    film = [w for w in network.trainable_variables if w.name == "beta"]
    assert len(film) == (2 if stacks == "one" else 4)
    for weight in film:
        weight.assign(RNG.normal(size=weight.shape))
    x = RNG.random((1, *SHAPE)).astype("float32")
    logits = [network.predict([x, np.eye(3)[[k]]], verbose=0) for k in range(3)]
    assert np.abs(logits[0] - logits[1]).max() > 1e-4
    assert np.abs(logits[0] - logits[2]).max() > 1e-4


@not_on_jax
def test_parameters_of_the_lectures_size():
    assert 100_000 < get_pixelcnn().count_params() < 110_000


@pytest.mark.parametrize(("size", "mask"), [(3, "C"), (2, "A"), ((3, 4), "B")])
def test_a_mask_that_does_not_exist_is_refused(size, mask):
    with pytest.raises(ValueError, match='A mask is "A" or "B", of a kernel with odd sides'):
        MaskedConv2D(1, size, mask=mask)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"levels": 1}, "at least 2 levels, not 1"),
        ({"levels": 2.5}, "at least 2 levels, not 2.5"),
        ({"levels": 4, "input_shape": (8, 8, 3)}, "With 4 levels, images have one channel"),
        ({"stacks": "three"}, 'stacks must be "one" or "two"'),
        ({"blocks": 0}, "channels and blocks are at least 1"),
    ],
)
def test_a_network_that_does_not_exist_is_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        get_pixelcnn(**options)


@not_on_jax
def test_images_with_two_levels_may_have_colours():
    network = get_pixelcnn((6, 6, 3), channels=4, blocks=1)
    assert network.output_shape == (None, 6, 6, 3)


@not_on_jax
def test_the_last_layer_is_in_32_bits():
    keras.config.set_dtype_policy("mixed_bfloat16")
    network = get_pixelcnn(SHAPE, channels=4, blocks=2)
    assert network.outputs[0].dtype == "float32"
    np.testing.assert_array_equal(seen_by(network, 4, 4) & ~before(4, 4), False)
