"""Tests of activation maximization on networks whose best image is known."""

from ankeras.input_gradients import activations, maximize_activation

import numpy as np
import pytest


@pytest.mark.parametrize("image", ["pixels", "fourier"])
@pytest.mark.parametrize("layer", ["maps", "scores"])
def test_each_unit_gets_its_best_image(colors, image, layer):
    """Red without green for unit 0, green for unit 1, blue for unit 2."""
    rate = 0.1 if image == "pixels" else 1.0
    options = {"size": 8, "image": image, "steps": 40, "jitter": 2, "learning_rate": rate}
    found = maximize_activation(colors, layer, [0, 1, 2], **options)
    assert found.x.shape == (3, 8, 8, 3)
    red, green, blue = found.x.mean(axis=(1, 2))
    assert red[0] > 0.9
    assert red[1] < 0.1
    assert green[1] > 0.9
    assert blue[2] > 0.9
    values = activations(colors, layer, found.x, [0, 1, 2])
    best = np.array([red[0] - red[1], green[1], blue[2] + 0.5])
    np.testing.assert_allclose(np.diag(values), best, atol=1e-5)
    assert found.history["loss"][-1] < -0.8 * best.mean()


def test_a_neuron_is_the_central_position(colors):
    start = np.full((1, 8, 8, 3), 0.5, "float32")
    options = {"start": start, "image": "pixels", "steps": 20, "learning_rate": 0.05, "jitter": 0}
    found = maximize_activation(colors, "maps", 1, part="neuron", **options).x
    assert found[0, 4, 4, 1] == 1
    changed = np.abs(found - 0.5)[0].sum(axis=-1) > 1e-6
    assert changed.sum() == 1
    assert activations(colors, "maps", found, [1], part="neuron") == pytest.approx(1)


def test_a_whole_layer_and_a_regularizer(colors):
    """The norm keeps the pixels near 1/2; without it the squares of all maps grow."""
    options = {"size": 8, "image": "pixels", "steps": 30, "jitter": 0}
    free = maximize_activation(colors, "maps", **options)
    kept = maximize_activation(colors, "maps", regularizers={"norm": 100.0}, **options)
    assert np.abs(free.x - 0.5).mean() > 0.4
    assert np.abs(kept.x - 0.5).mean() < 0.05
    assert "regularizer" in kept.history


def test_invalid_input(colors):
    for options, why in (
        ({"layer": "stem"}, "no layer 'stem'; there are maps, pool, softmax"),
        ({"layer": "maps", "units": 3}, r"units of 'maps' are 0 to 2, not \[3\]"),
        ({"layer": "scores", "units": [-1]}, "units of 'scores' are 0 to 2"),
        ({"layer": "maps", "part": "pixel"}, "a channel or a neuron, not a 'pixel'"),
        ({"layer": "maps", "image": "waves"}, "pixels or fourier"),
        ({"layer": "maps", "regularizers": {"l1": 1.0}}, "no regularizer 'l1'"),
        (
            {"layer": "maps", "units": [0, 1], "start": np.zeros((1, 8, 8, 3))},
            "2 units need 2 pictures to start from, not 1",
        ),
    ):
        with pytest.raises(ValueError, match=why):
            maximize_activation(colors, **options)
