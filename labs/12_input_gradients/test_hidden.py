"""The tests of lab 12 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers, ops


@exercise("1.1", points=1)
def test_images_do_not_influence_each_other(student, rng):
    """The activation is a square, so each image has its own gradient."""
    x = rng.uniform(0.4, 0.6, (4, 3, 3, 2)).astype("float32")
    w = rng.uniform(-0.5, 0.5, (3, 3, 2)).astype("float32")
    a = (x * w).sum(axis=(1, 2, 3), keepdims=True)
    expect.close(
        student.run_beside(square_ascent, student.ascent_step, x, w, 0.1),
        x + 0.1 * 2 * a * w,
        "the images after a step for a(x) = (sum of w x) squared",
    )


@exercise("1.2", points=1)
@pytest.mark.parametrize("shape", [(1, 2, 7, 3), (5, 6, 3, 1)])
def test_total_variation_of_any_shape(student, rng, shape):
    """The values are right for colour images and other sizes."""
    x = rng.uniform(0, 1, shape).astype("float32")
    down, right = np.abs(np.diff(x, axis=1)), np.abs(np.diff(x, axis=2))
    expect.close(
        on_tensors(student, "total_variation", x),
        down.sum(axis=(1, 2, 3)) + right.sum(axis=(1, 2, 3)),
        f"R of images of shape {shape[1:]}",
    )


@exercise("2.1", points=1)
def test_representations_of_any_shape(student, rng):
    """The representation is a stack of feature maps."""
    start = rng.uniform(0.3, 0.7, (3, 4, 4, 1)).astype("float32")
    theta_0 = rng.uniform(0.3, 0.7, start.shape).astype("float32")
    x = start
    for _ in range(5):
        x = np.clip(x - 0.02 * (2 * 4 * (2 * x - 2 * theta_0) / 2 + 0.1), 0, 1)
    expect.close(
        student.run_beside(invert_doubled, student.invert, theta_0, start),
        x,
        "the images after five steps, for Theta(x) = 2 x of shape (batch, 4, 4, 1)",
    )


@exercise("2.1", points=1)
def test_the_limits_hold_in_each_step(student):
    """A step far above 1 that is not clipped would come back to 0.69 in the next step."""
    start = np.full((1, 2, 2, 1), 0.5, "float32")
    found = student.run_beside(invert_far, student.invert, start)
    # 0.5 + 0.95 * 2 * (1.5 - 0.5) = 2.4, clipped to 1;  then 1 + 0.95 * 2 * 0.5, clipped to 1
    expect.close(found, np.ones_like(start), "the images after two steps towards 1.5")


@exercise("3.1", points=1)
@pytest.mark.parametrize("shape", [(1, 3, 7, 4), (2, 1, 1, 5)])
def test_gram_matrices_of_any_shape(student, rng, shape):
    """The matrices are right for other numbers of positions and maps."""
    f = rng.normal(size=shape).astype("float32")
    expect.close(
        on_tensors(student, "gram_matrix", f),
        np.einsum("bhwd,bhwe->bde", f, f) / (shape[1] * shape[2]),
        f"the Gram matrices of feature maps of shape {shape}",
    )


@exercise("3.2", points=1)
@pytest.mark.parametrize("n_layers", [1, 3])
def test_the_style_loss_of_several_images(student, rng, n_layers):
    """Each image has its own loss, for any number of layers."""
    sizes = rng.integers(2, 5, n_layers)
    grams, targets = (
        [rng.normal(size=(3, d, d)).astype("float32") for d in sizes] for _ in range(2)
    )
    expected = np.mean(
        [
            ((g - a) ** 2).sum(axis=(1, 2)) / (a**2).sum(axis=(1, 2))
            for g, a in zip(grams, targets, strict=True)
        ],
        axis=0,
    )
    expect.close(
        student.run_beside(call_on_lists, student.style_loss, grams, targets),
        expected,
        f"the style loss of 3 images at {n_layers} layers",
    )


@exercise("4.1", points=1)
def test_more_classes_and_colours(student, rng):
    """The gradient of -log p(y|x) is that of log sum exp(s) - s_y."""
    x = rng.uniform(0.2, 0.8, (5, 2, 2, 3)).astype("float32")
    w = rng.normal(size=(12, 4)).astype("float32")
    y = rng.integers(0, 4, 5)
    scores = x.reshape(5, -1) @ w
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    slope = (p @ w.T - w[:, y].T).reshape(x.shape)
    found = student.run_beside(attack_linear, student.fgsm, w, x, y, 0.05)
    clear = np.abs(slope) > 1e-3  # where the sign does not depend on rounding
    expect.shape(found, x.shape, "the adversarial examples of 5 colour images")
    expect.close(
        np.where(clear, found, 0),
        np.where(clear, x + 0.05 * np.sign(slope), 0),
        "the adversarial examples of 5 colour images and 4 classes",
    )


@exercise("4.2", points=1)
@pytest.mark.parametrize("epsilon", [0.05, 1.0])
def test_limits_of_any_size(student, rng, epsilon):
    """The projection is right for a narrow and for a wide box."""
    x = rng.uniform(0, 1, (3, 2, 5, 3)).astype("float32")
    x_new = rng.uniform(-0.5, 1.5, x.shape).astype("float32")
    expect.close(
        student.run_beside(call_project, student.project, x_new, x, epsilon),
        np.clip(x_new, np.maximum(x - epsilon, 0), np.minimum(x + epsilon, 1)),
        f"the projection of random values for epsilon = {epsilon}",
    )


def on_tensors(student, name, *arrays):
    """Call a function with tensors."""
    return student.run_beside(call_on_tensors, getattr(student, name), *arrays)


# The functions below run beside the answers (student.run_beside).


def call_on_tensors(function, *arrays):
    return function(*map(tf.constant, arrays))


def call_project(project, x_new, x, epsilon):
    return project(tf.constant(x_new), tf.constant(x), epsilon)


def call_on_lists(function, *lists):
    return function(*([tf.constant(a, tf.float32) for a in arrays] for arrays in lists))


def square_ascent(ascent_step, x, w, rate):
    return ascent_step(lambda x: ops.sum(x * w, axis=(1, 2, 3)) ** 2, tf.constant(x), rate)


def invert_doubled(invert, theta_0, start):
    return invert(
        lambda x: 2 * x,
        tf.constant(2 * theta_0),
        lambda x: ops.sum(x, axis=(1, 2, 3)),
        tf.constant(start),
        lam=0.1,
        rate=0.02,
        steps=5,
    )


def invert_far(invert, start):
    return invert(
        lambda x: x,
        tf.constant(start + 1),
        lambda x: ops.sum(x, axis=(1, 2, 3)),
        tf.constant(start),
        lam=0.0,
        rate=0.95,
        steps=2,
    )


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
