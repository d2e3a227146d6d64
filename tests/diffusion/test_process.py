"""Tests of the diffusion process: schedules, the noise, and what a network may predict."""

from ankeras.diffusion import chain, diffuse, estimates, prediction_target, signal_rates
from ankeras.diffusion.process import LAST_RATE, PREDICTIONS, SCHEDULES

import numpy as np
import pytest
from keras import ops


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("n_steps", [1, 50, 1000])
def test_signal_rates_fall_from_one_to_nearly_zero(schedule, n_steps):
    rates = signal_rates(schedule, n_steps)
    assert rates.shape == (n_steps + 1,)
    assert rates[0] == 1
    assert (np.diff(rates) < 0).all()
    assert 0 < rates[-1] < 0.01 or (schedule, n_steps) == ("linear", 1)


def test_schedules_by_hand():
    # Ho et al., section 4: beta from 1e-4 to 0.02 in 1000 steps; log alpha_T = sum log(1 - beta)
    linear = signal_rates("linear", 1000)
    assert linear[1] == pytest.approx(1 - 1e-4)
    assert linear[2] == pytest.approx((1 - 1e-4) * (1 - 1e-4 - 0.0199 / 999))
    assert np.log(linear[-1]) == pytest.approx(-10.1, abs=0.05)
    angle = np.arccos(np.sqrt(LAST_RATE))
    assert signal_rates("cosine", 4)[1] == pytest.approx(np.cos(angle / 4) ** 2)
    assert signal_rates("signal rate", 4)[1] == pytest.approx(0.75 + LAST_RATE / 4)


def test_single_steps_lead_to_the_closed_form():
    """q(x_t | x_0) has the mean sqrt(alpha_t) x_0 and the variance 1 - alpha_t."""
    rates = signal_rates("linear", 60)
    x_0 = np.full((200, 200, 1), 0.8)
    drawn = chain(x_0, rates, seed=3)
    assert drawn.shape == (61, 200, 200, 1)
    for t in (0, 1, 20, 60):
        assert drawn[t].mean() == pytest.approx(np.sqrt(rates[t]) * 0.8, abs=0.02)
        assert drawn[t].var() == pytest.approx(1 - rates[t], abs=0.02)


def test_a_noisy_image_by_hand():
    x_t = diffuse(ops.array([[0.5, -1.0]]), 0.64, ops.array([[1.0, 2.0]]))
    np.testing.assert_allclose(ops.convert_to_numpy(x_t), [[0.4 + 0.6, -0.8 + 1.2]], rtol=1e-6)


@pytest.mark.parametrize("predicts", PREDICTIONS)
def test_image_and_noise_follow_from_a_right_prediction(predicts):
    rng = np.random.default_rng(0)
    x_0 = rng.uniform(-1, 1, (3, 4, 4, 1)).astype("float32")
    eps = rng.normal(size=x_0.shape).astype("float32")
    x_t = np.sqrt(0.3) * x_0 + np.sqrt(0.7) * eps
    target = prediction_target(predicts, ops.array(x_0), 0.3, ops.array(eps))
    found = estimates(predicts, ops.convert_to_numpy(target), x_t, 0.3)
    np.testing.assert_allclose(found[0], x_0, atol=1e-5)
    np.testing.assert_allclose(found[1], eps, atol=1e-5)


def test_the_velocity_by_hand():
    v = prediction_target("velocity", ops.array(0.5), 0.64, ops.array(2.0))
    assert float(v) == pytest.approx(0.8 * 2.0 - 0.6 * 0.5)


def test_an_estimate_outside_of_the_range_is_clipped_and_the_noise_follows():
    x_t = np.array([[1.0, -3.0]])
    x_0, eps = estimates("image", np.array([[1.5, -0.5]]), x_t, 0.25)
    np.testing.assert_allclose(x_0, [[1.0, -0.5]])
    np.testing.assert_allclose(0.5 * x_0 + np.sqrt(0.75) * eps, x_t)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("sine", 10), "schedule must be one of"),
        (("cosine", 0), "at least 1 step, not 0"),
    ],
)
def test_wrong_schedules_are_answered_by_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        signal_rates(*arguments)
