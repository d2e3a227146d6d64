"""Tests of colorization: chroma, palette and loss by hand, and what a regression can't do."""

from ankeras.builders.unet import get_unet
from ankeras.data.views import grey as luma
from ankeras.data.views import pairs
from ankeras.image_to_image import (
    Colorization,
    chroma,
    find_palette,
    mean_chroma,
    with_chroma,
)

import keras
import numpy as np
import pytest

RNG = np.random.default_rng(0)
PALETTE = ((-0.2, 0.4), (-0.2, -0.2), (0.0, 0.0))  # red, green, grey


def _model(palette=PALETTE, shape=(12, 12, 1)):
    k = len(palette)
    model = Colorization(get_unet(shape, k, widths=(8, 8), output_activation="linear"), palette)
    model.compile(keras.optimizers.Adam(1e-2))
    return model


def _shirts(n):
    """Return bright squares on black: each is red or green, which its grey image does not tell."""
    colors = with_chroma(np.full((2, 1), 0.5), np.array(PALETTE[:2]))
    images = np.zeros((n, 12, 12, 3), "float32")
    images[:, 3:9, 3:9] = colors[RNG.integers(0, 2, n)][:, None, None]
    return luma(images), images


def test_chroma_and_luma_give_the_image_back():
    images = RNG.random((2, 5, 5, 3)).astype("float32")
    found = np.asarray(chroma(images))
    luma_by_hand = images @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(found[..., 0], images[..., 2] - luma_by_hand, atol=1e-6)
    np.testing.assert_allclose(found[..., 1], images[..., 0] - luma_by_hand, atol=1e-6)
    np.testing.assert_allclose(with_chroma(luma(images), found), images, atol=1e-5)
    assert mean_chroma(images) > 0.1
    assert mean_chroma(np.repeat(images[..., :1], 3, axis=-1)) == pytest.approx(0, abs=1e-6)


def test_the_palette_holds_the_colours_of_the_images():
    _, images = _shirts(40)
    found = find_palette(images, 3)
    found = found[np.argsort(found[:, 1])]
    wanted = np.array(PALETTE)[[1, 2, 0]]
    np.testing.assert_allclose(found, wanted, atol=0.02)


def _by_hand(model, x, y, training):
    """Return the loss and the share of right pixels, from the logits of the network."""
    logits = np.asarray(model.network(x, training=training), float)
    c = np.asarray(chroma(y))
    q = ((c[..., None, :] - np.array(PALETTE)) ** 2).sum(axis=-1).argmin(axis=-1)
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    nll = -np.take_along_axis(log_p, q[..., None], axis=-1).mean()
    return {"loss": nll, "accuracy": (logits.argmax(axis=-1) == q).mean()}


def test_the_loss_by_hand(losses_by_hand):
    x, y = _shirts(4)
    model = _model()
    logs = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    accuracy = _by_hand(model, x, y, training=False)["accuracy"]
    assert logs["accuracy"] == pytest.approx(accuracy, abs=1e-6)
    losses_by_hand(model, (x, y), _by_hand, {"network": "loss"})


def test_a_shirt_is_red_or_green_and_never_brown():
    x, y = _shirts(300)
    model = _model()
    model.fit(x, y, batch_size=30, epochs=10, verbose=0)
    drawn = model.samples(x[:20], n=6)
    assert drawn.shape == (20, 6, 12, 12, 3)
    shirts = drawn[:, :, 4:8, 4:8]
    red = shirts[..., 0] > shirts[..., 1] + 0.2
    assert 0.25 < red.mean() < 0.75
    # all pixels of a shirt have the same colour
    assert np.isin(red.mean(axis=(2, 3)), (0, 1)).mean() > 0.9
    # the mean of the probable colours has less chroma than any of them
    mixed, decided = (model.colorize(x[:20], temperature) for temperature in (1.0, 0.003))
    assert mean_chroma(mixed[:, 4:8, 4:8]) < 0.75 * mean_chroma(y[:20, 4:8, 4:8])
    assert mean_chroma(decided[:, 4:8, 4:8]) > 0.8 * mean_chroma(y[:20, 4:8, 4:8])
    np.testing.assert_allclose(luma(drawn[:, 0]), x[:20], atol=0.05)


def test_faces_get_colours():
    data = pairs("grey", 300, seed=0, size=32, background="sky", skin=0.3)
    palette = find_palette(data.targets["paired"], 8)
    model = Colorization(
        get_unet((32, 32, 1), 8, widths=(8, 16, 16), output_activation="linear"), palette
    )
    model.compile(keras.optimizers.Adam(5e-3))
    model.fit(data, batch_size=20, epochs=15, verbose=0)
    test = pairs("grey", 40, seed=1, size=32, background="sky", skin=0.3)
    truth, drawn = test.targets["paired"], model.colorize(test.images)
    error = np.mean((drawn - truth) ** 2)
    assert error < 0.5 * np.mean((np.repeat(test.images, 3, axis=-1) - truth) ** 2)
    np.testing.assert_allclose(model.get_config()["palette"], palette, atol=1e-6)


def test_wrong_arguments_are_answered_by_a_sentence():
    x, _ = _shirts(4)
    model = _model()
    with pytest.raises(ValueError, match="Each of 4 grey images needs its colours, not none"):
        model.fit(x, batch_size=4, verbose=0)
    with pytest.raises(ValueError, match=r"y holds images of shape \(12, 12, 1\)"):
        model.fit(x, x, batch_size=4, verbose=0)
    with pytest.raises(ValueError, match="draws 3 logits per pixel, but the palette"):
        Colorization(model.network, PALETTE[:2])
    with pytest.raises(ValueError, match=r"found in colour images, .* not \(4, 12, 12, 1\)"):
        find_palette(np.zeros((4, 12, 12, 1)))
    with pytest.raises(ValueError, match="at least 2 colours, 1 is too few"):
        find_palette(np.zeros((4, 12, 12, 3)), 1)
    with pytest.raises(ValueError, match="temperature must be positive"):
        model.colorize(x, 0.0)
    with pytest.raises(ValueError, match="has its own loss: leave out metrics"):
        model.compile("adam", metrics=["mae"])
