"""Tests of attacks on a linear classifier, where the best change is known, and of the defence."""

from ankeras.builders import get_classifier, get_encoder
from ankeras.input_gradients import (
    AdversarialTraining,
    attack,
    fooled_share,
    random_noise,
    stored,
)
from ankeras.training.optimizers import SignDescent

import keras
import numpy as np
import pytest

RNG = np.random.default_rng(0)
W = RNG.normal(size=(8, 8, 2)).astype("float32")
X = RNG.uniform(0, 1, (5, 8, 8, 1)).astype("float32")
SIGN = np.sign(W[..., 1:] - W[..., :1])  # of the gradient of score 1 - score 0


def test_one_step_follows_the_sign_of_the_gradient(linear):
    """H(0, x) grows along score 1 - score 0."""
    found = attack(linear(W), X, labels=0, epsilon=0.1)
    np.testing.assert_allclose(found, np.clip(X + 0.1 * SIGN, 0, 1), atol=1e-6)
    targeted = attack(linear(W), X, targets=0, epsilon=0.1)
    np.testing.assert_allclose(targeted, np.clip(X - 0.1 * SIGN, 0, 1), atol=1e-6)


def test_many_steps_stay_within_epsilon(linear):
    """Four steps of 0.05 would reach 0.2, but each pixel is kept within 0.1."""
    options = {"epsilon": 0.1, "steps": 4, "step_size": 0.05}
    found = attack(linear(W), X, labels=np.zeros(5, int), **options)
    np.testing.assert_allclose(found, np.clip(X + 0.1 * SIGN, 0, 1), atol=1e-6)
    start = attack(linear(W), X, 0, epsilon=0.1, step_size=1e-6, random_start=True)
    assert 0.03 < np.abs(start - X).mean() < 0.06
    assert np.abs(start - X).max() <= 0.1 + 1e-6


def test_without_labels_the_class_that_is_read_is_attacked(linear):
    network = linear(W)
    read = network.predict(X, verbose=0).argmax(axis=1)
    signs = np.where(read[:, None, None, None] == 0, SIGN, -SIGN)
    found = attack(network, X, epsilon=0.02)
    np.testing.assert_allclose(found, np.clip(X + 0.02 * signs, 0, 1), atol=1e-6)


def test_the_share_of_fooled_images(linear):
    """The class is 1 if the mean is above 1/2: two of three images change, one was wrong before."""
    w = np.zeros((8, 8, 2))
    w[..., 1] = 1
    network = linear(w, np.array([32.0, 0]))
    before = np.stack([np.full((8, 8, 1), v, "float32") for v in (0.4, 0.6, 0.6)])
    after = np.stack([np.full((8, 8, 1), v, "float32") for v in (0.6, 0.4, 0.7)])
    assert fooled_share(network, before, after) == pytest.approx(2 / 3)
    assert fooled_share(network, before, after, [0, 0, 1]) == pytest.approx(1 / 2)
    with pytest.raises(ValueError, match="reads none of these images right"):
        fooled_share(network, before, after, [1, 0, 0])


def test_noise_and_files_of_8_bits():
    noisy = random_noise(np.full((2, 50, 50, 1), 0.5), 0.1)
    np.testing.assert_allclose(np.unique(noisy), [0.4, 0.6], atol=1e-6)
    assert 0.45 < np.mean(noisy > 0.5) < 0.55
    assert random_noise(np.zeros((1, 4, 4, 1)), 0.1).min() == 0
    np.testing.assert_allclose(stored(np.array([0.0, 0.4999, 1.0])) * 255, [0, 127, 255], atol=1e-4)


def test_the_step_along_signs():
    x = keras.Variable([1.0, 2.0, 3.0])
    optimizer = SignDescent(0.5)
    optimizer.build([x])
    optimizer.apply([keras.ops.convert_to_tensor([1e-9, -5.0, 0.0])], [x])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(x), [0.5, 2.5, 3.0])


def test_invalid_input(linear):
    network = linear(W)
    for options, why in (
        ({"epsilon": 0.0}, r"epsilon is the largest change of a pixel, in \(0, 1\], not 0.0"),
        ({"labels": 2}, "classes are 0 to 1, not 2"),
        ({"targets": [0]}, "one for each of 5 images"),
        ({"steps": 0}, "at least one step"),
    ):
        with pytest.raises(ValueError, match=why):
            attack(network, X, **options)


def _classifier():
    return get_classifier(get_encoder((12, 12, 1), 8, kind="mlp", widths=(16,)), 2)


def test_the_inner_attack_on_a_linear_classifier():
    """One step of 1.25 epsilon from a random start ends at the corner, or less than it off."""
    image = keras.Input((8, 8, 1))
    scores = keras.layers.Dense(2)(keras.layers.Flatten()(image))
    classifier = keras.Model(image, scores)
    classifier.set_weights([W.reshape(64, 2), np.zeros(2)])
    model = AdversarialTraining(classifier, epsilon=0.1, steps=3)
    found = keras.ops.convert_to_numpy(model.attacked(X, np.zeros(5, "int32")))
    np.testing.assert_allclose(found, np.clip(X + 0.1 * SIGN, 0, 1), atol=1e-6)


def test_training_on_attacks_defends(bars, tmp_path):
    """Bars are 0.8 brighter than the rest, so an attack of 0.3 can be resisted."""
    x, y = bars(256)
    model = AdversarialTraining(_classifier(), epsilon=0.3, steps=2)
    model.compile(keras.optimizers.Adam(1e-2))
    history = model.fit(x, y, batch_size=64, epochs=8, verbose=0).history
    assert history["accuracy"][-1] > 0.95
    attacked = attack(model.classifier, x, y, epsilon=0.3, steps=10)
    read = model.predict(attacked, verbose=0).argmax(axis=1)
    assert np.mean(read == y) > 0.95
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert (loaded.epsilon, loaded.steps, loaded.step_size) == (0.3, 2, pytest.approx(0.375))
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5)


def test_a_defence_needs_scores_and_labels(bars, linear):
    with pytest.raises(ValueError, match="leave out the softmax"):
        AdversarialTraining(linear(W))
    for options, why in (({"epsilon": 2.0}, "epsilon is"), ({"steps": 0}, "at least one step")):
        with pytest.raises(ValueError, match=why):
            AdversarialTraining(_classifier(), **options)
    model = AdversarialTraining(_classifier())
    model.compile(keras.optimizers.Adam(1e-2))
    x, y = bars(32)
    with pytest.raises(ValueError, match="learns from labelled images"):
        model.fit(x, verbose=0)
    with pytest.raises(ValueError, match="labels lie in"):
        model.fit(x, y + 5, verbose=0)
