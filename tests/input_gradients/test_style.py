"""Tests of Gram matrices, texture synthesis and style transfer."""

from ankeras.input_gradients import (
    content_distance,
    gram_matrix,
    style_distance,
    style_loss,
    style_of,
    synthesize_texture,
    transfer_style,
)

import numpy as np
import pytest
from keras import ops

RNG = np.random.default_rng(0)
PHOTO = RNG.uniform(0.2, 0.8, (12, 10, 3)).astype("float32")
STRIPES = np.tile(np.array([0.9, 0.1], "float32")[None, :, None], (12, 6, 3))


def test_a_gram_matrix_by_hand():
    """Two maps with the four values 1 2 3 4 and 1 0 1 0, divided by the number of positions."""
    f = np.array([[1, 1], [2, 0], [3, 1], [4, 0]], "float32").reshape(1, 2, 2, 2)
    found = ops.convert_to_numpy(gram_matrix(f))
    np.testing.assert_allclose(found, [[[30 / 4, 4 / 4], [4 / 4, 2 / 4]]])
    mixed = f.reshape(1, 4, 1, 2)[:, [2, 0, 3, 1]]
    np.testing.assert_allclose(ops.convert_to_numpy(gram_matrix(mixed)), found)


def test_the_style_loss_by_hand():
    """Layer 1: ||G - A||^2 = 4 of ||A||^2 = 16. Layer 2 is a thousand times larger: 1 of 4."""
    g1, a1 = np.array([[[2.0, 0], [0, 0]]]), np.array([[[4.0, 0], [0, 0]]])
    g2, a2 = np.array([[[1000.0]]]), np.array([[[2000.0]]])
    np.testing.assert_allclose(style_loss([g1, g2], [a1, a2]), [(4 / 16 + 1 / 4) / 2])
    np.testing.assert_allclose(style_loss([a1, a2], [a1, a2]), 0)


def test_a_style_forgets_positions_and_sizes(colors):
    grams = style_of(colors, PHOTO[None], ["maps"])
    assert [g.shape for g in grams] == [(1, 3, 3)]
    twice = np.concatenate([PHOTO[::-1], PHOTO], axis=0)
    np.testing.assert_allclose(style_distance(colors, twice[None], PHOTO, ["maps"]), 0, atol=1e-6)
    assert style_distance(colors, STRIPES[None], PHOTO, ["maps"]) > 0.01


def test_a_texture_is_synthesized(colors):
    found = synthesize_texture(colors, PHOTO, n=2, size=12, layers=["maps"], steps=80)
    assert found.x.shape == (2, 12, 12, 3)
    assert found.history["loss"][-1] < 0.1 * found.history["loss"][0]
    assert style_distance(colors, found.x, PHOTO, ["maps"]).max() < 2e-3
    assert np.abs(found.x[0] - found.x[1]).mean() > 0.05


def test_style_and_content_are_weighed(colors):
    options = {"style_layers": ["maps"], "content_layer": "maps", "steps": 60}
    content = RNG.uniform(0.4, 0.6, (12, 12, 3)).astype("float32")
    free = transfer_style(colors, content, STRIPES, alpha=0.0, **options).x
    bound = transfer_style(colors, content, STRIPES, alpha=100.0, **options).x
    before = style_distance(colors, content[None], STRIPES, ["maps"])
    assert style_distance(colors, free, STRIPES, ["maps"]) < 0.05 * before
    assert content_distance(colors, bound, content, "maps") < 0.01
    assert content_distance(colors, free, content, "maps") > 0.05
    np.testing.assert_allclose(content_distance(colors, content[None], content, "maps"), 0)


def test_several_styles_are_mixed(colors):
    """With all weight on the first style, the second has no influence."""
    content = np.full((8, 8, 3), 0.5, "float32")
    options = {"style_layers": ["maps"], "content_layer": "maps", "steps": 10}
    alone = transfer_style(colors, content, STRIPES, **options).x
    first = transfer_style(colors, content, [STRIPES, PHOTO], weights=[2, 0], **options).x
    mixed = transfer_style(colors, content, [STRIPES, PHOTO], **options).x
    np.testing.assert_allclose(first, alone, atol=1e-5)
    assert np.abs(mixed - alone).max() > 1e-3


def test_invalid_input(colors):
    with pytest.raises(ValueError, match="layer 'pool' has no positions to sum over"):
        style_of(colors, PHOTO[None], ["pool"])
    with pytest.raises(ValueError, match="no layer 'stem'"):
        transfer_style(colors, PHOTO, STRIPES)
    with pytest.raises(ValueError, match=r"2 styles need 2 weights from 0, not \[1\]"):
        transfer_style(colors, PHOTO, [STRIPES, PHOTO], weights=[1])
    with pytest.raises(ValueError, match=r"1 styles need 1 weights from 0, not \[-1\]"):
        transfer_style(colors, PHOTO, STRIPES, weights=[-1])
