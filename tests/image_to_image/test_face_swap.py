"""Tests of the face swap: the warp by hand, the losses by hand, a swap of two kinds of images."""

from ankeras.builders import get_decoder, get_encoder
from ankeras.image_to_image import FaceSwap
from ankeras.image_to_image.face_swap import warp

import keras
import numpy as np
import pytest
from keras import ops

SHAPE = (12, 12, 1)
RNG = np.random.default_rng(0)


def _model(**options):
    model = FaceSwap(
        get_encoder(SHAPE, 4, widths=(8, 16)),
        get_decoder(4, SHAPE, widths=(8, 16), seed=1),
        get_decoder(4, SHAPE, widths=(8, 16), seed=2),
        **options,
    )
    model.compile(keras.optimizers.Adam(1e-2))
    return model


def _images(n):
    return RNG.random((n, *SHAPE)).astype("float32")


def test_the_warp_by_hand():
    x = _images(2)
    corners = np.zeros((2, 5, 5, 2), "float32")
    np.testing.assert_allclose(warp(x, corners), x, atol=1e-6)
    corners[0, ..., 0] = 2.0  # two pixels down
    corners[1, ..., 1] = 0.5  # half a pixel to the right
    moved = ops.convert_to_numpy(warp(x, corners))
    np.testing.assert_allclose(moved[0, :10], x[0, 2:], atol=1e-6)
    np.testing.assert_allclose(moved[0, 10:], np.repeat(x[0, 11:], 2, axis=0), atol=1e-6)
    np.testing.assert_allclose(moved[1, :, :11], (x[1, :, :11] + x[1, :, 1:]) / 2, atol=1e-6)


def test_the_losses_by_hand():
    a, b = _images(6), _images(6)
    model = _model()
    logs = model.evaluate(a, b, batch_size=6, verbose=0, return_dict=True)
    expected = []
    for x, decoder in ((a, model.decoder_a), (b, model.decoder_b)):
        drawn = decoder.predict(model.encoder.predict(x, verbose=0), verbose=0)
        expected.append(float(np.abs(drawn - x).mean()))
    assert [logs["l1_a"], logs["l1_b"]] == pytest.approx(expected, rel=1e-4)
    assert logs["loss"] == pytest.approx(sum(expected), rel=1e-4)


def test_the_pose_stays_and_the_person_changes():
    """Person a is a grey disc, person b a bright ring of about its size; the pose is the place."""
    rows, columns = np.mgrid[:12, :12]
    places = RNG.uniform(3.5, 7.5, (400, 2, 1, 1))
    distance = np.hypot(rows - places[:, 0], columns - places[:, 1])[..., None]
    disc = 0.6 * np.clip(3.5 - distance, 0, 1)
    ring = np.clip(1.5 - np.abs(distance - 2.5), 0, 1)
    a, b = disc[:200].astype("float32"), ring[200:].astype("float32")
    model = _model(warping=0.01)
    model.fit(a, b, batch_size=20, epochs=25, verbose=0)
    test = disc[200:260].astype("float32")
    true_swap, drawn = ring[200:260], model.swap(test)
    error = np.abs(drawn - true_swap).mean()
    other_place = np.abs(true_swap - np.roll(true_swap, 1, axis=0)).mean()
    assert error < 0.65 * other_place
    back = np.abs(model.swap(b[:60], to="a") - disc[200:260]).mean()
    assert back < 0.75 * np.abs(disc[200:260] - np.roll(disc[200:260], 1, axis=0)).mean()


def test_wrong_arguments_are_answered_by_a_sentence():
    a = _images(4)
    model = _model()
    with pytest.raises(ValueError, match="as many images of the second person as of the first, 4"):
        model.fit(a, batch_size=4, verbose=0)
    with pytest.raises(ValueError, match=r"y holds images of shape \(6, 12, 1\)"):
        model.fit(a, a[:, :6], batch_size=4, verbose=0)
    with pytest.raises(ValueError, match='to is "a" or "b"'):
        model.swap(a, to="c")
    with pytest.raises(ValueError, match="has its own loss: leave out loss"):
        model.compile("adam", loss="mse")
    with pytest.raises(ValueError, match="goes the encoder's way back"):
        FaceSwap(model.encoder, model.decoder_a, get_decoder(3, SHAPE, widths=(8, 16)))
