"""Tests of the face swap: the warp by hand, the losses by hand, a swap of two kinds of images."""

from ankeras.builders import get_decoder, get_encoder, get_generator
from ankeras.image_to_image import FaceSwap, split_decoder
from ankeras.image_to_image.face_swap import warp

import keras
import numpy as np
import pytest
from keras import ops

SHAPE = (12, 12, 1)
RNG = np.random.default_rng(0)


def _model(**options):
    encoder = get_encoder(SHAPE, 4, widths=(8, 16))
    halves = split_decoder(get_decoder(4, SHAPE, widths=(8, 16)), own_blocks=1)
    model = FaceSwap(encoder, *halves, **options)
    model.compile(keras.optimizers.Adam(1e-2))
    return model


def _networks(model):
    return model.encoder, model.shared_decoder, model.decoder_a, model.decoder_b


def _images(n):
    return RNG.random((n, *SHAPE)).astype("float32")


def test_the_warp_by_hand():
    x = _images(2)
    corners = np.zeros((2, 5, 5, 2), "float32")
    np.testing.assert_allclose(warp(x, corners), x, atol=1e-6)
    corners[0, ..., 0] = 2.0  # read two pixels below
    corners[1, ..., 1] = 0.5  # read half a pixel to the right
    moved = ops.convert_to_numpy(warp(x, corners))
    np.testing.assert_allclose(moved[0, :10], x[0, 2:], atol=1e-6)
    np.testing.assert_allclose(moved[0, 10:], np.repeat(x[0, 11:], 2, axis=0), atol=1e-6)
    np.testing.assert_allclose(moved[1, :, :11], (x[1, :, :11] + x[1, :, 1:]) / 2, atol=1e-6)


def _reconstructed(model, x, normal, decoder):
    z = normal(model.encoder.predict(x, verbose=0), training=False)
    maps = model.shared_decoder.predict(ops.convert_to_numpy(z), verbose=0)
    return decoder.predict(maps, verbose=0)


def test_the_losses_by_hand():
    a, b = _images(6), _images(6)
    image = keras.Input(SHAPE)
    phi = keras.Model(image, [2 * image, image[:, ::2] ** 2])
    model = _model(feature_network=phi, alpha=0.5)
    logs = model.evaluate(a, b, batch_size=6, verbose=0, return_dict=True)
    l1, features = [], []
    for x, person in ((a, "a"), (b, "b")):
        normal, decoder = getattr(model, f"normal_{person}"), getattr(model, f"decoder_{person}")
        drawn = _reconstructed(model, x, normal, decoder)
        l1.append(float(np.abs(drawn - x).mean()))
        features.append(2 * ((drawn - x) ** 2).mean() + ((drawn**2 - x**2)[:, ::2] ** 2).mean() / 2)
    assert [logs["l1_a"], logs["l1_b"]] == pytest.approx(l1, rel=1e-4)
    assert logs["loss"] == pytest.approx(sum(l1) + 0.5 * sum(features), rel=1e-4)


def test_a_step_by_hand(step_by_hand):
    a, b = _images(6), _images(6)
    image = keras.Input(SHAPE)
    phi = keras.Model(image, [20 * image, image[:, ::2] ** 2])
    model = _model(feature_network=phi, alpha=0.5, warping=0.0)

    def loss():
        codes = np.asarray(model.encoder(np.concatenate([a, b]), training=True))
        z = np.concatenate(
            [(c - c.mean(axis=0)) / (c.var(axis=0) + 1e-3) ** 0.5 for c in np.split(codes, 2)]
        )
        maps = np.split(np.asarray(model.shared_decoder(z, training=True)), 2)
        total = 0.0
        for x, part, decoder in zip((a, b), maps, (model.decoder_a, model.decoder_b), strict=True):
            drawn = np.asarray(decoder(part, training=True))
            features = 200 * ((drawn - x) ** 2).mean()
            features += ((drawn**2 - x**2)[:, ::2] ** 2).mean() / 2
            total += np.abs(drawn - x).mean() + 0.5 * features
        return float(total)

    networks = "encoder shared_decoder decoder_a decoder_b"
    logs, found = step_by_hand(model, (a, b), {networks: loss}, rate=1e-3)
    assert logs["loss"] == pytest.approx(found[0], rel=1e-3)


def test_each_person_is_normalized_by_averages_of_its_own():
    """Person b is much brighter, which the codes of the encoder show, and the normalized do not."""
    model, light = _model(warping=0), RNG.random((40, 1, 1, 1)).astype("float32")
    a, b = 0.4 * light * _images(40), 0.6 + 0.4 * light * _images(40)
    model.compile(keras.optimizers.Adam(0.0))  # only the averages move
    model.fit(a, b, batch_size=20, epochs=80, verbose=0)
    codes = [model.encoder.predict(x, verbose=0) for x in (a, b)]
    normal = [
        ops.convert_to_numpy(normalize(code, training=False))
        for normalize, code in zip((model.normal_a, model.normal_b), codes, strict=True)
    ]
    gap, normal_gap = (
        (np.abs(x.mean(axis=0) - y.mean(axis=0)) / x.std(axis=0)).mean() for x, y in (codes, normal)
    )
    assert normal_gap < 0.3 * gap


@pytest.mark.parametrize("build", [get_decoder, get_generator])
def test_both_persons_share_all_but_the_last_steps_of_a_decoder(build):
    decoder = build(8, (64, 64, 3), widths=(4, 6, 8, 10))
    z = RNG.normal(size=(3, 8)).astype("float32")
    before = decoder.predict(z, verbose=0)
    shared, *own = split_decoder(decoder, own_blocks=2)
    assert shared.output_shape[1:3] == (16, 16)
    assert sum(shared.count_params() + half.count_params() for half in own) == (
        2 * decoder.count_params()
    )
    for half in own:
        drawn = half.predict(shared.predict(z, verbose=0), verbose=0)
        np.testing.assert_allclose(drawn, before, atol=1e-6)
    own[0].set_weights([0 * w for w in own[0].get_weights()])
    np.testing.assert_allclose(
        own[1].predict(shared.predict(z, verbose=0), verbose=0), before, atol=1e-6
    )


def test_the_pose_stays_and_the_person_changes():
    """Person a is a grey disc, person b a bright ring of about its size; the pose is the place."""
    rows, columns = np.mgrid[:12, :12]
    places = np.random.default_rng(0).uniform(3.5, 7.5, (400, 2, 1, 1))
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
    assert error < 0.6 * other_place
    back = np.abs(model.swap(b[:60], to="a") - disc[200:260]).mean()
    assert back < 0.65 * np.abs(disc[200:260] - np.roll(disc[200:260], 1, axis=0)).mean()


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
    with pytest.raises(ValueError, match="go the encoder's way back"):
        FaceSwap(get_encoder(SHAPE, 3, widths=(8, 16)), *_networks(model)[1:])
    with pytest.raises(ValueError, match="alpha, warping and noise must not be negative"):
        FaceSwap(*_networks(model), warping=-1)
    with pytest.raises(ValueError, match="A feature loss needs a feature_network"):
        FaceSwap(*_networks(model), alpha=1)
    with pytest.raises(ValueError, match="Of 2 blocks, own_blocks is from 1 to 2, not 3"):
        split_decoder(get_decoder(4, SHAPE, widths=(8, 16)), own_blocks=3)
