"""The tests of lab 14 that students do not get."""

from itertools import pairwise
from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import tensorflow as tf


@exercise("1.1", points=1)
@pytest.mark.parametrize("n_steps", [1, 1000])
def test_schedules_of_other_lengths(student, n_steps):
    """There are T + 1 rates."""
    angle = np.arccos(0.02)
    expect.close(
        student.cosine_schedule(n_steps, 4e-4),
        np.cos(np.arange(n_steps + 1) / n_steps * angle) ** 2,
        f"the signal rates for T = {n_steps} and alpha_T = 0.0004",
    )


@exercise("1.2", points=1)
def test_noisy_images_of_any_shape(student, rng):
    """As many images as pixels in a row: the rates must belong to the images."""
    x_0, eps = rng.uniform(-1, 1, (4, 4, 4, 4)), rng.normal(size=(4, 4, 4, 4))
    alpha = np.array([1.0, 0.5, 0.25, 0.0])
    a = alpha.reshape(-1, 1, 1, 1)
    expect.close(
        student.run_beside(call_on_tensors, student.add_noise, x_0, alpha, eps),
        np.sqrt(a) * x_0 + np.sqrt(1 - a) * eps,
        "the noisy images of 4 images of shape (4, 4, 4)",
    )


@exercise("2.1", points=1)
def test_the_network_is_told_the_rates(student, rng):
    """The network predicts alpha x_t."""
    x_0, eps = rng.uniform(-1, 1, (3, 3, 3, 3)), rng.normal(size=(3, 3, 3, 3))
    alpha = rng.uniform(0.1, 0.9, 3)
    a = alpha.reshape(-1, 1, 1, 1)
    predicted = a * (np.sqrt(a) * x_0 + np.sqrt(1 - a) * eps)
    expect.close(
        student.run_beside(loss_of_rates, student.diffusion_loss, x_0, alpha, eps),
        np.sum((eps - predicted) ** 2, axis=(1, 2, 3)).mean(),
        "the loss if the network predicts alpha_t x_t",
    )


@exercise("3.1", points=1)
def test_estimates_are_clipped(student, rng):
    """A wrong prediction of the noise leads out of the range of images."""
    x_t, eps = 0.5 * rng.normal(size=(2, 3, 3, 2)), 0.5 * rng.normal(size=(2, 3, 3, 2))
    expect.close(
        student.estimate_image(x_t, eps, 0.1),
        ((x_t - np.sqrt(0.9) * eps) / np.sqrt(0.1)).clip(-1, 1),
        "the expected images for random x_t and eps, alpha = 0.1",
    )


@exercise("3.2", points=1)
def test_the_network_is_told_the_rate_of_each_step(student, rng):
    """The network predicts alpha x_t."""
    x = rng.normal(size=(2, 3, 5, 3))
    rates = np.array([0.05, 0.3, 0.9, 1.0])
    expected = x
    for alpha, following in pairwise(rates):
        x_0 = (1 - np.sqrt(1 - alpha) * alpha) * expected / np.sqrt(alpha)
        x_0 = x_0.clip(-1, 1)
        eps = (expected - np.sqrt(alpha) * x_0) / np.sqrt(1 - alpha)
        expected = np.sqrt(following) * x_0 + np.sqrt(1 - following) * eps
    expect.close(
        student.run_beside(sample_by_rates, student.sample, x, rates),
        expected,
        "the images after three steps of a network that predicts alpha_t x_t",
    )


@exercise("3.2", points=1)
def test_a_single_step_to_the_rate_1(student, rng):
    """The result is the expected image."""
    x = rng.normal(size=(2, 3, 3, 1))
    rates = np.array([0.3, 1.0])
    expect.close(
        student.run_beside(sample_by_rates, student.sample, x, rates),
        ((1 - np.sqrt(0.7) * 0.3) * x / np.sqrt(0.3)).clip(-1, 1),
        "the images after one step from alpha = 0.3 to 1",
    )


@exercise("3.3", points=1)
def test_the_mean_of_other_rates(student, rng):
    """The mean is right for a small step."""
    x_t, x_0 = rng.normal(size=(1, 2, 5, 3)), rng.uniform(-1, 1, (1, 2, 5, 3))
    alpha, following = 0.5, 0.55
    a = alpha / following
    mu = np.sqrt(following) * (1 - a) * x_0 + np.sqrt(a) * (1 - following) * x_t
    expect.close(
        student.posterior(x_t, x_0, alpha, following)[0],
        mu / (1 - alpha),
        "mu for alpha = 0.5 and alpha_next = 0.55",
    )


@exercise("3.3", points=1)
@pytest.mark.parametrize("alpha", [0.1, 0.9])
def test_the_deviation_of_other_rates(student, rng, alpha):
    """The standard deviation is right for a large and for a small step."""
    x = rng.normal(size=(1, 2, 2, 1))
    expect.close(
        student.posterior(x, x, alpha, 0.95)[1],
        np.sqrt(0.05 * (1 - alpha / 0.95) / (1 - alpha)),
        f"sigma for alpha = {alpha} and alpha_next = 0.95",
    )


@exercise("4.1", points=1)
@pytest.mark.parametrize("w", [0.0, 1.0])
def test_no_condition_and_no_guidance(student, rng, w):
    """w = 0 is the prediction without a class, w = 1 that with the class."""
    x_t, c = rng.normal(size=(2, 3, 3, 1)), np.eye(3)[[1, 2]]
    expect.close(
        student.run_beside(guide_by_sum, student.guided_noise, x_t, 0.7, c, w),
        0.7 * x_t + w * np.array([2.0, 3.0]).reshape(-1, 1, 1, 1),
        f"the predicted noise for w = {w:g}",
    )


@exercise("4.1", points=1)
def test_a_large_weight(student, rng):
    """w = 7.5 for other conditions."""
    x_t, c = rng.normal(size=(2, 2, 2, 2)), np.eye(3)[[0, 2]]
    expect.close(
        student.run_beside(guide_by_sum, student.guided_noise, x_t, 0.2, c, 7.5),
        0.2 * x_t + 7.5 * np.array([1.0, 3.0]).reshape(-1, 1, 1, 1),
        "the predicted noise for w = 7.5",
    )


# The functions below run beside the answers (student.run_beside).


def call_on_tensors(function, *arrays):
    return function(*(tf.constant(array, tf.float32) for array in arrays))


def loss_of_rates(diffusion_loss, *arrays):
    tensors = [tf.constant(array, tf.float32) for array in arrays]
    return diffusion_loss(lambda x_t, alpha: tf.reshape(alpha, (-1, 1, 1, 1)) * x_t, *tensors)


def sample_by_rates(sample, x, rates):
    return sample(lambda x_t, alpha: alpha * x_t, x, rates)


def guide_by_sum(guided_noise, x_t, alpha, c, w):
    def network(x_t, alpha, c):
        class_number = (c @ np.arange(1, c.shape[1] + 1)).reshape(-1, 1, 1, 1)
        return alpha * x_t + class_number

    return guided_noise(network, x_t, alpha, c, w)
