"""The tests of lab 5 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers


@exercise("1.1", points=1)
@pytest.mark.parametrize("shape", [(1, 1), (9, 2), (2, 16)])
def test_codes_of_any_size(student, rng, shape):
    """z is right for other sizes of the minibatch and the code."""
    mu, log_var, eps = rng.normal(size=(3, *shape)).astype("float32")
    expect.close(
        on_tensors(student, "reparameterize", mu, log_var, eps),
        mu + np.exp(log_var / 2) * eps,
        f"z for a minibatch of {shape[0]} with d = {shape[1]}",
    )


@exercise("1.2", points=1)
@pytest.mark.parametrize("shape", [(1, 1), (3, 20)])
def test_kl_of_any_size(student, rng, shape):
    """The KL divergence is right for other sizes of the minibatch and the code."""
    mu, log_var = rng.normal(size=(2, *shape)).astype("float32")
    expect.close(
        on_tensors(student, "kl_divergence", mu, log_var),
        0.5 * (np.exp(log_var) - log_var - 1 + mu**2).sum(axis=-1),
        f"the KL divergence for a minibatch of {shape[0]} with d = {shape[1]}",
    )


@exercise("1.3", points=1)
@pytest.mark.parametrize("shape", [(2, 7), (3, 4, 4, 3), (1, 9, 5, 1)])
def test_cross_entropy_of_any_shape(student, rng, shape):
    """The loss is right for vectors, grey images and colour images."""
    x, x_hat = rng.uniform(0.05, 0.95, size=(2, *shape)).astype("float32")
    of_pixels = -(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat))
    expect.close(
        on_tensors(student, "reconstruction_loss", x, x_hat),
        of_pixels.reshape(shape[0], -1).sum(axis=-1),
        f"the loss of images of shape {shape[1:]}",
    )


@exercise("2.1", points=1)
def test_the_code_is_drawn(student, rng):
    """The code is drawn anew for each image, each dimension and each step of fit."""
    log_var = float(rng.uniform(-1.0, 1.0))
    z, again = student.run_beside(draw_twice, student.VAE, log_var, 4000, 3)
    expect.shape(z, (4000, 3), "the codes of 4000 images with d = 3")
    expect.shape(again, (4000, 3), "the codes of the same images in a second step")
    spread = float(np.exp(log_var / 2))
    drawn = "Draw eps anew for each image and each dimension; first mu, then log_var in h."
    expect.close(
        z.std(axis=0), np.full(3, spread), "the standard deviation of the codes", drawn, rtol=0.1
    )
    expect.close(z.mean(axis=0), np.full(3, 3.0), "the mean of the codes", drawn, atol=0.15)
    expect.between(
        float(np.abs(np.corrcoef(z.T) - np.eye(3)).max()),
        0.0,
        0.1,
        "the correlation between dimensions",
    )
    expect.between(
        float(np.abs(np.corrcoef(z.T, again.T)[:3, 3:]).max()),
        0.0,
        0.1,
        "the correlation between two steps on the same images",
        "Use no fixed seed and not NumPy: in a graph, NumPy draws once for all steps.",
    )


@exercise("2.1", points=1)
def test_networks_are_called_in_training_mode(student, rng):
    """Batch normalization uses the statistics of the minibatch and updates the running ones."""
    x = rng.uniform(size=(8, 3)).astype("float32")
    expect.close(
        student.run_beside(after_one_step, student.VAE, x),
        x.mean(axis=0) / 2,
        "the running mean after one step",
    )


@exercise("3.1", points=1)
def test_codes_come_from_the_prior(student):
    """The codes follow N(0, I) and are drawn anew in each call."""
    decoder = student.run_beside(twice_plus_five)
    drawn = student.generate(decoder, 5000)
    expect.shape(drawn, (5000, 3), "the images of a decoder that returns 2 z + 5")
    z = (drawn - 5) / 2
    expect.close(z.mean(axis=0), np.zeros(3), "the mean of the codes", atol=0.1)
    expect.close(np.cov(z.T), np.eye(3), "the covariance of the codes", atol=0.15)
    far = float((np.abs(z) > 2).mean())  # 4.6 % for a Gaussian, 0 for a uniform distribution
    expect.between(far, 0.03, 0.06, "the share of values with an absolute value above 2")
    again = student.generate(decoder, 5000)
    expect.shape(again, (5000, 3), "the images of a second call")
    expect.between(
        float(np.abs(np.corrcoef(z.T, again.T)[:3, 3:]).max()),
        0.0,
        0.1,
        "the correlation between the codes of two calls",
        "Use no fixed seed inside the function.",
    )


@exercise("3.1", points=1)
def test_inference_mode(student, rng):
    """Batch normalization uses its running statistics."""
    value, mean = rng.uniform(1, 5, size=(2, 2))
    found = student.generate(student.run_beside(build_normed, value, mean), 20)
    expect.close(
        found,
        np.repeat([value - mean], 20, axis=0),
        "the images of a decoder that does not use the code, after a batch normalization with "
        "known running means",
        "Use training=False.",
    )


@exercise("4.1", points=1)
@pytest.mark.parametrize(("n", "d", "n_classes"), [(1, 1, 10), (6, 7, 2)])
def test_label_after_codes_of_any_size(student, rng, n, d, n_classes):
    """The label is appended to codes of other sizes."""
    z = rng.normal(size=(n, d)).astype("float32")
    y = np.eye(n_classes, dtype="float32")[rng.integers(0, n_classes, n)]
    expect.close(
        on_tensors(student, "append_to_code", z, y),
        np.concatenate([z, y], axis=1),
        f"{n} codes with d = {d}",
    )


@exercise("4.1", points=1)
@pytest.mark.parametrize(("side", "channels", "n_classes"), [(5, 3, 10), (8, 1, 4)])
def test_channels_after_images_of_any_size(student, rng, side, channels, n_classes):
    """The channels are appended to grey and colour images of other sizes."""
    x = rng.uniform(size=(4, side, side + 1, channels)).astype("float32")
    y = np.eye(n_classes, dtype="float32")[rng.integers(0, n_classes, 4)]
    maps = np.ones((4, side, side + 1, 1), "float32") * y[:, None, None, :]
    expect.close(
        on_tensors(student, "append_to_image", x, y),
        np.concatenate([x, maps], axis=-1),
        f"images with {channels} channels and {n_classes} classes",
    )


def on_tensors(student, name, *arrays):
    """Call a function with tensors, as train_step does."""
    return student.run_beside(call_on_tensors, getattr(student, name), *arrays)


# The functions below run beside the answers (student.run_beside).


def after_one_step(VAE, x):
    inputs = keras.Input((x.shape[1],))
    h = layers.Dense(4)(layers.BatchNormalization(name="norm", momentum=0.5)(inputs))
    encoder = keras.Model(inputs, h)
    z = keras.Input((2,))
    decoder = keras.Model(z, layers.Dense(x.shape[1], activation="sigmoid")(z))
    vae = VAE(encoder, decoder)
    vae.compile(keras.optimizers.SGD(0.0))
    vae.train_step(tf.constant(x))
    return encoder.get_layer("norm").moving_mean


def call_on_tensors(function, *arrays):
    return function(*map(tf.constant, arrays))


def draw_twice(VAE, log_var, n, d):
    class Spy(keras.Layer):
        def __init__(self):
            super().__init__()
            self.seen = tf.Variable(tf.zeros((0, 0)), shape=(None, None), trainable=False)

        def call(self, z):
            self.seen.assign(z)  # in a graph, z itself has no values
            return z

    x = keras.Input((d,))
    spread = layers.Rescaling(0.0, offset=log_var)(x)
    encoder = keras.Model(x, layers.Concatenate()([layers.Rescaling(0.0, offset=3.0)(x), spread]))
    z = keras.Input((d,))
    spy = Spy()
    decoder = keras.Model(z, layers.Dense(d, activation="sigmoid")(spy(z)))
    vae = VAE(encoder, decoder)
    vae.compile(keras.optimizers.SGD(0.1))
    signature = [tf.TensorSpec((None, d))]
    step = tf.function(vae.train_step, input_signature=signature, autograph=False)  # as in fit
    codes = []
    for _ in range(2):
        step(tf.zeros((n, d)))
        codes.append(spy.seen.numpy())
    return codes


def twice_plus_five():
    return keras.Sequential([keras.Input((3,)), layers.Rescaling(2.0, offset=5.0)])


def build_normed(value, mean):
    dense, norm = layers.Dense(2), layers.BatchNormalization(epsilon=1e-7)
    decoder = keras.Sequential([keras.Input((4,)), dense, norm])
    dense.set_weights([np.zeros((4, 2)), value])
    norm.set_weights([np.ones(2), np.zeros(2), mean, np.ones(2)])
    return decoder
