"""Tests of fast style transfer: its losses by hand, what it learns, wrong input."""

from ankeras.input_gradients import FastStyle, get_style_network, gram_matrix
from ankeras.input_gradients.fast_style import ROWS

import keras
import numpy as np
import pytest
from keras import layers, ops

RNG = np.random.default_rng(0)


def _reader(shape):
    """Return two feature maps of the style, and the grey image as content."""
    image = layers.Input(shape)
    first = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    second = layers.Conv2D(5, 3, strides=2, padding="same")(first)
    return keras.Model(image, [first, second, layers.AveragePooling2D(2)(image)])


def _model(style, **options):
    shape = style.shape
    return FastStyle(get_style_network(shape, widths=(4, 8), n_blocks=1), _reader(shape), style)


def test_the_losses_by_hand():
    style, x = (RNG.random(shape).astype("float32") for shape in ((8, 8, 3), (5, 8, 8, 3)))
    model = _model(style)
    model.compile()
    logs = model.evaluate(x, batch_size=5, verbose=0, return_dict=True)
    drawn = model.predict(x, verbose=0)
    *features, content = model.reader.predict(drawn, verbose=0)
    *of_style, _ = model.reader.predict(style[None], verbose=0)
    total = np.zeros(5)
    for f, a in zip(features, of_style, strict=True):
        g, target = (np.einsum("nhwd,nhwe->nde", b, b) / b[0, ..., 0].size for b in (f, a))
        total += ((g - target) ** 2).sum(axis=(1, 2)) / (target**2).sum() / 2
    x_content = model.reader.predict(x, verbose=0)[-1]
    distance = ((content - x_content) ** 2).sum(axis=(1, 2, 3)) / (x_content**2).sum(axis=(1, 2, 3))
    assert logs["style"] == pytest.approx(total.mean(), rel=1e-4)
    assert logs["content"] == pytest.approx(distance.mean(), rel=1e-4)
    assert logs["loss"] == pytest.approx(0.1 * distance.mean() + total.mean(), rel=1e-4)


def test_it_paints_images_that_it_never_saw_in_the_style(tmp_path):
    rows = np.arange(12) // 2 % 2
    style = np.broadcast_to(rows[:, None, None], (12, 12, 1)).astype("float32")  # stripes
    model = _model(style)
    model.compile(keras.optimizers.Adam(1e-2))
    x = RNG.random((96, 12, 12, 1)).astype("float32")
    before = model.evaluate(x[64:], verbose=0, return_dict=True)["style"]
    model.fit(x[:64], batch_size=16, epochs=12, verbose=0)
    after = model.evaluate(x[64:], verbose=0, return_dict=True)["style"]
    assert after < 0.5 * before
    model.save(tmp_path / "style.keras")
    loaded = keras.models.load_model(tmp_path / "style.keras")
    np.testing.assert_allclose(loaded.paint(x[:4]), model.paint(x[:4]), atol=1e-5)
    target = gram_matrix(model.reader(style[None])[0])
    np.testing.assert_allclose(ops.convert_to_numpy(loaded.grams[0]), target, rtol=1e-4)


def test_open_sides_and_wrong_input():
    network = get_style_network((None, None, 1), widths=(4, 8), n_blocks=1)
    model = FastStyle(network, _reader((None, None, 1)), np.zeros((8, 8, 1), "float32"))
    assert model.paint(np.zeros((1, 8, 12, 1), "float32")).shape == (1, 8, 12, 1)
    with pytest.raises(ValueError, match="multiples of its strides"):
        model.paint(np.zeros((1, 9, 12, 1), "float32"))
    with pytest.raises(ValueError, match=r"multiples of 4, not \(9, 12\)"):
        get_style_network((9, 12, 1))
    with pytest.raises(ValueError, match="feature maps with positions"):
        FastStyle(network, keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten()]))
    (row,) = ROWS
    without = FastStyle(row.tiny().generator, _reader((12, 12, 1)))
    without.compile()
    with pytest.raises(ValueError, match="There is no style to learn"):
        without.fit(np.zeros((4, 12, 12, 1), "float32"), verbose=0)
