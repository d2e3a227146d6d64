"""L-BFGS on tensors: minima that are known, bounds, and what it answers to bad input."""

from ankeras.training.lbfgs import minimize_lbfgs

import numpy as np
import pytest
from keras import ops


def rosenbrock(x):
    """Return a curved valley whose lowest point is (1, 1): (1, 2) -> one number."""
    a, b = x[:, 0], x[:, 1]
    return ops.sum((1 - a) ** 2 + 100 * (b - a**2) ** 2)


def test_the_lowest_point_of_a_curved_valley_is_found():
    found = minimize_lbfgs(rosenbrock, np.array([[-1.2, 1.0]]), steps=100)
    np.testing.assert_allclose(found.x, [[1, 1]], atol=1e-3)
    losses = found.history["loss"]
    np.testing.assert_allclose(losses[0], (1 + 1.2) ** 2 + 100 * (1 - 1.44) ** 2, rtol=1e-5)
    assert len(losses) <= 101
    assert np.all(np.diff(losses) <= 0)


def test_a_quadratic_within_bounds():
    target = np.array([[-2.0, 0.3, 5.0]], "float32")
    found = minimize_lbfgs(
        lambda x: ops.sum(ops.square(x - target), axis=1),
        np.full((1, 3), 0.5),
        steps=30,
        bounds=(0.0, 1.0),
    )
    np.testing.assert_allclose(found.x, [[0, 0.3, 1]], atol=1e-4)


def test_a_start_that_is_the_minimum_stays():
    found = minimize_lbfgs(lambda x: ops.sum(ops.square(x)), np.zeros((2, 2)), steps=5)
    np.testing.assert_array_equal(found.x, np.zeros((2, 2)))
    assert found.history["loss"][0] == 0


def test_bad_input():
    with pytest.raises(ValueError, match="at least one step, not 0"):
        minimize_lbfgs(ops.sum, np.zeros((1, 2)), steps=0)
    with pytest.raises(ValueError, match="not finite"):
        minimize_lbfgs(lambda x: ops.sum(ops.log(x)), np.zeros((1, 2)), steps=3)
