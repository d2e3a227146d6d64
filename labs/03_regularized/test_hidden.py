"""The tests of lab 3 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers, ops


@exercise("1.1", points=1)
@pytest.mark.parametrize("shape", [(1, 1), (3, 40)])
def test_penalty_of_any_size(student, rng, shape):
    """The penalty is right for other sizes of the batch and the code."""
    z = rng.normal(size=shape).astype("float32")
    expect.close(
        student.sparsity(z, 0.5),
        0.5 * np.abs(z).sum(axis=1),
        f"the penalty of {shape[0]} codes with d = {shape[1]}",
    )


@exercise("1.2", points=1)
def test_images_and_a_penalty_on_the_weights(student, rng):
    """Images may have several axes, and the penalty may depend on the encoder's weights."""
    x = rng.uniform(size=(3, 4, 2, 3)).astype("float32")
    w_h = rng.normal(size=(24, 2)).astype("float32")
    w_x = rng.normal(size=(2, 24)).astype("float32")
    rate = 0.01
    logs, found = student.run_beside(
        step_on_images, student.RegularizedAutoencoder, x, w_h, w_x, rate
    )
    flat = x.reshape(3, 24)
    z = flat @ w_h
    x_hat = z @ w_x
    bright = flat.sum(axis=1).mean()
    expect.close(
        logs["reconstruction"],
        0.5 * ((flat - x_hat) ** 2).sum(axis=1).mean(),
        'logs["reconstruction"] of images of shape (4, 2, 3)',
    )
    expect.close(logs["penalty"], (w_h**2).sum() * bright, 'logs["penalty"]')
    gradient = flat.T @ ((x_hat - flat) / 3 @ w_x.T) + 2 * w_h * bright
    expect.close(found, w_h - rate * gradient, "the encoder's weights after one step")


@exercise("1.2", points=1)
def test_networks_are_called_in_training_mode(student, rng):
    """Batch normalization uses the statistics of the minibatch and updates the running ones."""
    x = rng.uniform(size=(8, 3)).astype("float32")
    of_encoder, of_decoder = student.run_beside(running_means, student.RegularizedAutoencoder, x)
    what = "the running mean after one step, in the"
    expect.close(of_encoder, x.mean(axis=0) / 2, f"{what} encoder")
    expect.close(of_decoder, np.full(3, 1.5), f"{what} decoder")


@exercise("2.1", points=1)
def test_each_value_is_drawn_on_its_own(student):
    """Images, pixels and channels are masked independently, and anew in each minibatch."""
    ones = np.ones((200, 6, 5, 3), "float32")
    found = student.mask(ones, 0.5)
    expect.shape(found, ones.shape, "200 masked images in colour")
    expect.between(
        float(found.mean(axis=0).min()),
        0.25,
        0.75,
        "the smallest share of images that keep a value",
    )
    expect.between(
        float(found.mean(axis=0).max()), 0.25, 0.75, "the largest share of images that keep a value"
    )
    of_images = found.reshape(200, -1).mean(axis=1)
    expect.between(
        float(of_images.min()), 0.15, 0.85, "the smallest share of kept values in an image"
    )
    expect.between(
        float(of_images.max()), 0.15, 0.85, "the largest share of kept values in an image"
    )
    for i, j in ((0, 1), (1, 2)):
        same = float((found[..., i] == found[..., j]).mean())
        expect.between(same, 0.46, 0.54, f"the share of equal masks in channels {i} and {j}")
    again = float((student.mask(ones, 0.5) == found).mean())
    expect.between(again, 0.48, 0.52, "the share of equal masks in two calls")
    first, second = student.run_beside(mask_two_minibatches, student.mask, ones)
    expect.between(
        float((first == second).mean()),
        0.47,
        0.53,
        "the share of equal masks in two minibatches of a data set",
        "A data set runs your function as a graph. NumPy draws there once, for all minibatches.",
    )
    expect.close(student.mask(ones[:1, :, 0, 0], 0.0), ones[:1, :, 0, 0], "level = 0")
    expect.close(student.mask(ones[:2, :, 0, 0], 1.0), 0 * ones[:2, :, 0, 0], "level = 1")


@exercise("2.1", points=1)
def test_each_epoch_is_drawn_anew(student, rng):
    """Each epoch contains each image once, in a new order, with a new corruption."""
    n = 20
    images = np.arange(n, dtype="float32")[:, None] + np.full((n, 4), 0.25, "float32")
    orders, noises = [], []
    for epoch in student.run_beside(two_epochs, student.denoising_pairs, images):
        noisy, clean = (np.concatenate(part) for part in zip(*epoch, strict=True))
        expect.shape(clean, (n, 4), "all targets of an epoch")
        order = np.floor(clean[:, 0]).astype(int)
        expect.equal(sorted(order.tolist()), list(range(n)), "the images of an epoch")
        orders.append(order.tolist())
        noise = np.empty((n, 4))
        noise[order] = noisy - clean
        noises.append(noise)
    expect.that(
        orders[0] != orders[1], "the order in two epochs", "two different orders", orders[1]
    )
    alike = float(np.isclose(noises[0], noises[1], atol=1e-5).mean())
    expect.between(alike, 0.0, 0.1, "the share of values with the same corruption in two epochs")


@exercise("2.1", points=1)
def test_the_corruption_sees_a_minibatch(student, rng):
    """corrupt is called with a minibatch, with the images along its first axis."""
    images = rng.uniform(size=(9, 3, 2, 1)).astype("float32")
    for noisy, clean in student.run_beside(shifted_pairs, student.denoising_pairs, images):
        expect.shape(noisy, np.shape(clean), "a minibatch whose corruption is one shift per image")
        shifts = np.arange(1, len(clean) + 1).reshape(-1, 1, 1, 1)
        expect.close(
            noisy - clean,
            shifts * np.ones_like(clean),
            "the difference of noisy and clean images, if corrupt adds k to image k of a minibatch",
            "Call corrupt with whole minibatches: first batch, then map.",
        )


@exercise("3.1", points=1)
@pytest.mark.parametrize("shape", [(3, 2, 2), (2, 3, 1), (6,)])
def test_inference_mode_for_any_shape(student, rng, shape):
    """Images may have several axes, and batch normalization uses its running statistics."""
    n = int(np.prod(shape))
    w = rng.normal(size=(n, 2)).astype("float32")
    variance = rng.uniform(0.5, 2.0, size=n).astype("float32")
    x = rng.normal(size=(4, *shape)).astype("float32")
    expect.close(
        student.run_beside(with_norm, student.contraction, x, w, variance),
        np.full(4, (w**2 / variance[:, None]).sum()),
        f"the penalty of images of shape {shape}, for batch normalization and a linear layer",
    )


@exercise("3.1", points=1)
def test_the_penalty_can_be_descended(student, rng):
    """Gradients of both penalties reach the encoder's weights."""
    w = rng.normal(size=(4, 3)).astype("float32")
    z = rng.uniform(0.1, 0.9, size=(5, 3)).astype("float32")
    by_tape, of_kernel, of_z = student.run_beside(
        descend, student.contraction, student.contraction_of_sigmoid, w, z
    )
    slope = z * (1 - z)
    expect.close(by_tape, 2 * w, "the gradient of contraction by the matrix of a linear encoder")
    expect.close(
        of_kernel,
        2 * w * (slope**2).sum(axis=0),
        "the gradient of contraction_of_sigmoid by the matrix",
    )
    expect.close(
        of_z,
        2 * slope * (1 - 2 * z) * (w**2).sum(axis=0),
        "the gradient of contraction_of_sigmoid by z",
    )


@exercise("4.1", points=1)
@pytest.mark.parametrize(("n_train", "n", "size", "d"), [(40, 1, 6, 1), (25, 9, 10, 4)])
def test_other_images_are_reconstructed(student, rng, n_train, n, size, d):
    """Other images are reconstructed with the mean and the components of the training images."""
    uncorrelated = np.linalg.qr(rng.normal(size=(n_train, size)))[0] * np.sqrt(n_train)
    axes = np.linalg.qr(rng.normal(size=(size, size)))[0]
    x_train = (uncorrelated * 4.0 * 0.6 ** np.arange(size)) @ axes + rng.normal(size=size)
    x = rng.normal(size=(n, size)) + 2.0
    mean = x_train.mean(axis=0)
    leading = np.linalg.eigh(np.cov(x_train.T))[1][:, ::-1][:, :d]
    expect.close(
        student.pca_reconstruction(x_train, x, d),
        mean + (x - mean) @ leading @ leading.T,
        f"the reconstruction of {n} other vectors of {size} values by d = {d} components",
    )


@exercise("4.2", points=1)
@pytest.mark.parametrize(("n", "d"), [(4, 1), (3, 3), (12, 5)])
def test_projection_of_any_size(student, rng, n, d):
    """P is right for a line, for the whole space, and for other d."""
    w = np.linalg.qr(rng.normal(size=(n, d)))[0] * rng.uniform(0.5, 3.0, size=d)
    w = w @ (np.eye(d) + 0.3 * np.triu(rng.uniform(size=(d, d)), 1))
    expect.close(student.projection(w), w @ np.linalg.pinv(w), f"P for n = {n}, d = {d}")


@exercise("5.1", points=1)
@pytest.mark.parametrize(("n", "d", "activation"), [(3, 7, None), (8, 2, "relu"), (4, 4, "tanh")])
def test_layers_of_any_size(student, rng, n, d, activation):
    """The layer is right for other sizes and activations, for any Dense layer."""
    w = rng.normal(size=(n, d)).astype("float32")
    h = rng.normal(size=(5, d)).astype("float32")
    activations = {None: lambda a: a, "relu": lambda a: np.maximum(a, 0), "tanh": np.tanh}
    expect.close(
        student.run_beside(transposed, student.TransposedDense, w, activation, h),
        activations[activation](h @ w.T),
        f"the output of the layer for codes with d = {d}, n = {n}, g = {activation}",
    )


# The functions below run beside the answers (student.run_beside).


def step_on_images(RegularizedAutoencoder, x, w_h, w_x, rate):
    encoder = keras.Sequential(
        [keras.Input(x.shape[1:]), layers.Flatten(), layers.Dense(2, use_bias=False)]
    )
    decoder = keras.Sequential(
        [keras.Input((2,)), layers.Dense(24, use_bias=False), layers.Reshape(x.shape[1:])]
    )
    encoder.set_weights([w_h])
    decoder.set_weights([w_x])

    def penalty(x, z):
        return ops.sum(ops.square(encoder.layers[-1].kernel)) * ops.sum(x, axis=(1, 2, 3))

    model = RegularizedAutoencoder(encoder, decoder, penalty)
    model.compile(keras.optimizers.SGD(rate))
    logs = model.train_step(tf.constant(x))
    return logs, encoder.get_weights()[0]


def running_means(RegularizedAutoencoder, x):
    n = x.shape[1]
    norms = [layers.BatchNormalization(momentum=0.5) for _ in range(2)]
    encoder = keras.Sequential([keras.Input((n,)), norms[0]])
    decoder = keras.Sequential([keras.Input((n,)), layers.Rescaling(1.0, offset=3.0), norms[1]])
    model = RegularizedAutoencoder(encoder, decoder, lambda x, z: ops.sum(z, axis=-1))
    model.compile(keras.optimizers.SGD(0.0))
    model.train_step(tf.constant(x))
    return [norm.moving_mean for norm in norms]


def mask_two_minibatches(mask, images):
    batches = tf.data.Dataset.from_tensor_slices(images).batch(len(images) // 2)
    return list(batches.map(lambda x: mask(x, 0.5)))


def two_epochs(denoising_pairs, images):
    pairs = denoising_pairs(images, lambda x: x + tf.random.uniform(tf.shape(x), 0.0, 0.5), 6)
    return [list(pairs) for _ in range(2)]


def shifted_pairs(denoising_pairs, images):
    def one_shift_per_image(x):
        return x + tf.reshape(tf.range(1.0, tf.cast(tf.shape(x)[0], "float32") + 1), (-1, 1, 1, 1))

    return list(denoising_pairs(images, one_shift_per_image, 4))


def with_norm(contraction, x, w, variance):
    n = w.shape[0]
    encoder = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            layers.Flatten(),
            layers.BatchNormalization(epsilon=1e-7),
            layers.Dense(w.shape[1], use_bias=False),
        ]
    )
    encoder.set_weights([np.ones(n), np.zeros(n), np.ones(n), variance, w])
    return contraction(encoder, tf.constant(x))


def descend(contraction, contraction_of_sigmoid, w, z):
    encoder = keras.Sequential([keras.Input((w.shape[0],)), layers.Dense(w.shape[1])])
    encoder.set_weights([w, np.zeros(w.shape[1])])
    kernel, x = encoder.layers[-1].kernel, tf.zeros((2, w.shape[0]))
    with tf.GradientTape(persistent=True) as tape:
        z = tf.constant(z)
        tape.watch(z)
        by_tape = tf.reduce_mean(contraction(encoder, x))
        by_formula = tf.reduce_sum(contraction_of_sigmoid(z, kernel))
    found = tape.gradient(by_tape, kernel), tape.gradient(by_formula, [kernel, z])
    return found[0], found[1][0], found[1][1]


def transposed(TransposedDense, w, activation, h):
    dense = layers.Dense(w.shape[1], activation="sigmoid", use_bias=False)
    dense.build((None, w.shape[0]))
    dense.set_weights([w])
    layer = TransposedDense(dense, activation) if activation else TransposedDense(dense)
    return layer(tf.constant(h))
