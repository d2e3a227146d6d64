"""The vision transformer: patches in the order of reading, a class token, images of any size."""

from ankeras.builders.attention import attention_weights
from ankeras.builders.vision_transformer import get_vit

import keras
import numpy as np
import pytest
from keras import ops

ON_JAX = keras.backend.backend() == "jax"
pytestmark = pytest.mark.skipif(ON_JAX, reason="JAX compiles each operation: too slow")
RNG = np.random.default_rng(0)
SMALL = {"dim": 8, "depth": 2, "n_heads": 2}


def test_a_pixel_enters_its_patch_and_then_the_whole():
    vit = get_vit((8, 12, 3), 5, patch=4, **SMALL)
    assert vit.output_shape == (None, 5)
    sequence = keras.Model(vit.input, vit.get_layer("class_token").output)
    x = RNG.random((1, 8, 12, 3)).astype("float32")
    other = x.copy()
    other[0, 5, 9, 1] += 0.5  # in the second row of patches, the third of the row
    change = np.abs(sequence.predict(x, verbose=0) - sequence.predict(other, verbose=0))[0]
    assert change.shape == (1 + 6, 8)
    np.testing.assert_array_equal(np.flatnonzero(change.max(axis=1)), [1 + 5])
    assert np.abs(vit.predict(x, verbose=0) - vit.predict(other, verbose=0)).max() > 1e-5


def test_a_stem_of_convolutions_sees_a_little_beyond_the_patch():
    vit = get_vit((16, 16, 1), 5, patch=4, stem="convolutions", **SMALL)
    patches = vit.get_layer("patches")
    assert patches.output.shape == (None, 4, 4, 8)
    assert vit.predict(np.zeros((2, 16, 16, 1)), verbose=0).shape == (2, 5)
    draw = keras.Model(vit.input, patches.output)
    x = RNG.random((1, 16, 16, 1)).astype("float32")
    seen = []
    for row in range(16):
        other = x.copy()
        other[0, row] += 0.5
        change = np.abs(draw.predict(x, verbose=0) - draw.predict(other, verbose=0))
        seen += [row] * bool(change[0, 1].max() > 1e-6)
    assert set(range(4, 8)) < set(seen) <= set(range(2, 12))


def test_the_weights_of_all_blocks_can_be_read(tmp_path):
    vit = get_vit((8, 12, 1), 5, patch=4, **SMALL)
    x = RNG.random((3, 8, 12, 1)).astype("float32")
    vit.save(tmp_path / "vit.keras")
    loaded = keras.models.load_model(tmp_path / "vit.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), vit.predict(x, verbose=0), atol=1e-6)
    found = attention_weights(loaded).predict(x, verbose=0)
    shapes = {name: w.shape for name, w in found.items()}
    assert shapes == {"attention_0": (3, 2, 7, 7), "attention_1": (3, 2, 1, 7)}
    for w in found.values():
        np.testing.assert_allclose(w.sum(axis=-1), 1, atol=1e-5)


def test_the_last_layer_is_in_32_bits():
    keras.config.set_dtype_policy("mixed_bfloat16")
    vit = get_vit((8, 8, 1), 3, patch=4, **SMALL)
    assert vit.outputs[0].dtype == "float32"
    assert ops.convert_to_numpy(vit(RNG.random((2, 8, 8, 1)))).shape == (2, 3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"patch": 5}, "An image of 28x28 can't be divided into patches of 5x5"),
        ({"patch": 0}, "can't be divided into patches of 0x0"),
        ({"patch": 7, "stem": "convolutions"}, "patch is 2, 4, 8, ..., not 7"),
        ({"stem": "mlp"}, 'stem is "linear" or "convolutions", not \'mlp\''),
        ({"n_outputs": 0}, "n_outputs is at least 1, not 0"),
        ({"dim": 10}, "not 10 with 4 heads"),
        ({"depth": 0}, "at least 1 block"),
        ({"image_shape": (28, 28)}, r"\(height, width, channels\)"),
    ],
)
def test_a_network_that_does_not_exist_is_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        get_vit(**options)
