"""What a vision transformer looks at: rollout and density by hand, and images that it learns."""

from ankeras.builders.attention import attention_weights
from ankeras.language import class_attention, density_on_strokes, get_vit, rollout

import keras
import numpy as np
import pytest

ON_JAX = keras.backend.backend() == "jax"
pytestmark = pytest.mark.skipif(ON_JAX, reason="NumPy after one prediction")
RNG = np.random.default_rng(0)
SMALL = {"patch": 4, "dim": 16, "depth": 2, "n_heads": 2}


def test_the_rollout_by_hand():
    a, b = (RNG.dirichlet(np.ones(3), size=(1, 2, 3)) for _ in range(2))
    first, second = (0.5 * (w[0].mean(axis=0) + np.eye(3)) for w in (a, b))
    np.testing.assert_allclose(rollout([a, b])[0], second @ first, atol=1e-6)
    np.testing.assert_allclose(rollout([a, b]).sum(axis=-1), 1, atol=1e-6)
    np.testing.assert_allclose(rollout([a, b[:, :, :1]])[0], (second @ first)[:1], atol=1e-6)


@pytest.mark.parametrize("stem", ["linear", "convolutions"])
def test_the_attention_of_the_class_token_over_the_image(stem):
    vit = get_vit((8, 12, 1), 5, stem=stem, **SMALL)
    images = RNG.random((150, 8, 12, 1)).astype("float32")  # more than are read at once
    weights = attention_weights(vit).predict(images, verbose=0)
    layers = [weights[f"attention_{i}"] for i in range(2)]
    expected = {
        "last layer": layers[-1].mean(axis=1)[:, 0, 1:],
        "rollout": rollout(layers)[:, 0, 1:],
    }
    for kind, patches in expected.items():
        maps = class_attention(vit, images, kind)
        assert maps.shape == (150, 8, 12)
        np.testing.assert_allclose(maps.sum(axis=(1, 2)), 1, rtol=1e-5)
        of_patches = patches / patches.sum(axis=1, keepdims=True) / 16
        by_hand = np.kron(of_patches.reshape(150, 2, 3), np.ones((1, 4, 4)))
        np.testing.assert_allclose(maps, by_hand, rtol=1e-4)


def test_the_density_by_hand():
    images = np.zeros((2, 4, 4, 1))
    images[0, 0] = images[1, :2] = 1  # strokes on a quarter and on half of the pixels
    even = np.full((2, 4, 4), 1 / 16)
    assert density_on_strokes(even, images) == pytest.approx(1)
    on_first_row = np.zeros((2, 4, 4))
    on_first_row[:, 0] = 1 / 4
    assert density_on_strokes(on_first_row, images) == pytest.approx((4 + 2) / 2)


def test_it_learns_as_any_classifier(bars):
    images, labels = bars(400)
    vit = get_vit((12, 12, 1), 2, **SMALL)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    vit.compile(keras.optimizers.Adam(3e-3), loss, metrics=["accuracy"])
    vit.fit(images, labels, batch_size=40, epochs=3, verbose=0)
    assert vit.evaluate(images, labels, verbose=0, return_dict=True)["accuracy"] > 0.98


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda vit, x: class_attention(vit, x, "first"), "There is no attention 'first'"),
        (lambda vit, x: class_attention(vit, x[:, :4]), "the network reads"),
        (
            lambda vit, x: class_attention(keras.Sequential([keras.layers.Input((8,))]), x),
            "has no patches: build it by get_vit",
        ),
        (lambda vit, x: density_on_strokes(x[..., 0], x[:1]), "do not fit images"),
        (lambda vit, x: density_on_strokes(x[..., 0], 0 * x), "so it has no stroke"),
    ],
)
def test_what_does_not_fit_is_answered_by_a_sentence(call, sentence):
    vit = get_vit((8, 8, 1), 2, **SMALL)
    with pytest.raises(ValueError, match=sentence):
        call(vit, RNG.random((2, 8, 8, 1)).astype("float32"))
