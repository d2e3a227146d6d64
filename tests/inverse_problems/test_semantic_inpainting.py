"""Tests of semantic inpainting: weights, blending and prior by hand; a hole is filled."""

from ankeras.inverse_problems.semantic_inpainting import (
    context_weights,
    poisson_blend,
    semantic_inpainting,
)

import keras
import numpy as np
import pytest

HOLE = np.zeros((16, 16), bool)
HOLE[5:11, 6:12] = True
ROWS, COLUMNS = np.mgrid[:16, :16] / 15


def _generator():
    """Return a generator that draws a ramp: z_1 across, z_2 down, around one half."""
    z = keras.Input((2,))
    base = np.stack([COLUMNS - 0.5, ROWS - 0.5]).reshape(2, 256)
    draw = keras.layers.Dense(256, name="ramps")
    x = keras.layers.Reshape((16, 16, 1))(draw(z))
    draw.set_weights([0.3 * base, np.full(256, 0.5)])
    return keras.Model(z, x)


def _ramp(z):
    return (0.5 + 0.3 * (z[0] * (COLUMNS - 0.5) + z[1] * (ROWS - 0.5)))[..., None].astype("float32")


def test_known_pixels_near_the_hole_count_most():
    weights = context_weights(HOLE)
    assert (weights[HOLE] == 0).all()
    # of the 7x7 pixels around (4, 8), 3 rows of 6 columns are missing, but for the outer ones
    rows, columns = slice(1, 8), slice(5, 12)
    assert weights[4, 8] == pytest.approx(HOLE[rows, columns].mean())
    assert weights[0, 0] == 0
    assert weights[4, 8] > weights[2, 8] > 0


def test_blending_continues_the_image_and_keeps_the_gradients():
    # the patch is the image with other colours: after blending nothing is left of the difference
    image = _ramp((1.0, -1.0))
    np.testing.assert_allclose(poisson_blend(image, image + 0.2, HOLE), image, atol=1e-5)
    # a patch without gradients becomes the harmonic function of the border: here a ramp again
    flat = np.full_like(image, 0.9)
    np.testing.assert_allclose(poisson_blend(image, flat, HOLE), image, atol=1e-5)
    # a spot within the patch stays a spot
    spot = flat.copy()
    spot[8, 8] = 0.5
    blended = poisson_blend(image, spot, HOLE)
    assert blended[8, 8, 0] < image[8, 8, 0] - 0.2
    np.testing.assert_array_equal(blended[~HOLE], image[~HOLE])


def test_a_hole_at_the_edge_of_the_image_is_blended():
    image = _ramp((0.5, 0.5))
    hole = np.zeros((16, 16), bool)
    hole[:5, :4] = True
    np.testing.assert_allclose(poisson_blend(image, image - 0.1, hole), image, atol=1e-4)


def test_the_hole_is_filled_by_what_the_generator_draws_around_it():
    truth = np.stack([_ramp(z) for z in ((1.2, -0.4), (-0.8, 0.9))])
    seen = np.where(HOLE[..., None], np.nan, truth).astype("float32")  # what it holds is not read
    found = semantic_inpainting(
        _generator(), seen, HOLE, prior_weight=0.0, restarts=3, steps=150, learning_rate=0.1
    )
    np.testing.assert_allclose(found.z, [(1.2, -0.4), (-0.8, 0.9)], atol=0.02)
    np.testing.assert_allclose(found.images, truth, atol=0.02)
    np.testing.assert_allclose(found.drawn, truth, atol=0.02)
    assert found.losses.shape == (2,)


def test_the_prior_pulls_codes_to_the_middle_or_to_what_d_accepts():
    truth = _ramp((2.0, 2.0))[None]
    generator = _generator()
    options = {"restarts": 2, "steps": 150, "learning_rate": 0.1}
    free, pulled = (
        semantic_inpainting(generator, truth, HOLE, prior_weight=weight, **options)
        for weight in (0.0, 3.0)
    )
    assert np.linalg.norm(pulled.z) < 0.8 * np.linalg.norm(free.z)
    # this D accepts images that are bright at the top left
    image = keras.Input((16, 16, 1))
    logit = keras.layers.Dense(1)(keras.layers.Flatten()(image))
    discriminator = keras.Model(image, logit)
    top_left = (ROWS + COLUMNS < 0.5).astype("float32").reshape(256, 1)
    discriminator.layers[-1].set_weights([top_left, np.full(1, -4.0)])
    by_d = semantic_inpainting(
        generator, truth, HOLE, discriminator=discriminator, prior_weight=3.0, **options
    )
    assert by_d.drawn[0, :4, :4].mean() > free.drawn[0, :4, :4].mean() + 0.02


def test_wrong_arguments_are_answered_by_a_sentence():
    image = _ramp((1.0, 1.0))[None]
    with pytest.raises(ValueError, match="hides the whole image"):
        semantic_inpainting(_generator(), image, np.ones((16, 16), bool))
    with pytest.raises(ValueError, match=r"holds booleans, .* not int64"):
        semantic_inpainting(_generator(), image, HOLE.astype("int64"))
    with pytest.raises(ValueError, match="hides the whole image"):
        poisson_blend(image[0], image[0], np.ones((16, 16), bool))
    with pytest.raises(ValueError, match=r"The image is \(16, 16, 1\), but the patch \(8, 16, 1\)"):
        poisson_blend(image[0], image[0, :8], HOLE)
    with pytest.raises(ValueError, match="there is no hole to fill"):
        semantic_inpainting(_generator(), image, np.zeros((16, 16), bool))
    with pytest.raises(ValueError, match=r"The mask is \(8, 8\)"):
        semantic_inpainting(_generator(), image, np.ones((8, 8), bool))
    with pytest.raises(ValueError, match=r"draws images of \(16, 16, 1\), not \(8, 8, 1\)"):
        semantic_inpainting(_generator(), image[:, :8, :8], HOLE)
