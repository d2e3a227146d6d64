"""The checks of lab 12 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers, ops


@exercise("1.1", points=1)
def test_a_step_ascends(student, rng):
    """For a linear activation, x moves by rate times the weights."""
    x = rng.uniform(0.3, 0.7, (3, 4, 5, 1)).astype("float32")
    w = rng.normal(size=(4, 5, 1)).astype("float32")
    expect.close(
        student.run_beside(linear_ascent, student.ascent_step, x, w, 0.05),
        x + 0.05 * w,
        "the images after a step of size 0.05 for a(x) = sum of w x",
        "Is a the sum over the images, not their mean? Does the tape watch x? Add, don't subtract.",
    )


@exercise("1.1", points=1)
def test_the_result_is_an_image(student, rng):
    """Values below 0 and above 1 are clipped."""
    x = rng.uniform(0, 1, (2, 3, 3, 2)).astype("float32")
    w = rng.choice([-10.0, 10.0], (3, 3, 2)).astype("float32")
    expect.close(
        student.run_beside(linear_ascent, student.ascent_step, x, w, 1.0),
        np.repeat((w[None] > 0).astype("float32"), 2, axis=0),
        "the images after a very large step",
        "Clip the result to [0, 1].",
    )


@exercise("1.2", points=1)
def test_the_total_variation_by_hand(student, rng):
    """A single bright pixel inside of an image differs from its four neighbours."""
    value = float(rng.uniform(0.2, 0.8))
    x = np.zeros((2, 5, 5, 1), "float32")
    x[0, 2, 2], x[1, 0, 0] = value, value
    expect.close(
        on_tensors(student, "total_variation", x),
        np.array([4 * value, 2 * value]),
        f"R of an image with one pixel of {value:.3f} in the middle, and of one in the corner",
        "Absolute differences, in both directions, one value per image.",
    )


@exercise("1.2", points=1)
def test_the_total_variation_of_noise(student, rng):
    """The values are those of the formula."""
    x = rng.uniform(0, 1, (3, 4, 6, 1)).astype("float32")
    expect.close(on_tensors(student, "total_variation", x), variation(x), "R of 3 images of noise")


@exercise("2.1", points=1)
def test_one_step_descends(student, rng):
    """One step is the one that is computed by hand."""
    case = Inversion(rng, (2, 3, 4, 1), (5,))
    expect.close(
        case.found(student, lam=0.0, rate=0.002, steps=1),
        case.expected(lam=0.0, rate=0.002, steps=1),
        "the images after one step without a regularizer",
        "Descend: subtract the gradient. Sum the squares; do not average over images or values.",
    )


@exercise("2.1", points=1)
def test_steps_with_a_regularizer(student, rng):
    """Three steps with the regularizer, clipped after each of them."""
    case = Inversion(rng, (2, 3, 4, 1), (5,))
    expect.close(
        case.found(student, lam=0.5, rate=0.05, steps=3),
        case.expected(lam=0.5, rate=0.05, steps=3),
        "the images after three steps with lambda = 0.5",
        "Add lambda R. Clip to [0, 1] after each step.",
    )


@exercise("3.1", points=1)
def test_a_gram_matrix_by_hand(student):
    """Two feature maps with four positions."""
    f = np.array([[1, 1], [2, 0], [3, 1], [4, 0]], "float32").reshape(1, 2, 2, 2)
    expect.close(
        on_tensors(student, "gram_matrix", f),
        np.array([[[7.5, 1.0], [1.0, 0.5]]]),
        "the Gram matrix of the maps 1 2 3 4 and 1 0 1 0",
        "Sum over the positions, divide by their number.",
    )


@exercise("3.1", points=1)
def test_gram_matrices_of_a_minibatch(student, rng):
    """Each image has its own matrix."""
    f = rng.normal(size=(3, 4, 5, 2)).astype("float32")
    expect.close(
        on_tensors(student, "gram_matrix", f),
        np.einsum("bhwd,bhwe->bde", f, f) / 20,
        "the Gram matrices of 3 images with 2 feature maps of 4x5",
    )


@exercise("3.2", points=1)
def test_the_style_loss_by_hand(student, rng):
    """Both layers count equally, although the second is a thousand times larger."""
    factor = float(rng.uniform(1.1, 1.9))
    a1, a2 = np.array([[[2.0, 1.0], [1.0, 2.0]]]), np.array([[[3000.0]]])
    expect.close(
        student.run_beside(call_on_lists, student.style_loss, [factor * a1, a2], [a1, a2]),
        np.array([(factor - 1) ** 2 / 2]),
        f"the style loss if the first of two Gram matrices is {factor:.3f} times its target",
        "Divide each layer by the squares of its target, and the sum by the number of layers.",
    )


@exercise("4.1", points=1)
def test_each_pixel_moves_by_epsilon(student, rng):
    """For a linear classifier the signs are known."""
    x = rng.uniform(0.2, 0.8, (4, 3, 3, 1)).astype("float32")
    w = rng.normal(size=(9, 2)).astype("float32")
    y = np.array([0, 1, 1, 0])
    signs = np.sign(w[:, 1 - y] - w[:, y]).T.reshape(x.shape)
    expect.close(
        student.run_beside(attack_linear, student.fgsm, w, x, y, 0.1),
        x + 0.1 * signs,
        "the adversarial examples of a linear classifier for epsilon = 0.1",
        "x + epsilon sign(gradient): the cross-entropy of the true class must grow.",
    )


@exercise("4.1", points=1)
def test_an_adversarial_example_is_an_image(student, rng):
    """Values below 0 and above 1 are clipped."""
    x = rng.uniform(0, 1, (3, 3, 3, 1)).astype("float32")
    w = rng.normal(size=(9, 2)).astype("float32")
    y = np.array([0, 1, 0])
    signs = np.sign(w[:, 1 - y] - w[:, y]).T.reshape(x.shape)
    expect.close(
        student.run_beside(attack_linear, student.fgsm, w, x, y, 0.9),
        np.clip(x + 0.9 * signs, 0, 1),
        "the adversarial examples for epsilon = 0.9",
        "Clip the result to [0, 1].",
    )


@exercise("4.2", points=1)
def test_both_limits_hold(student, rng):
    """The projection is a clip to the part of the box that holds images."""
    x = rng.uniform(0, 1, (2, 4, 4, 1)).astype("float32")
    x_new = rng.uniform(-1, 2, x.shape).astype("float32")
    expect.close(
        student.run_beside(call_project, student.project, x_new, x, 0.2),
        np.clip(x_new, np.maximum(x - 0.2, 0), np.minimum(x + 0.2, 1)),
        "the projection of random values for epsilon = 0.2",
        "Within epsilon of x, and within [0, 1].",
    )


def on_tensors(student, name, *arrays):
    """Call a function with tensors."""
    return student.run_beside(call_on_tensors, getattr(student, name), *arrays)


def variation(x):
    down, right = np.abs(np.diff(x, axis=1)), np.abs(np.diff(x, axis=2))
    return down.sum(axis=(1, 2, 3)) + right.sum(axis=(1, 2, 3))


class Inversion:
    """A linear representation; its regularizer is the sum of the pixels."""

    def __init__(self, rng, shape, code):
        self.start = rng.uniform(0.1, 0.9, shape).astype("float32")
        self.w = rng.normal(size=(int(np.prod(shape[1:])), *code)).astype("float32")
        self.theta_0 = rng.normal(size=(shape[0], *code)).astype("float32")

    def found(self, student, **options):
        return student.run_beside(
            run_inversion, student.invert, self.w, self.theta_0, self.start, options
        )

    def expected(self, lam, rate, steps):
        x = self.start.reshape(len(self.start), -1)
        w = self.w.reshape(x.shape[1], -1)
        theta_0 = self.theta_0.reshape(len(x), -1)
        for _ in range(steps):
            gradient = 2 * (x @ w - theta_0) @ w.T + lam
            x = np.clip(x - rate * gradient, 0, 1)
        return x.reshape(self.start.shape)


# The functions below run beside the answers (student.run_beside).


def call_on_tensors(function, *arrays):
    return function(*map(tf.constant, arrays))


def call_project(project, x_new, x, epsilon):
    return project(tf.constant(x_new), tf.constant(x), epsilon)


def call_on_lists(function, *lists):
    return function(*([tf.constant(a, tf.float32) for a in arrays] for arrays in lists))


def linear_ascent(ascent_step, x, w, rate):
    return ascent_step(lambda x: ops.sum(x * w, axis=(1, 2, 3)), tf.constant(x), rate)


def run_inversion(invert, w, theta_0, start, options):
    def theta(x):
        return tf.tensordot(tf.reshape(x, (x.shape[0], -1)), w, 1)

    def regularizer(x):
        return ops.sum(x, axis=(1, 2, 3))

    return invert(theta, tf.constant(theta_0), regularizer, tf.constant(start), **options)


def attack_linear(fgsm, w, x, y, epsilon):
    model = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            layers.Flatten(),
            layers.Dense(w.shape[1], activation="softmax", use_bias=False),
        ]
    )
    model.set_weights([w])
    return fgsm(model, tf.constant(x), tf.constant(y), epsilon)
