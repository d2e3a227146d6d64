"""The checks of lab 13 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import tensorflow as tf
    from keras import ops


@exercise("1.1", points=1)
def test_a_mask_of_type_a(student, rng):
    """The pixels before the middle are seen, the middle is not."""
    height, width = sides(rng)
    expect.close(
        student.causal_mask(height, width, "A"),
        np.arange(height * width).reshape(height, width) < height * width // 2,
        f"the mask of type A of a kernel of {height}x{width}",
        "1 in all rows above the middle, and in its own row to the left of it.",
    )


@exercise("1.1", points=1)
def test_a_mask_of_type_b(student, rng):
    """The middle is seen too."""
    height, width = sides(rng)
    expect.close(
        student.causal_mask(height, width, "B"),
        np.arange(height * width).reshape(height, width) <= height * width // 2,
        f"the mask of type B of a kernel of {height}x{width}",
        "As type A, and 1 in the middle.",
    )


@exercise("1.2", points=1)
def test_one_pixel_reaches_the_output(student, rng):
    """The output is a multiple of the pixel to the left."""
    factor = float(rng.uniform(1.5, 2.5))
    expected = np.zeros((4, 5))
    expected[2, 0] = factor
    expect.close(
        student.run_beside(influence_of_the_left, student.influence, factor, 2, 1),
        expected,
        f"the influence on pixel (2, 1), if outputs are -{factor:.3f} times the pixel to the left",
        "The absolute value of the gradient of the output at row i, column j.",
    )


@exercise("1.2", points=1)
def test_the_influence_in_a_linear_network(student, rng):
    """All pixels reach all outputs."""
    w = rng.normal(size=(3, 4, 2, 3, 4, 3))
    expect.close(
        student.run_beside(influence_by_weights, student.influence, w, 1, 2),
        np.abs(w[:, :, :, 1, 2].sum(axis=-1)).sum(axis=-1),
        "the influence on pixel (1, 2) of a linear network, 2 channels, 3 outputs per pixel",
        "First the sum of the outputs of this pixel, then its gradient, then the sum of the "
        "absolute values over the channels of the image.",
    )


@exercise("2.1", points=1)
def test_the_likelihood_by_hand(student, rng):
    """The values are those of the formula."""
    x, logits = rng.integers(0, 2, (4, 3, 5, 2)), rng.normal(size=(4, 3, 5, 2))
    expect.close(
        on_tensors(student, "negative_log_likelihood", x, logits),
        nll(x, logits),
        "-log p(x) of 4 images of shape (3, 5, 2)",
        "Sum over all values of an image; one value per image, in nats.",
    )


@exercise("2.1", points=1)
def test_large_logits(student, rng):
    """Logits of +-100 to +-300."""
    x = rng.integers(0, 2, (6, 2, 2, 1))
    logits = rng.uniform(100, 300, x.shape) * rng.choice([-1, 1], x.shape)
    expect.close(
        on_tensors(student, "negative_log_likelihood", x, logits),
        nll(x, logits),
        "-log p(x) for logits of +-100 to +-300",
        "log(1 + e^l) without computing e^l: which function does this?",
    )


@exercise("3.1", points=1)
def test_pixels_that_do_not_depend_on_others(student, rng):
    """All logits are the same."""
    logit, u = float(rng.uniform(0.5, 1.5)), rng.uniform(size=(5, 4, 6, 1))
    expect.close(
        student.run_beside(draw_by_matrix, student.draw_images, u, np.zeros((24, 24)), logit),
        u < 1 / (1 + np.exp(-logit)),
        f"the images if all logits are {logit:.3f}",
        "1 where u is smaller than the probability of 1, else 0.",
    )


@exercise("3.1", points=1)
def test_pixels_that_depend_on_those_before(student, rng):
    """The logit of a pixel is a weighted sum of the pixels before it."""
    u, w = rng.uniform(size=(6, 3, 4, 1)), 5 * rng.normal(size=(12, 12))
    expect.close(
        student.run_beside(draw_by_matrix, student.draw_images, u, w, 0.3),
        drawn(u, w, 0.3),
        "the images if the logit of a pixel is a weighted sum of the pixels before it",
        "Row by row, from left to right. Compute the logits again for each pixel, from the images "
        "so far.",
    )


@exercise("4.1", points=1)
def test_the_values_of_a_coupling(student, rng):
    """The second half is scaled and shifted."""
    x, w_s, w_t = rng.normal(size=(5, 6)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    expect.close(
        student.run_beside(couple, student.coupling, x, w_s, w_t)[0],
        coupled(x, w_s, w_t),
        "y of 5 vectors of 6 values",
        "The first half stays, and is all that the network reads. First the scale, then the shift.",
    )


@exercise("4.1", points=1)
def test_the_determinant_of_a_coupling(student, rng):
    """It is the product of the scales."""
    x, w_s, w_t = rng.normal(size=(5, 6)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    expect.close(
        student.run_beside(couple, student.coupling, x, w_s, w_t)[1],
        np.tanh(x[:, :3] @ w_s).sum(axis=1),
        "log |det| of 5 vectors of 6 values",
        "One value per vector: the sum of s.",
    )


@exercise("4.2", points=1)
def test_a_coupling_is_inverted(student, rng):
    """From y follows x."""
    x, w_s, w_t = rng.normal(size=(5, 6)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    expect.close(
        student.run_beside(couple, student.inverse_coupling, coupled(x, w_s, w_t), w_s, w_t),
        x,
        "x from y = coupling(x)",
        "Subtract the shift first, then undo the scale.",
    )


@exercise("4.3", points=1)
def test_a_step_that_changes_nothing(student, rng):
    """What is left is the standard normal density."""
    x = rng.normal(size=(4, 3))
    scale, shift = np.ones((1, 3)), np.zeros((1, 3))
    expect.close(
        student.run_beside(likelihood_by_steps, student.log_likelihood, x, scale, shift),
        log_normal(x),
        "log p(x) of 4 vectors of 3 values, for one step with y = x",
        "The density of N(0, I) has the constant d / 2 log(2 pi).",
    )


@exercise("4.3", points=1)
def test_two_steps(student, rng):
    """Two steps that scale and shift."""
    x, shift = rng.normal(size=(4, 3)), rng.normal(size=(2, 3))
    scale = rng.uniform(0.5, 2, (2, 3))
    z = (x * scale[0] + shift[0]) * scale[1] + shift[1]
    expect.close(
        student.run_beside(likelihood_by_steps, student.log_likelihood, x, scale, shift),
        log_normal(z) + np.log(scale).sum(),
        "log p(x) for two steps",
        "Each step reads what the step before has returned. Add the log-determinants of all steps.",
    )


@exercise("5.1", points=1)
def test_the_units(student, rng):
    """Nats per image become bits per dimension."""
    nats = rng.uniform(50, 100, 3)
    expect.close(
        student.bits_per_dimension(nats, (4, 5, 3)),
        nats / np.log(2) / 60,
        "bits per dimension of 3 images of shape (4, 5, 3)",
        "1 bit is log 2 nats. Divide by the number of all values of an image.",
        inputs={"nats": nats},
    )


@exercise("5.1", points=1)
def test_the_bits_of_levels(student, rng):
    """The density becomes a probability of levels."""
    nats = rng.uniform(-50, 50, 3)
    expect.close(
        student.bits_of_levels(nats, (4, 5, 3), 5),
        nats / np.log(2) / 60 + np.log2(5),
        "bits per dimension of 3 images of shape (4, 5, 3) with 5 levels",
        "Insert P(k) = p(v) L^(-D) into -log P(k), then change the units.",
        inputs={"nats": nats},
    )


def on_tensors(student, name, *arrays):
    """Call a function with tensors."""
    return student.run_beside(call_on_tensors, getattr(student, name), *arrays)


def sides(rng):
    """Draw two odd sides of a kernel that differ."""
    return tuple(int(side) for side in rng.choice([3, 5, 7, 9], 2, replace=False))


def nll(x, logits):
    return (np.logaddexp(0, logits) - x * logits).sum(axis=(1, 2, 3))


def drawn(u, w, bias):
    flat, x = u.reshape(len(u), -1), np.zeros((len(u), len(w)))
    for i in range(len(w)):
        x[:, i] = flat[:, i] < 1 / (1 + np.exp(-bias - x[:, :i] @ w[i, :i]))
    return x.reshape(u.shape)


def coupled(x, w_s, w_t):
    a, b = np.split(x, 2, axis=1)
    return np.concatenate([a, b * np.exp(np.tanh(a @ w_s)) + a @ w_t], axis=1)


def log_normal(z):
    return -0.5 * (z**2).sum(axis=1) - 0.5 * z.shape[1] * np.log(2 * np.pi)


# The functions below run beside the answers (student.run_beside).


def call_on_tensors(function, *arrays):
    return function(*(tf.constant(array, tf.float32) for array in arrays))


def influence_of_the_left(influence, factor, i, j):
    x = tf.random.uniform((1, 4, 5, 1))
    return influence(lambda x: -factor * tf.pad(x, ((0, 0), (0, 0), (1, 0), (0, 0))), x, i, j)


def influence_by_weights(influence, w, i, j):
    x = tf.random.uniform((1, *w.shape[:3]))
    return influence(lambda x: tf.tensordot(x, tf.constant(w, tf.float32), 3), x, i, j)


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


def likelihood_by_steps(log_likelihood, x, scale, shift):
    def step_of(k):
        return lambda x: (x * scale[k] + shift[k], tf.fill([x.shape[0]], np.log(scale[k]).sum()))

    return log_likelihood(tf.constant(x), [step_of(k) for k in range(len(scale))])
