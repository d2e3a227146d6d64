"""Tests of `optimize_input`: known minima, the schedule, the history, the seed, invalid input."""

from ankeras.pictures import history as draw_history
from ankeras.training.optimize_input import optimize_input
from ankeras.training.schedules import falling_rate

import keras
import numpy as np
import pytest
from keras import ops

A = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
B = np.random.default_rng(1).normal(size=(3, 6)).astype("float32")
START = np.zeros((3, 4), "float32")


def squared_error(x):
    """Return 1/2 ||A x - b||^2 of each row."""
    return 0.5 * ops.sum(ops.square(ops.subtract(ops.matmul(x, A.T), B)), axis=1)


def squared_norm(x):
    """Return 1/2 ||x||^2 of each row."""
    return 0.5 * ops.sum(ops.square(x), axis=1)


def falling(rate, steps):
    return keras.optimizers.schedules.CosineDecay(rate, steps)


def test_the_minimum_of_a_quadratic_is_found():
    found = optimize_input(squared_error, START, steps=400, learning_rate=falling(0.1, 400))
    expected = np.linalg.lstsq(A, B.T, rcond=None)[0].T
    assert found.x.dtype == np.float32
    np.testing.assert_allclose(found.x, expected, atol=1e-3)
    np.testing.assert_array_equal(START, 0)


@pytest.mark.parametrize("reduce", [lambda values: values, ops.sum])
def test_the_regularizer_gives_ridge_regression(reduce):
    found = optimize_input(
        lambda x: reduce(squared_error(x)),
        START,
        steps=400,
        learning_rate=falling(0.1, 400),
        regularizer=squared_norm,
        weight=3.0,
    )
    ridge = np.linalg.solve(A.T @ A + 3 * np.eye(4), A.T @ B.T).T
    np.testing.assert_allclose(found.x, ridge, atol=1e-3)


def test_the_history_holds_the_loss_before_each_step():
    start = np.ones((3, 4), "float32")
    found = optimize_input(
        squared_error,
        start,
        steps=50,
        learning_rate=0.01,
        regularizer=squared_norm,
        weight=3.0,
    )
    loss, penalty = found.history["loss"], found.history["regularizer"]
    assert loss.shape == penalty.shape == (50,)
    assert penalty[0] == pytest.approx(3 * 0.5 * 4)
    errors = 0.5 * ((start @ A.T - B) ** 2).sum(axis=1)
    assert loss[0] == pytest.approx(errors.mean() + 6, rel=1e-5)
    assert (np.diff(loss) < 0).all()
    without = optimize_input(squared_error, start, steps=2, learning_rate=0.01)
    assert without.history.keys() == {"loss"}
    assert len(draw_history(found.history, ("loss", "regularizer")).axes) == 2


def test_each_step_is_a_step_of_adam():
    """With a gradient that is always 1, each step of Adam moves x by the learning rate."""
    found = optimize_input(
        lambda x: ops.sum(x, axis=1), np.zeros((2, 1), "float32"), steps=5, learning_rate=0.1
    )
    np.testing.assert_allclose(found.x, -0.5, rtol=1e-4)
    np.testing.assert_allclose(found.history["loss"], [0, -0.1, -0.2, -0.3, -0.4], atol=1e-5)


def test_the_schedule_is_followed():
    rates = keras.optimizers.schedules.PiecewiseConstantDecay([1, 3], [0.1, 0.01, 0.0])
    found = optimize_input(
        lambda x: ops.sum(x, axis=1), np.zeros((2, 1), "float32"), steps=8, learning_rate=rates
    )
    moved = -np.diff(found.history["loss"])
    np.testing.assert_allclose(moved, [0.1, 0.1, 0.01, 0.01, 0, 0, 0], atol=1e-5)


def test_rows_do_not_influence_each_other():
    together = optimize_input(squared_error, START, steps=30, learning_rate=0.05).x

    def of_the_first(x):
        return 0.5 * ops.sum(ops.square(ops.subtract(ops.matmul(x, A.T), B[:1])), axis=1)

    alone = optimize_input(of_the_first, START[:1], steps=30, learning_rate=0.05).x
    np.testing.assert_allclose(together[:1], alone, atol=1e-5)


def test_x_stays_in_the_set_onto_which_it_is_projected():
    seen = optimize_input(
        squared_error,
        START,
        steps=300,
        learning_rate=falling(0.1, 300),
        project=lambda x: ops.clip(x, 0.0, 0.2),
    ).x
    assert seen.min() >= 0
    assert seen.max() <= np.float32(0.2)
    slope = (seen @ A.T - B) @ A  # at the minimum in a box, -slope points out of the box
    inside = (seen > 1e-4) & (seen < 0.2 - 1e-4)
    assert inside.any()
    np.testing.assert_allclose(slope[inside], 0, atol=1e-2)
    assert (slope[seen <= 1e-4] > -1e-2).all()
    assert (slope[seen >= 0.2 - 1e-4] < 1e-2).all()


def test_the_jitter_depends_on_the_seed_and_is_new_in_each_step():
    def run(seed, jitter=lambda x, seed: x + keras.random.normal((3, 4), seed=seed)):
        return optimize_input(
            squared_error, START, steps=20, learning_rate=0.01, jitter=jitter, seed=seed
        )

    one, again, other = run(1), run(1), run(2)
    np.testing.assert_array_equal(one.x, again.x)
    np.testing.assert_array_equal(one.history["loss"], again.history["loss"])
    assert np.abs(one.x - other.x).max() > 1e-3
    assert len(np.unique(one.history["loss"])) == 20
    plain = optimize_input(squared_error, START, steps=20, learning_rate=0.01)
    np.testing.assert_array_equal(run(5, jitter=lambda x, seed: x).x, plain.x)


def test_an_image_is_found_in_spite_of_jitter():
    """The target is the same at every pixel, so the shifts of DeepDream's jitter don't matter."""

    def roll(image, seed):
        shift = keras.random.randint((2,), -2, 3, seed=seed)
        return ops.roll(image, (shift[0], shift[1]), axis=(1, 2))

    start = np.random.default_rng(0).random((1, 6, 6, 1)).astype("float32")
    found = optimize_input(
        lambda x: ops.sum(ops.square(x - 0.25)),
        start,
        steps=100,
        learning_rate=falling(0.1, 100),
        jitter=roll,
    )
    np.testing.assert_allclose(found.x, 0.25, atol=1e-2)


def test_the_network_is_not_changed():
    network = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(5), keras.layers.BatchNormalization()]
    )
    weights = network.get_weights()
    found = optimize_input(
        lambda x: -ops.mean(network(x, training=False), axis=1),
        START + 1,
        steps=10,
        learning_rate=0.1,
    )
    assert found.history["loss"][-1] < found.history["loss"][0]
    for before, after in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_invalid_input_raises_an_error():
    good = {"steps": 1, "learning_rate": 0.1}
    for start, why in (
        (np.float32(1), r"an array \(n, ...\), not one of shape \(\)"),
        (np.zeros((0, 3)), r"shape \(0, 3\)"),
        (np.array([[1.0, np.nan]]), "start holds NaN or infinity"),
    ):
        with pytest.raises(ValueError, match=why):
            optimize_input(ops.sum, start, **good)
    with pytest.raises(ValueError, match="at least one step, not 0"):
        optimize_input(squared_error, START, steps=0, learning_rate=0.1)
    with pytest.raises(ValueError, match=r"loss_fn must return .* each of 3 rows, not \(3, 4\)"):
        optimize_input(ops.square, START, **good)
    with pytest.raises(ValueError, match=r"regularizer must return .* 3 rows, not \(4,\)"):
        optimize_input(squared_error, START, regularizer=lambda x: ops.sum(x, axis=0), **good)


def test_a_rate_may_be_a_whole_number_and_falls():
    for rate in (1, np.float32(0.5)):
        assert (
            optimize_input(squared_error, START, steps=2, learning_rate=rate).x.shape == START.shape
        )
    assert float(falling_rate(1, 4)(4)) == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="at least one step, not 0"):
        falling_rate(0.1, 0)
