"""Tests of tags from images: losses by hand, all tags of an image are drawn, bad input."""

from ankeras.builders import get_encoder
from ankeras.builders.transformer import get_text_encoder
from ankeras.language import ImageTags, get_tag_discriminator, get_tag_generator

import keras
import numpy as np
import pytest
from keras import ops

SHAPE, N_WORDS, LENGTH, D, D_C = (12, 12, 1), 8, 3, 8, 5
VOCABULARY = np.array([[1, word, 2] for word in range(3, N_WORDS)], "int32")
TAGS = {0: [0, 1, 2], 1: [2, 3, 4]}  # of the left and of the top bar; tag 2 belongs to both


def _tags(widths=(32, 32), **options):
    return ImageTags(
        get_tag_generator(4, D_C, D, widths=widths),
        get_tag_discriminator(D, D_C, widths=widths),
        get_encoder(SHAPE, D_C, widths=(4,)),
        get_text_encoder(N_WORDS, LENGTH, 8, D, depth=1, n_heads=2),
        **options,
    )


def _normal(v):
    """Normalize each number by its mean and variance in the minibatch."""
    return (v - v.mean(axis=0)) / np.sqrt(v.var(axis=0) + 1e-6)


def test_one_round_by_hand():
    model = _tags()
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (6, *SHAPE)).astype("float32")
    y = VOCABULARY[[0, 1, 2, 3, 4, 0]]
    v = _normal(model.text_encoder.predict(y, verbose=0)[1])
    c = _normal(model.image_encoder.predict(x, verbose=0))
    found = [ops.convert_to_numpy(part) for part in model.pair(x, ops.convert_to_tensor(y), True)]
    np.testing.assert_allclose(found[0], v, atol=1e-4)
    np.testing.assert_allclose(found[1], c, atol=1e-4)
    real = model.discriminator.predict([v, c], verbose=0)
    model.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.0))
    frozen = [model.image_encoder.get_weights(), model.text_encoder.get_weights()]
    bias = model.discriminator.get_layer("output_layer").bias
    before = float(ops.convert_to_numpy(bias)[0])
    logs = model.train_on_batch(x, y, return_dict=True)
    posterior = 1 / (1 + np.exp(-real))
    np.testing.assert_allclose(logs["d_real"], posterior.mean(), rtol=1e-4)
    slope = (posterior - 1).mean() + float(logs["d_fake"])  # of the loss, by the last bias
    after = float(ops.convert_to_numpy(bias)[0])
    np.testing.assert_allclose(after - before, -slope, rtol=1e-3, atol=1e-5)
    for old, network in zip(frozen, (model.image_encoder, model.text_encoder), strict=True):
        for kept, weight in zip(old, network.get_weights(), strict=True):
            np.testing.assert_array_equal(kept, weight)


def test_after_two_hundred_steps_the_averages_are_those_of_the_data():
    model = _tags()
    model.compile()
    x = np.random.default_rng(0).uniform(0, 1, (16, *SHAPE)).astype("float32")
    model.fit(x, VOCABULARY[np.arange(16) % 5], batch_size=16, epochs=200, verbose=0)
    c = ops.convert_to_numpy(model.normal_c(model.image_encoder(x), training=False))
    np.testing.assert_allclose(c.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(c.std(axis=0), 1, atol=0.05)


def test_a_vector_belongs_to_the_nearest_tag():
    model = _tags()
    x = np.random.default_rng(0).uniform(0, 1, (4, *SHAPE)).astype("float32")
    model.normal_v.set_weights([np.full(D, 0.5), np.full(D, 4.0)])
    vectors = model.draw_vectors(x, n=7, seed=3)
    assert vectors.shape == (4, 7, D)
    phi = model.text_encoder.predict(VOCABULARY, verbose=0)[1]
    words = (phi - 0.5) / np.sqrt(4 + 1e-6)
    counts = np.zeros((4, len(VOCABULARY)), int)
    for i in range(4):
        for v in vectors[i]:
            cosines = [v @ w / np.linalg.norm(v) / np.linalg.norm(w) for w in words]
            counts[i, int(np.argmax(cosines))] += 1
    np.testing.assert_array_equal(model.count_tags(x, VOCABULARY, n=7, seed=3), counts)


def test_several_tags_are_drawn_for_an_image_and_few_wrong_ones(bars, draw_kernels):
    x, labels = bars(960)
    y = np.array([VOCABULARY[TAGS[label]] for label in labels])  # three tags per image
    model = _tags(r1=0.3)
    draw_kernels(model.text_encoder, gain=3, seed=3)  # vectors of tags that differ
    model.compile()
    model.fit(x, y, batch_size=64, epochs=40, verbose=0)
    counts = model.count_tags(x[:100], VOCABULARY, n=50)
    right = np.array([np.isin(np.arange(5), TAGS[label]) for label in labels[:100]])
    share = (counts * right).sum() / counts.sum()
    assert share >= 0.85  # by chance 0.6
    assert (counts * right > 0).sum(axis=1).mean() >= 2.5  # of the three tags of an image


def test_bad_input_gets_a_sentence():
    model = _tags()
    x = np.zeros((4, *SHAPE), "float32")
    with pytest.raises(ValueError, match="n >= 1 tags"):
        model.draw_vectors(x, n=0)
    with pytest.raises(ValueError, match="count_tags"):
        model.generate(3)
    with pytest.raises(ValueError, match="but the network reads"):
        model.count_tags(x[:, :6], VOCABULARY)
    model.compile()
    with pytest.raises(ValueError, match="4 images have 5"):
        model.fit(x, VOCABULARY, batch_size=4, verbose=0)
    with pytest.raises(ValueError, match="last batch of 3 images has 1 images, but each batch"):
        model.fit(x[:3], VOCABULARY[:3], batch_size=2, verbose=0)
    with pytest.raises(ValueError, match="get_tag_generator"):
        ImageTags(
            get_tag_generator(4, D_C, D),
            get_tag_discriminator(D, D_C + 1),
            model.image_encoder,
            model.text_encoder,
        )
    with pytest.raises(ValueError, match="the discriminator reads"):
        ImageTags(
            get_tag_generator(4, D_C, D + 1),
            get_tag_discriminator(D + 1, D_C),
            model.image_encoder,
            model.text_encoder,
        )
