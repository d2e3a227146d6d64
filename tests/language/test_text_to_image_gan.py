"""Tests of the text-to-image GAN: its losses by hand, captions that decide, and bad input."""

import math

from ankeras.builders import get_discriminator, get_generator
from ankeras.builders.transformer import get_text_encoder
from ankeras.language import TextToImageGAN, get_caption_discriminator

import keras
import numpy as np
import pytest
from keras import ops

SHAPE, N_WORDS, LENGTH, D, D_Z = (12, 12, 1), 6, 4, 6, 3
LEFT, TOP = [[1, 3, 2, 0], [1, 5, 3, 2]], [[1, 4, 2, 0], [1, 5, 4, 2]]  # two captions each


def _gan(widths=(4, 8), **options):
    return TextToImageGAN(
        get_generator(D_Z, SHAPE, widths=widths, condition_dim=D),
        get_caption_discriminator(SHAPE, D, widths=widths),
        get_text_encoder(N_WORDS, LENGTH, 8, D, depth=1, n_heads=2),
        **options,
    )


def _batch():
    rng = np.random.default_rng(0)
    y = np.array([LEFT[0], LEFT[0], TOP[1], LEFT[1], TOP[0]], "int32")
    return rng.uniform(0, 1, (5, *SHAPE)).astype("float32"), y


def _softplus(x):
    return np.log1p(np.exp(x))


def _vectors_by_hand(gan, y):
    h = gan.text_encoder.predict(y, verbose=0)[1]
    return math.sqrt(D) * h / np.linalg.norm(h, axis=1, keepdims=True)


def test_the_loss_of_d_by_hand():
    gan = _gan()
    x, y = _batch()
    h = _vectors_by_hand(gan, y)
    found, h_other, differ = (
        ops.convert_to_numpy(a) for a in gan.vectors(ops.convert_to_tensor(y))
    )
    np.testing.assert_allclose(found, h, atol=1e-5)
    # the caption of the next image; the second image has the caption of the first one
    np.testing.assert_allclose(h_other, h[[4, 0, 1, 2, 3]], atol=1e-5)
    np.testing.assert_array_equal(differ[:, 0], [1, 0, 1, 1, 1])
    fake = np.random.default_rng(1).uniform(0, 1, x.shape).astype("float32")
    predict = gan.discriminator.predict
    real, other, drawn = (predict(pair, verbose=0) for pair in ([x, h], [x, h_other], [fake, h]))
    expected = (
        np.mean(_softplus(-real))
        + 0.5 * np.mean(_softplus(other)[[0, 2, 3, 4]])
        + 0.5 * np.mean(_softplus(drawn))
    )
    d_loss = gan.matching_loss(*map(ops.convert_to_tensor, (real, other, drawn, differ)))
    np.testing.assert_allclose(float(ops.convert_to_numpy(d_loss)), expected, rtol=1e-4)


def test_one_round_moves_d_against_its_gradient_and_leaves_phi():
    gan = _gan(interpolation=0.0)
    x, y = _batch()
    h = _vectors_by_hand(gan, y)
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.0))
    kept = [w.copy() for w in gan.text_encoder.get_weights()]
    bias = gan.discriminator.get_layer("output_layer").bias
    before = float(ops.convert_to_numpy(bias)[0])
    predict = gan.discriminator.predict
    real, other = (predict([x, vectors], verbose=0) for vectors in (h, h[[4, 0, 1, 2, 3]]))

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    # the logs hold the mean posteriors; so the slope of the bias can be computed from them
    logs = gan.train_on_batch(x, y, return_dict=True)
    np.testing.assert_allclose(logs["d_real"], np.mean(sigmoid(real)), rtol=1e-3)
    np.testing.assert_allclose(logs["d_other"], np.mean(sigmoid(other)), rtol=1e-3)
    of_others = np.mean(sigmoid(other)[[0, 2, 3, 4]])
    slope = np.mean(sigmoid(real) - 1) + 0.5 * of_others + 0.5 * float(logs["d_fake"])
    after = float(ops.convert_to_numpy(bias)[0])
    np.testing.assert_allclose(after - before, -slope, rtol=1e-2, atol=1e-4)
    for old, new in zip(kept, gan.text_encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_step_by_hand(step_by_hand):
    gan = _gan(interpolation=0.5)
    x, y = _batch()
    h = _vectors_by_hand(gan, y).astype("float32")
    h_other, differ = h[[4, 0, 1, 2, 3]], [0, 2, 3, 4]
    state = ops.convert_to_numpy(gan.noise.state)

    def drawn():
        """Return the noise of D's step, and that of both terms of G."""
        gan.noise.state.assign(state)
        return [np.asarray(gan.sample_z(ops.convert_to_tensor(x))) for _ in range(3)]

    def score(images, vectors):
        return np.asarray(gan.discriminator([np.asarray(images), vectors], training=True))

    def d_loss():
        fake = gan.generator([drawn()[0], h], training=True)
        others = _softplus(score(x, h_other))[differ]
        loss = _softplus(-score(x, h)).mean() + 0.5 * others.mean()
        return float(loss + 0.5 * _softplus(score(fake, h)).mean())

    def g_loss():
        _, z, z_between = drawn()
        h_mean = (h + h_other) / 2
        fake = gan.generator([z, h], training=True)
        between = gan.generator([z_between, h_mean], training=True)
        loss = _softplus(-score(fake, h)).mean()
        return float(loss + 0.5 * _softplus(-score(between, h_mean)).mean())

    logs, found = step_by_hand(gan, (x, y), {"discriminator": d_loss, "generator": g_loss})
    assert [logs["d_loss"], logs["g_loss"]] == pytest.approx(found, rel=1e-3)


def test_captions_between_two_captions_change_the_loss_of_g_alone():
    x, y = _batch()
    losses = []
    for weight in (0.0, 2.0):
        gan = _gan(interpolation=weight, seed=1)
        gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
        losses.append(gan.train_on_batch(x, y, return_dict=True))
    assert losses[1]["d_loss"] == pytest.approx(float(losses[0]["d_loss"]), rel=1e-4)
    # at the start all of D's logits are near 0: each term of G is near log 2
    assert losses[1]["g_loss"] > 2.5 * losses[0]["g_loss"]


def test_the_caption_decides_what_is_drawn(bars, draw_kernels):
    x, labels = bars(960)
    y = np.array([(LEFT, TOP)[label] for label in labels], "int32")
    gan = _gan((8, 8), r1=1.0)
    draw_kernels(gan.text_encoder, seed=1)  # vectors of captions that differ
    gan.compile()
    gan.fit(x, y, batch_size=32, epochs=6, verbose=0)
    images = gan.generate_for(np.array([*LEFT * 10, *TOP * 10], "int32"))
    assert images.shape == (40, *SHAPE)
    left, top = images[:, 6:, :6].mean(axis=(1, 2, 3)), images[:, :6, 6:].mean(axis=(1, 2, 3))
    assert (left > top)[:20].mean() >= 0.9
    assert (left < top)[20:].mean() >= 0.9
    again = gan.generate_for(np.array(LEFT * 10, "int32"))
    np.testing.assert_allclose(again, images[:20], atol=1e-5)
    assert np.abs(gan.generate_for(np.array(LEFT * 10, "int32"), seed=1) - again).max() > 1e-3


def test_bad_input_gets_a_sentence():
    encoder = get_text_encoder(N_WORDS, LENGTH, 8, D, depth=1, n_heads=2)
    generator = get_generator(D_Z, SHAPE, widths=(4, 8), condition_dim=D)
    with pytest.raises(ValueError, match="get_caption_discriminator"):
        TextToImageGAN(generator, get_discriminator(SHAPE, widths=(4, 8)), encoder)
    with pytest.raises(ValueError, match="vectors of 6 numbers"):
        TextToImageGAN(
            get_generator(D_Z, SHAPE, widths=(4, 8), condition_dim=5),
            get_caption_discriminator(SHAPE, 5, widths=(4, 8)),
            encoder,
        )
    with pytest.raises(ValueError, match="must not be negative"):
        _gan(interpolation=-1.0)
    gan = _gan()
    x, y = _batch()
    with pytest.raises(ValueError, match="by generate_for"):
        gan.generate(3)
    with pytest.raises(ValueError, match="0 \\.\\.\\. 5"):
        gan.generate_for(np.full((2, LENGTH), N_WORDS))
    gan.compile()
    with pytest.raises(ValueError, match="5 images have 4"):
        gan.fit(x, y[:4], batch_size=5, verbose=0)
    with pytest.raises(ValueError, match="give fit"):
        gan.fit(x, batch_size=5, verbose=0)
