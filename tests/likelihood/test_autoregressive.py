"""PixelCNN and PixelRNN: exact likelihoods, draws, completion, and what is refused."""

import itertools

from ankeras.data import Dataset
from ankeras.likelihood import PixelCNN, PixelRNN, binarise, get_pixelcnn, get_pixelrnn, quantise

import keras
import numpy as np
import pytest
from scipy.special import expit

RNG = np.random.default_rng(0)
SHAPE = (6, 6, 1)
ON_JAX = keras.backend.backend() == "jax"
not_on_jax = pytest.mark.skipif(ON_JAX, reason="JAX compiles each operation: too slow")


def _with_large_weights(network):
    """Give a network weights with which its probabilities are far from uniform."""
    rng = np.random.default_rng(1)
    for weight in network.trainable_variables:
        weight.assign(rng.normal(scale=1.5, size=weight.shape))
    return network


def _pixelcnn(shape, levels=2, **options):
    network = get_pixelcnn(shape, levels, channels=4, blocks=2, **options)
    return PixelCNN(_with_large_weights(network), levels)


def _pixelrnn(shape, levels=2):
    network = get_pixelrnn(shape, levels, channels=4, lstm_layers=1)
    return PixelRNN(_with_large_weights(network), levels)


MODELS = {
    "two stacks": _pixelcnn,
    "one stack": lambda *sizes: _pixelcnn(*sizes, stacks="one"),
    "row LSTM": _pixelrnn,
}


def _all_images(shape, levels):
    """Return every image that there is: (levels ** pixels, *shape)."""
    values = itertools.product(np.arange(levels) / (levels - 1), repeat=int(np.prod(shape)))
    return np.array(list(values), "float32").reshape(-1, *shape)


@not_on_jax
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(("shape", "levels"), [((1, 2, 2), 2), ((2, 2, 1), 3)], ids=str)
def test_the_probabilities_of_all_images_sum_to_one(kind, shape, levels):
    images = _all_images(shape, levels)
    p = np.exp(MODELS[kind](shape, levels).log_likelihood(images))
    assert p.sum() == pytest.approx(1, abs=1e-5)
    assert p.max() > 1.5 / len(p)  # far from uniform


@pytest.mark.parametrize("kind", ["two stacks", "row LSTM"] if ON_JAX else MODELS)
def test_images_are_drawn_as_often_as_they_are_probable(kind):
    shape, levels = ((2, 2, 1), 2) if kind == "row LSTM" else ((2, 1, 1), 4)
    model, images = MODELS[kind](shape, levels), _all_images(shape, levels)
    p = np.exp(model.log_likelihood(images))
    drawn = model.generate(4000, seed=1)
    np.testing.assert_array_equal(drawn, model.generate(4000, seed=1))
    same = np.abs(drawn[:, None] - images).max(axis=(2, 3, 4)) < 1e-3
    assert (same.sum(axis=1) == 1).all()
    # the standard error of a share of 4000 draws is 0.008 at most
    np.testing.assert_allclose(same.mean(axis=0), p, atol=0.035)


@not_on_jax
@pytest.mark.parametrize("kind", MODELS)
def test_the_logits_of_one_row_are_those_of_the_whole_image(kind):
    model = MODELS[kind]((9, 5, 1))
    x = binarise(RNG.random((3, 9, 5, 1)))
    whole = model.network.predict(x, verbose=0)
    above = None
    for i in range(9):
        above = model.read_above(x, i, [], above)
        row = model.read_row(x, i, [], above)
        np.testing.assert_allclose(row, whole[:, i], rtol=1e-4, atol=1e-4)


@not_on_jax
@pytest.mark.parametrize("levels", [2, 5])
def test_the_loss_by_hand(levels):
    model = _pixelcnn(SHAPE, levels)
    model.compile("adam", run_eagerly=True)
    x = quantise(RNG.random((4, *SHAPE)), levels)
    logits = model.network.predict(x, verbose=0).astype("float64")
    if levels == 2:
        p = expit(logits[..., 0])
        of_pixels = np.where(x[..., 0] == 1, p, expit(-logits[..., 0]))
    else:
        p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        level = np.round(x * (levels - 1)).astype(int)
        of_pixels = np.take_along_axis(p, level, axis=-1)[..., 0]
    nats = -np.log(of_pixels).sum(axis=(1, 2))
    np.testing.assert_allclose(model.log_likelihood(x), -nats, rtol=1e-4)
    loss = model.evaluate(x, batch_size=4, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(nats.mean(), rel=1e-4)
    weights = np.arange(4.0)
    logs = model.train_on_batch(x, sample_weight=weights, return_dict=True)
    assert logs["loss"] == pytest.approx(np.mean(weights * nats), rel=1e-4)
    model = _pixelcnn(SHAPE, levels)
    model.compile("adam", run_eagerly=True)
    # one step descends the same loss
    first = model.fit(x, batch_size=4, verbose=0).history["loss"][0]
    assert first == pytest.approx(nats.mean(), rel=1e-4)
    mean = (p if levels == 2 else p @ (np.arange(levels) / (levels - 1)))[..., None]
    model.network.set_weights(_pixelcnn(SHAPE, levels).network.get_weights())
    np.testing.assert_allclose(model.predict(x, verbose=0), mean, atol=1e-4)


def _stripes(n, seed):
    """Return images whose rows are all black or all white: log p(x) = -6 log 2."""
    rows = np.random.default_rng(seed).integers(0, 2, (n, SHAPE[0], 1, 1))
    return np.repeat(rows, SHAPE[1], axis=2).astype("float32")


NETWORKS = {
    PixelCNN: lambda: get_pixelcnn(SHAPE, channels=12, blocks=2),
    PixelRNN: lambda: get_pixelrnn(SHAPE, channels=12, lstm_layers=1),
}


@not_on_jax
@pytest.mark.parametrize("system", NETWORKS)
def test_a_short_training_comes_near_the_entropy_of_the_data(system):
    model = system(NETWORKS[system]())
    model.compile(keras.optimizers.Adam(0.02))
    model.fit(_stripes(256, 0), epochs=12, verbose=0)
    nats = -model.log_likelihood(_stripes(100, 1)).mean()
    entropy = SHAPE[0] * np.log(2)  # 4.2; pixels without knowledge of each other: 25.0
    assert entropy <= nats < entropy + 1.5
    drawn = model.generate(20)
    assert np.mean(drawn == drawn[:, :, :1]) > 0.95
    # complete the lower half: the upper half is kept
    known = np.arange(6)[:, None] * np.ones((1, 6)) < 3
    full = model.complete(np.tile(_stripes(2, 2), (10, 1, 1, 1)), known)
    np.testing.assert_array_equal(full[:, :3], np.tile(_stripes(2, 2)[:, :3], (10, 1, 1, 1)))
    assert len(np.unique(full[:, 3:], axis=0)) > 4


@not_on_jax
def test_a_class_decides_what_is_drawn(draw_kernels):
    labels = np.arange(64) % 2
    x = np.broadcast_to(labels[:, None, None, None], (64, 4, 4, 1)).astype("float32")
    model = PixelCNN(get_pixelcnn((4, 4, 1), channels=16, blocks=1, condition_dim=2))
    draw_kernels(model.network)
    model.compile(keras.optimizers.Adam(0.03))
    model.fit(Dataset(x, {"labels": labels}), epochs=15, verbose=0)
    drawn = model.generate_for([0, 1] * 5)
    np.testing.assert_allclose(drawn.mean(axis=(1, 2, 3)), [0, 1] * 5, atol=0.1)
    assert 0 < model.generate(40, seed=2).mean() < 1  # of random classes
    first = np.arange(16).reshape(4, 4) < 4
    full = model.complete(x[:10], first, labels=labels[:10])
    np.testing.assert_allclose(full.mean(axis=(1, 2, 3)), labels[:10], atol=0.1)
    with pytest.raises(ValueError, match="give one label per image"):
        model.complete(x[:10], first)
    right, wrong = model.log_likelihood(x, labels), model.log_likelihood(x, 1 - labels)
    assert right.min() > wrong.max()
    joint = model.log_joint(x)
    np.testing.assert_allclose(joint[np.arange(64), labels], right - np.log(2), rtol=1e-5)
    np.testing.assert_array_equal(joint.argmax(axis=1), labels)  # p(y | x) reads the class
    assert model.predict([x, labels], verbose=0).shape == x.shape
    with pytest.raises(ValueError, match="learns from labelled images"):
        model.fit(x, verbose=0)
    with pytest.raises(ValueError, match="built for 2 classes"):
        model.generate_for([0, 2])


LATE = np.arange(36).reshape(6, 6) < 9
LATE[4, 2] = True


@not_on_jax
@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        (lambda m, x: m.fit(x / 2), r"such as 0\.5: give binarise\(images, seed\)"),
        (lambda m, x: m.log_likelihood(255 * x), r"values in \[0, 255\]"),
        (lambda m, x: m.compile(loss="mse"), "PixelCNN has its own loss: leave out loss"),
        (lambda m, x: m.generate(0), "Ask for n >= 1 images, not 0"),
        (lambda m, x: m.generate_for([0, 1]), "has no classes: give no labels"),
        (lambda m, x: m.log_joint(x), r"has no classes: use log_likelihood\(images\)"),
        (lambda m, x: m.complete(x[:, 1:], LATE), "images has the shape"),
        (lambda m, x: m.complete(x, LATE * 1), r"bool array of shape \(6, 6\)"),
        (
            lambda m, x: m.complete(x, LATE),
            r"pixel \(4, 2\) is known and pixel \(1, 3\) is not",
        ),
        (lambda m, x: m.complete(x / 2, LATE | True), "give binarise"),
        (lambda m, x: m.complete(x * np.nan, LATE | True), "images holds NaN"),
    ],
)
def test_what_the_model_can_not_use_is_refused(use, sentence):
    model = PixelCNN(get_pixelcnn(SHAPE, channels=2, blocks=1))
    if "own loss" not in sentence:
        model.compile("adam")
    with pytest.raises(ValueError, match=sentence):
        use(model, _stripes(2, 0))


@not_on_jax
def test_a_network_of_other_levels_is_refused():
    for levels, built in ((2, 4), (4, 2), (4, 5)):
        with pytest.raises(ValueError, match=f"build it with levels={levels}"):
            PixelCNN(get_pixelcnn(SHAPE, built, channels=2, blocks=1), levels)
    with pytest.raises(ValueError, match="at least 2 levels, not 1"):
        PixelCNN(get_pixelcnn(SHAPE, channels=2, blocks=1), 1)
