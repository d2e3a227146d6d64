"""The tests of lab 13 that students do not get."""

import itertools
from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import tensorflow as tf
    from keras import ops


@exercise("1.1", points=1)
@pytest.mark.parametrize("kind", ["A", "B"])
@pytest.mark.parametrize("across", [True, False])
def test_masks_of_one_row_and_of_one_column(student, rng, kind, across):
    """A kernel of one row sees to the left, a kernel of one column sees above."""
    side = 2 * int(rng.integers(1, 5)) + 1
    height, width = (1, side) if across else (side, 1)
    seen = (np.arange(side) < side // 2 + (kind == "B")).reshape(height, width)
    expect.close(
        student.causal_mask(height, width, kind),
        seen,
        f"the mask of type {kind} of a kernel of {height}x{width}",
    )


@exercise("1.2", points=1)
def test_the_influence_depends_on_the_image(student, rng):
    """The outputs are weighted sums of the squares of the pixels."""
    x, w = rng.normal(size=(1, 3, 5, 3)), rng.normal(size=(3, 5, 3, 3, 5, 2))
    gradient = 2 * x[0] * w[:, :, :, 2, 0].sum(axis=-1)
    expect.close(
        student.run_beside(influence_of_squares, student.influence, x, w, 2, 0),
        np.abs(gradient).sum(axis=-1),
        "the influence on pixel (2, 0) if the outputs are weighted sums of squares of the pixels",
    )


@exercise("2.1", points=1)
def test_the_probabilities_of_all_images_add_up_to_1(student, rng):
    """There are 16 binary images of 2x2 pixels."""
    x = np.array(list(itertools.product([0, 1], repeat=4))).reshape(16, 2, 2, 1)
    logits = np.repeat(rng.normal(size=(1, 2, 2, 1)), 16, axis=0)
    found = student.run_beside(call_on_tensors, student.negative_log_likelihood, x, logits)
    expect.shape(found, (16,), "-log p(x) of all binary images of 2x2 pixels")
    expect.close(
        np.exp(-found.astype(float)).sum(),
        1.0,
        "the sum of the probabilities of all binary images of 2x2 pixels",
    )


@exercise("3.1", points=1)
def test_larger_images(student, rng):
    """The order counts: the images are higher than wide, and each pixel depends on many others."""
    u, w = rng.uniform(size=(10, 7, 3, 1)), 3 * rng.normal(size=(21, 21))
    flat, x = u.reshape(10, 21), np.zeros((10, 21))
    for i in range(21):
        x[:, i] = flat[:, i] < 1 / (1 + np.exp(0.2 - x[:, :i] @ w[i, :i]))
    expect.close(
        student.run_beside(draw_by_matrix, student.draw_images, u, w, -0.2),
        x.reshape(u.shape),
        "10 images of 7x3 pixels, each of which depends on the pixels before it",
    )


@exercise("4.1", points=1)
@pytest.mark.parametrize("half", [1, 4])
def test_the_determinant_is_that_of_the_jacobian(student, rng, half):
    """The Jacobian has ones and the scales on its diagonal, and zeros above it."""
    x, w_s, w_t = (rng.normal(size=sides) for sides in ((3, 2 * half), *2 * [(half, half)]))
    y, log_det = student.run_beside(couple, student.coupling, x, w_s, w_t)
    a, b = x[:, :half], x[:, half:]
    scale, shift = np.exp(np.tanh(a @ w_s)), a @ w_t
    jacobians = np.stack([np.diag(np.concatenate([np.ones(half), row])) for row in scale])
    expect.close(log_det, np.linalg.slogdet(jacobians)[1], f"log |det| of vectors of {2 * half}")
    expect.close(
        y, np.concatenate([a, b * scale + shift], axis=1), f"y of vectors of {2 * half} values"
    )


@exercise("4.2", points=1)
@pytest.mark.parametrize("half", [1, 4])
def test_couplings_of_other_sizes_are_inverted(student, rng, half):
    """The values of y are random."""
    y, w_s, w_t = (rng.normal(size=sides) for sides in ((3, 2 * half), *2 * [(half, half)]))
    a, b = y[:, :half], y[:, half:]
    x = np.concatenate([a, (b - a @ w_t) / np.exp(np.tanh(a @ w_s))], axis=1)
    expect.close(
        student.run_beside(couple, student.inverse_coupling, y, w_s, w_t),
        x,
        f"x of vectors y of {2 * half} values",
    )


@exercise("4.3", points=1)
def test_determinants_that_differ_between_vectors(student, rng):
    """The step is y = sinh(x)."""
    x = rng.uniform(-1, 1, (5, 4))
    z = np.sinh(np.sinh(x))
    log_det = np.log(np.cosh(x)) + np.log(np.cosh(np.sinh(x)))
    expect.close(
        student.run_beside(likelihood_of_sinh, student.log_likelihood, x, 2, 1.0),
        np.sum(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) + log_det, axis=1),
        "log p(x) for two steps of y = sinh(x)",
    )


@exercise("4.3", points=1)
def test_the_density_integrates_to_1(student, rng):
    """On a line, y = sinh(c x)."""
    c = float(rng.uniform(1.5, 2.5))
    x = np.linspace(-3, 3, 2001)[:, None] / c
    found = student.run_beside(likelihood_of_sinh, student.log_likelihood, x, 1, c)
    expect.shape(found, (2001,), "log p(x) of 2001 points of a line")
    expect.close(
        np.exp(found.astype(float)).sum() * 0.003 / c,
        1.0,
        f"the integral of p(x) for one step of y = sinh({c:.3f} x)",
    )


@exercise("5.1", points=1)
@pytest.mark.parametrize("shape", [(2,), (28, 28, 1), (8, 8, 3)])
def test_units_of_other_shapes(student, rng, shape):
    """Vectors, grey images and colour images."""
    nats = rng.uniform(1, 3, (2, 2)) * np.prod(shape)
    expect.close(
        student.bits_per_dimension(nats, shape),
        nats / np.prod(shape) / np.log(2),
        f"bits per dimension for the shape {shape}",
    )


@exercise("5.1", points=1)
@pytest.mark.parametrize("n_levels", [2, 256])
def test_a_uniform_density(student, rng, n_levels):
    """If p(v) = 1, all levels are equally likely; the other density is e times as large."""
    d = int(rng.integers(2, 6))
    expect.close(
        student.bits_of_levels(np.array([0.0, -1.0]), (d, d, 1), n_levels),
        np.log2(n_levels) - np.array([0.0, 1 / np.log(2) / d**2]),
        f"bits per dimension of a density of 1 and of e, {d}x{d} pixels with {n_levels} levels",
    )


# The functions below run beside the answers (student.run_beside).


def call_on_tensors(function, *arrays):
    return function(*(tf.constant(array, tf.float32) for array in arrays))


def influence_of_squares(influence, x, w, i, j):
    w = tf.constant(w, tf.float32)
    return influence(lambda x: tf.tensordot(x**2, w, 3), tf.constant(x, tf.float32), i, j)


def draw_by_matrix(draw_images, u, w, bias):
    def logits_of(x):
        before = np.reshape(x, (len(u), -1)) @ np.tril(w, -1).T
        return (bias + before).reshape(u.shape)

    return draw_images(logits_of, u)


def couple(function, x, w_s, w_t):
    w_s, w_t = tf.constant(w_s, tf.float32), tf.constant(w_t, tf.float32)

    def network(a):
        return ops.tanh(ops.matmul(a, w_s)), ops.matmul(a, w_t)

    return function(tf.constant(x, tf.float32), network)


def likelihood_of_sinh(log_likelihood, x, n_steps, c):
    def step(x):
        return tf.sinh(c * x), tf.reduce_sum(tf.math.log(c * tf.cosh(c * x)), axis=1)

    return log_likelihood(tf.constant(x, tf.float32), n_steps * [step])
