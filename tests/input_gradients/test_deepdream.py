"""Tests of DeepDream: the layer becomes more active, the sizes of the octaves, the zoom."""

from ankeras.input_gradients import deepdream, zoom

import numpy as np
import pytest

PHOTO = np.random.default_rng(0).uniform(0.3, 0.7, (60, 48, 3)).astype("float32")
FAST = {"steps": 4, "jitter": 2, "learning_rate": 0.05}


def test_what_a_layer_sees_is_drawn_more_strongly(colors):
    """The activation of channel 1 is green: 4 steps of 0.05 make each pixel greener by 0.2."""
    found = deepdream(colors, PHOTO, "maps", 1, octaves=1, **FAST)
    assert found.shape == PHOTO.shape
    np.testing.assert_allclose(found[..., 1], PHOTO[..., 1] + 0.2, atol=0.02)
    np.testing.assert_array_equal(found[..., ::2], PHOTO[..., ::2])
    again = deepdream(colors, PHOTO, "maps", 1, octaves=1, **FAST)
    np.testing.assert_array_equal(found, again)


def test_octaves_add_up(colors):
    """Each of two octaves makes the picture greener by 0.1, up to the limit of 1."""
    one, two = (
        deepdream(colors, np.full((68, 68, 3), 0.5), "maps", 1, octaves=n, **{**FAST, "steps": 2})
        for n in (1, 2)
    )
    assert one[..., 1].mean() == pytest.approx(0.6, abs=0.01)
    assert two[..., 1].mean() == pytest.approx(0.7, abs=0.02)
    assert two.max() <= 1


def test_the_zoom_goes_on_from_its_last_frame(colors):
    frames = list(zoom(colors, PHOTO, "maps", 2, channel=1, factor=1.2, **{**FAST, "steps": 1}))
    assert [frame.shape for frame in frames] == [PHOTO.shape] * 2
    greens = [image[..., 1].mean() for image in (PHOTO, *frames)]
    np.testing.assert_allclose(np.diff(greens), 0.05, atol=0.02)


def test_invalid_input(colors):
    for options, why in (
        ({"layer": "stem"}, "no layer 'stem'"),
        ({"layer": "maps", "channel": 3}, "channels of 'maps' are 0 to 2, not 3"),
        ({"layer": "maps", "octaves": 5}, "5 octaves of an image of 60x48 would begin at"),
        ({"layer": "maps", "octaves": 0}, "0 octaves"),
    ):
        with pytest.raises(ValueError, match=why):
            deepdream(colors, PHOTO, **options)
    with pytest.raises(ValueError, match="reads images in colour"):
        deepdream(colors, PHOTO[..., :1], "maps")
