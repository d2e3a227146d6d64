"""Tests of CLIP: its loss by hand, captions that repeat, zero-shot classes and bad input."""

import math

from ankeras.builders import get_encoder
from ankeras.builders.transformer import get_text_encoder
from ankeras.language import CLIP, retrieve
from ankeras.language.clip import LARGEST_SCALE, shared_targets
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
import pytest
from keras import ops

SHAPE, N_WORDS, LENGTH, D = (12, 12, 1), 6, 4, 3
# 1 and 2 are the marks of a caption's start and end; 3 says "left", 4 "top", 5 says nothing
CAPTIONS = {0: ([1, 3, 2, 0], [1, 5, 3, 2]), 1: ([1, 4, 2, 0], [1, 5, 4, 2])}


def _clip(d=D, **options):
    return CLIP(
        get_encoder(SHAPE, d, widths=(4, 8)),
        get_text_encoder(N_WORDS, LENGTH, 8, d, depth=1, n_heads=2),
        **options,
    )


def _batch(n=5, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, (n, *SHAPE)).astype("float32")
    y = np.array([CAPTIONS[0][0], CAPTIONS[1][0], CAPTIONS[0][0], CAPTIONS[1][1], CAPTIONS[0][0]])
    return x, y[:n].astype("int32")


def _log_softmax(s):
    s = s - s.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))


def _loss_by_hand(z_i, z_t, scale, y):
    """Return both halves of the loss, written as in the header of clip.py."""
    m = len(y)
    s = scale * z_i @ z_t.T
    halves = [0.0, 0.0]
    for half, scores in enumerate((s, s.T)):
        log_p = _log_softmax(scores)
        for i in range(m):
            same = [j for j in range(m) if (y[j] == y[i]).all()]
            halves[half] -= sum(log_p[i, j] for j in same) / len(same) / m
    return halves


def test_the_loss_by_hand():
    x, y = _batch()
    clip = _clip(temperature=0.2)
    clip.compile(keras.optimizers.SGD(0.0))
    z_i, z_t = clip.embed_images(x), clip.embed_texts(y)
    np.testing.assert_allclose(np.linalg.norm(z_i, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(z_t, axis=1), 1, atol=1e-5)
    image_to_text, text_to_image = _loss_by_hand(z_i, z_t, 5.0, y)
    found = clip.test_on_batch(x, y, return_dict=True)
    np.testing.assert_allclose(found["image_to_text"], image_to_text, rtol=1e-4)
    np.testing.assert_allclose(found["text_to_image"], text_to_image, rtol=1e-4)
    np.testing.assert_allclose(found["loss"], (image_to_text + text_to_image) / 2, rtol=1e-4)
    np.testing.assert_allclose(found["scale"], 5.0, rtol=1e-4)


def test_both_targets_give_the_same_loss_where_equal_captions_have_equal_vectors():
    rng = np.random.default_rng(1)
    _, y = _batch()
    z_i, z_t = rng.normal(size=(5, D)), rng.normal(size=(5, D))
    z_t[[2, 4]] = z_t[0]  # rows 0, 2 and 4 of y are one caption
    apart = np.arange(5)[:, None]  # as if no two captions were equal
    equal = _loss_by_hand(z_i, z_t, 5.0, y), _loss_by_hand(z_i, z_t, 5.0, apart)
    np.testing.assert_allclose(*equal)
    z_t[2] = rng.normal(size=D)
    shared, identity = _loss_by_hand(z_i, z_t, 5.0, y), _loss_by_hand(z_i, z_t, 5.0, apart)
    assert abs(np.subtract(shared, identity)).max() > 0.1


def test_equal_captions_share_their_target():
    _, y = _batch()
    p = ops.convert_to_numpy(shared_targets(ops.convert_to_tensor(y)))
    third = [1 / 3, 0, 1 / 3, 0, 1 / 3]
    np.testing.assert_allclose(
        p, [third, [0, 1, 0, 0, 0], third, [0, 0, 0, 1, 0], third], atol=1e-6
    )
    # the loss is lowest if images with equal captions are equally similar to each of them
    alike = np.array([[1.0, 0], [0, 1], [1, 0]])
    apart = np.array([[1.0, 0], [0, 1], [0, -1]])
    y = y[[0, 1, 2]]
    lowest = sum(_loss_by_hand(alike, alike, 100.0, y)) / 2
    assert lowest == pytest.approx(2 / 3 * math.log(2), abs=1e-3)
    assert sum(_loss_by_hand(apart, apart, 100.0, y)) / 2 > 10


def test_the_gradient_of_the_scale_by_hand():
    x, y = _batch()
    clip = _clip(temperature=0.2)
    rate, eps = 0.1, 1e-3
    clip.image_encoder.trainable = clip.text_encoder.trainable = False  # then E is as in inference
    clip.compile(keras.optimizers.SGD(rate))
    z_i, z_t = clip.embed_images(x), clip.embed_texts(y)
    tau = math.log(5.0)

    def loss(tau):
        return sum(_loss_by_hand(z_i, z_t, math.exp(tau), y)) / 2

    slope = (loss(tau + eps) - loss(tau - eps)) / (2 * eps)
    clip.train_on_batch(x, y)
    np.testing.assert_allclose(float(ops.convert_to_numpy(clip.tau)), tau - rate * slope, rtol=1e-3)


def test_the_scale_stays_below_its_bound():
    x, y = _batch()
    clip = _clip(temperature=1 / LARGEST_SCALE)
    clip.image_encoder.trainable = clip.text_encoder.trainable = False
    clip.compile(keras.optimizers.SGD(-100.0))  # uphill or downhill, tau would leave its range
    for _ in range(3):
        logs = clip.train_on_batch(x, y, return_dict=True)
    assert logs["scale"] <= LARGEST_SCALE * 1.001
    clip.compile(keras.optimizers.SGD(100.0))
    for _ in range(3):
        logs = clip.train_on_batch(x, y, return_dict=True)
    assert logs["scale"] <= LARGEST_SCALE * 1.001


@pytest.fixture(scope="module")
def trained():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 480)
    x = rng.uniform(0, 0.2, (480, *SHAPE)).astype("float32")
    x[classes == 0, :, :6] += 0.8
    x[classes == 1, :6] += 0.8
    y = np.array([CAPTIONS[c] for c in classes], "int32")  # two captions per image
    clip = _clip()
    clip.compile(keras.optimizers.Adam(5e-3))
    history = clip.fit(x, y, batch_size=32, epochs=6, verbose=0).history
    return clip, x, y, classes, history


def test_it_learns_which_caption_goes_with_which_image(trained):
    clip, x, y, classes, history = trained
    assert history["loss"][-1] < history["loss"][0]
    prompts = [np.array(CAPTIONS[c], "int32") for c in (0, 1)]
    assert (clip.classify(x, prompts) == classes).mean() >= 0.95
    assert (clip.classify(x, prompts[::-1]) == 1 - classes).mean() >= 0.95
    # both directions of the retrieval find one of the same class
    z_i, z_t = clip.embed_images(x), clip.embed_texts(y[:, 0])
    assert (classes[retrieve(z_t, z_i)] == classes).mean() >= 0.95
    assert (classes[retrieve(z_i, z_t)] == classes).mean() >= 0.95


def test_a_class_is_the_mean_of_its_prompts(trained):
    clip, x, *_ = trained
    prompts = [np.array([CAPTIONS[0][0], CAPTIONS[1][0]], "int32"), np.array([[1, 5, 2, 0]])]
    means = np.stack([clip.embed_texts(each).mean(axis=0) for each in prompts])
    cosines = clip.embed_images(x) @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
    np.testing.assert_array_equal(clip.classify(x, prompts), cosines.argmax(axis=1))
    # without the division by the length, the mean of two unlike prompts would lose
    assert (np.linalg.norm(means, axis=1) < 1).any()


def test_captions_are_drawn_among_those_of_an_image():
    x, _ = _batch(4)
    y = np.array([CAPTIONS[0], CAPTIONS[1], CAPTIONS[0], CAPTIONS[1]], "int32")
    clip = _clip()
    clip.compile()
    losses = {float(clip.test_on_batch(x, y, return_dict=True)["loss"]) for _ in range(8)}
    allowed = set()
    z_i = clip.embed_images(x)
    for choice in np.ndindex(2, 2, 2, 2):
        chosen = y[np.arange(4), list(choice)]
        halves = _loss_by_hand(z_i, clip.embed_texts(chosen), 1 / 0.07, chosen)
        allowed.add(sum(halves) / 2)
    assert len(losses) > 1
    # `test_on_batch` averages over the calls before: the first one is a single draw
    clip.reset_metrics()
    first = float(clip.test_on_batch(x, y, return_dict=True)["loss"])
    assert min(abs(first - each) for each in allowed) < 1e-3


def test_padding_and_the_rest_of_a_minibatch_change_no_embedding():
    clip = _clip()
    x, y = _batch()
    np.testing.assert_allclose(clip.embed_texts(y[:2]), clip.embed_texts(y)[:2], atol=1e-5)
    np.testing.assert_allclose(clip.embed_images(x[:2]), clip.embed_images(x)[:2], atol=1e-5)


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        (None, "give fit"),
        (np.ones((4, LENGTH), "int32"), "5 images have 4"),
        (np.ones((5, LENGTH + 1), "int32"), "rows of 4 integers"),
        (np.ones((5, LENGTH), "float32"), "not float32"),
        (np.full((5, LENGTH), N_WORDS), "0 ... 5"),
        (np.zeros((5, LENGTH), "int32"), "nothing but padding"),
    ],
)
def test_bad_captions_get_a_sentence(tokens, sentence):
    x, _ = _batch()
    clip = _clip()
    clip.compile()
    with pytest.raises(ValueError, match=sentence):
        clip.fit(x, tokens, batch_size=5, verbose=0)


def test_bad_networks_options_and_images_get_a_sentence():
    x, y = _batch()
    with pytest.raises(ValueError, match="same size"):
        CLIP(get_encoder(SHAPE, 2, widths=(4,)), get_text_encoder(N_WORDS, LENGTH, 8, 3))
    with pytest.raises(ValueError, match="get_text_encoder"):
        CLIP(get_encoder(SHAPE, 2, widths=(4,)), get_encoder(SHAPE, 2, widths=(4,)))
    with pytest.raises(ValueError, match=r"at least 0\.01"):
        _clip(temperature=0.001)
    clip = _clip()
    with pytest.raises(ValueError, match="2 classes or more"):
        clip.classify(x, [y])
    with pytest.raises(ValueError, match="but the network reads"):
        clip.embed_images(x[:, :6])
    with pytest.raises(ValueError, match="own loss"):
        clip.compile(loss="mse")
    clip.compile()
    with pytest.raises(ValueError, match="no weights"):
        clip.fit(x, y, batch_size=5, sample_weight=np.ones(5), verbose=0)
    with pytest.raises(ValueError, match="has 1 images"):
        clip.fit(x, y, batch_size=4, verbose=0)
    assert isinstance(clip, OwnLoss)
