"""The checks of lab 14 that students get."""

from itertools import pairwise
from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import tensorflow as tf


@exercise("1.1", points=1)
def test_the_ends_and_the_middle_of_the_schedule(student, rng):
    """The rates are those of the formula."""
    last = float(rng.uniform(0.001, 0.1))
    expect.close(
        student.cosine_schedule(4, last),
        np.cos(np.arange(5) / 4 * np.arccos(np.sqrt(last))) ** 2,
        f"the signal rates for T = 4 and alpha_T = {last:.4f}",
        "The angle grows by equal steps, from 0 to arccos(sqrt(alpha_T)).",
    )


@exercise("1.2", points=1)
def test_noisy_images_by_hand(student, rng):
    """Each image has its own rate."""
    x_0, eps = rng.uniform(-1, 1, (3, 4, 5, 1)), rng.normal(size=(3, 4, 5, 1))
    alpha = np.array([0.9, 0.36, 0.04])
    expect.close(
        on_tensors(student, "add_noise", x_0, alpha, eps),
        noisy(x_0, alpha, eps),
        "the noisy images of 3 images with alpha = 0.9, 0.36 and 0.04",
        "Square roots of alpha and of 1 - alpha. Give alpha four axes: (batch, 1, 1, 1).",
    )


@exercise("2.1", points=1)
def test_the_loss_of_a_network_that_predicts_zero(student, rng):
    """The loss is the mean of ||eps||^2."""
    x_0, eps = rng.uniform(-1, 1, (4, 3, 3, 2)), rng.normal(size=(4, 3, 3, 2))
    alpha = rng.uniform(0.1, 0.9, 4)
    expect.close(
        student.run_beside(loss_of_scaled, student.diffusion_loss, 0.0, x_0, alpha, eps),
        np.sum(eps**2, axis=(1, 2, 3)).mean(),
        "the loss if the network predicts 0",
        "Sum over the values of an image, mean over the images.",
    )


@exercise("2.1", points=1)
def test_the_loss_of_a_network_that_reads_the_noisy_image(student, rng):
    """The network predicts a share of x_t."""
    x_0, eps = rng.uniform(-1, 1, (4, 3, 3, 2)), rng.normal(size=(4, 3, 3, 2))
    alpha = rng.uniform(0.1, 0.9, 4)
    predicted = 0.5 * noisy(x_0, alpha, eps)
    expect.close(
        student.run_beside(loss_of_scaled, student.diffusion_loss, 0.5, x_0, alpha, eps),
        np.sum((eps - predicted) ** 2, axis=(1, 2, 3)).mean(),
        "the loss if the network predicts x_t / 2",
        "The network reads x_t, not x_0.",
    )


@exercise("3.1", points=1)
def test_the_expected_image_by_hand(student, rng):
    """From the right noise follows the image."""
    x_0, eps = rng.uniform(-0.9, 0.9, (2, 4, 4, 1)), rng.normal(size=(2, 4, 4, 1))
    x_t = np.sqrt(0.3) * x_0 + np.sqrt(0.7) * eps
    expect.close(
        student.estimate_image(x_t, eps, 0.3),
        x_0,
        "the image behind x_t if the noise is predicted exactly, alpha = 0.3",
        "Subtract the noise, then divide by sqrt(alpha).",
    )


@exercise("3.2", points=1)
def test_one_step_of_sampling(student, rng):
    """One step between two rates."""
    x = rng.normal(size=(3, 4, 4, 1))
    rates = np.array([0.2, 0.5])
    expect.close(
        student.run_beside(sample_scaled, student.sample, 0.4, x, rates),
        sampled(0.4, x, rates),
        "x after one step from alpha = 0.2 to 0.5, for a network that predicts 0.4 x_t",
        "Clip the expected image, and compute eps again from it.",
    )


@exercise("3.2", points=1)
def test_all_steps_of_sampling(student, rng):
    """Five steps up to the rate 1."""
    x = rng.normal(size=(2, 4, 4, 1))
    rates = np.array([0.01, 0.1, 0.4, 0.7, 0.95, 1.0])
    expect.close(
        student.run_beside(sample_scaled, student.sample, 0.8, x, rates),
        sampled(0.8, x, rates),
        "the images after five steps",
        "Each pair of neighbouring rates is one step.",
    )


@exercise("3.3", points=1)
def test_the_posterior_by_hand(student, rng):
    """Mean and standard deviation between two rates."""
    x_t, x_0 = rng.normal(size=(2, 3, 3, 1)), rng.uniform(-1, 1, (2, 3, 3, 1))
    mu, sigma = posterior(x_t, x_0, 0.2, 0.6)
    found = student.posterior(x_t, x_0, 0.2, 0.6)
    expect.close(found[0], mu, "mu for alpha = 0.2 and alpha_next = 0.6")
    expect.close(found[1], sigma, "sigma", "The standard deviation is the root of the variance.")


@exercise("4.1", points=1)
def test_guidance_by_hand(student, rng):
    """The result is on the line through both predictions."""
    x_t = rng.normal(size=(3, 2, 2, 1))
    c = np.eye(4)[[0, 2, 3]]
    expect.close(
        student.run_beside(guide_scaled, student.guided_noise, x_t, 0.5, c, 3.0),
        guided(x_t, 0.5, c, 3.0),
        "the predicted noise for w = 3",
        "The empty condition is zeros. Start from the prediction without a class.",
    )


def on_tensors(student, name, *arrays):
    """Call a function with tensors."""
    return student.run_beside(call_on_tensors, getattr(student, name), *arrays)


def noisy(x_0, alpha, eps):
    a = alpha.reshape(-1, 1, 1, 1)
    return np.sqrt(a) * x_0 + np.sqrt(1 - a) * eps


def sampled(share, x, rates):
    for alpha, following in pairwise(rates):
        x_0 = ((x - np.sqrt(1 - alpha) * share * x) / np.sqrt(alpha)).clip(-1, 1)
        eps = (x - np.sqrt(alpha) * x_0) / np.sqrt(1 - alpha)
        x = np.sqrt(following) * x_0 + np.sqrt(1 - following) * eps
    return x


def posterior(x_t, x_0, alpha, following):
    a = alpha / following
    mu = np.sqrt(following) * (1 - a) * x_0 + np.sqrt(a) * (1 - following) * x_t
    return mu / (1 - alpha), np.sqrt((1 - following) * (1 - a) / (1 - alpha))


def guided(x_t, alpha, c, w):
    class_number = (c @ np.arange(1, c.shape[1] + 1)).reshape(-1, 1, 1, 1)
    without, told = alpha * x_t, alpha * x_t + class_number
    return without + w * (told - without)


# The functions below run beside the answers (student.run_beside).


def call_on_tensors(function, *arrays):
    return function(*(tf.constant(array, tf.float32) for array in arrays))


def loss_of_scaled(diffusion_loss, share, *arrays):
    tensors = [tf.constant(array, tf.float32) for array in arrays]
    return diffusion_loss(lambda x_t, alpha: share * x_t, *tensors)


def sample_scaled(sample, share, x, rates):
    return sample(lambda x_t, alpha: share * x_t, x, rates)


def guide_scaled(guided_noise, x_t, alpha, c, w):
    def network(x_t, alpha, c):
        class_number = (c @ np.arange(1, c.shape[1] + 1)).reshape(-1, 1, 1, 1)
        return alpha * x_t + class_number

    return guided_noise(network, x_t, alpha, c, w)
