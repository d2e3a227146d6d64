"""The checks of lab 5 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers


@exercise("1.1", points=1)
def test_codes_have_the_right_values(student, rng):
    """z is mu plus the standard deviation times eps."""
    mu, log_var, eps = rng.normal(size=(3, 5, 4)).astype("float32")
    expect.close(
        on_tensors(student, "reparameterize", mu, log_var, eps),
        mu + np.exp(log_var / 2) * eps,
        "z for random mu, log_var and eps",
        "log_var is the logarithm of the variance v; z needs the square root of v.",
        inputs={"mu": mu, "log_var": log_var, "eps": eps},
    )


@exercise("1.2", points=1)
def test_the_prior_is_at_distance_zero(student, rng):
    """The distance of N(0, I) from itself is 0; if all means are 1, the distance is d / 2."""
    d = int(rng.integers(2, 7))
    mu = np.repeat([[0.0], [1.0], [0.0]], d, axis=1).astype("float32")
    expect.close(
        on_tensors(student, "kl_divergence", mu, np.zeros_like(mu)),
        np.array([0, d / 2, 0]),
        f"the KL divergence of three images with mu = 0, 1 and 0, for log_var = 0 and d = {d}",
        "Return one number per image, of shape (batch,): the sum over the dimensions. Half of it.",
    )


@exercise("1.2", points=1)
def test_kl_has_the_right_values(student, rng):
    """The values are those of the formula, summed over the dimensions."""
    mu, log_var = rng.normal(size=(2, 6, 5)).astype("float32")
    expect.close(
        on_tensors(student, "kl_divergence", mu, log_var),
        kl(mu, log_var),
        "the KL divergence of each of 6 images with d = 5",
        "Sum over the d dimensions, multiply by 1/2; v = exp(log_var).",
        inputs={"mu": mu, "log_var": log_var},
    )


@exercise("1.3", points=1)
def test_cross_entropy_has_the_right_values(student, rng):
    """The values are those of the formula, summed over the pixels."""
    x, x_hat = rng.uniform(0.05, 0.95, size=(2, 4, 6, 5, 1)).astype("float32")
    expect.close(
        on_tensors(student, "reconstruction_loss", x, x_hat),
        cross_entropy(x, x_hat),
        "the loss of each of 4 images",
        "Sum over all pixels of each image. Do not average, and do not sum over the images.",
        inputs={"x": x, "x_hat": x_hat},
    )


@exercise("1.3", points=1)
def test_the_loss_is_finite(student):
    """The loss is large but finite for probabilities of exactly 0 or 1."""
    x = np.array([[0.0, 1.0, 1.0]], "float32")
    x_hat = np.array([[1.0, 0.0, 1.0]], "float32")
    found = on_tensors(student, "reconstruction_loss", x, x_hat)
    expect.shape(found, (1,), "the loss of one image")
    expect.between(
        float(found[0]),
        25.0,
        30.0,
        "the loss of an image with three pixels, two of them completely wrong",
        "Sum over the pixels. Clip x_hat to [1e-6, 1 - 1e-6] before the logarithm.",
    )


@exercise("2.1", points=1)
def test_logs_add_up(student, rng):
    """loss = reconstruction + beta * kl, each averaged over the minibatch."""
    game = tiny(student, rng, beta=2.0)
    logs = game.step()
    for name in ("loss", "reconstruction", "kl"):
        expect.that(
            isinstance(logs, dict) and name in logs,
            "what train_step returns",
            'a dictionary with "loss", "reconstruction" and "kl"',
            logs,
        )
    mu, log_var, x_hat = game.forward()
    reconstruction, of_prior = cross_entropy(game.x, x_hat).mean(), kl(mu, log_var).mean()
    hint = "Average both terms over the minibatch; multiply the second one by self.beta."
    expect.close(logs["kl"], of_prior, 'logs["kl"]', hint)
    expect.close(logs["reconstruction"], reconstruction, 'logs["reconstruction"]', hint)
    expect.close(logs["loss"], reconstruction + 2.0 * of_prior, 'logs["loss"]', hint)


@exercise("2.1", points=2)
def test_one_step_moves_both_networks(student, rng):
    """One step of gradient descent changes encoder and decoder as computed by hand."""
    game = tiny(student, rng, beta=2.0)
    game.step()
    w_mu, w_x = game.gradients()
    hint = "Is the whole loss computed inside the tape? Do both networks get their gradients?"
    expect.close(
        game.vae.decoder.get_weights()[0],
        game.w_x - game.rate * w_x,
        "the decoder's weights after one step",
        hint,
    )
    expect.close(
        game.vae.encoder.get_weights()[0],
        game.w_mu - game.rate * w_mu,
        "the encoder's weights after one step",
        hint,
    )


@exercise("3.1", points=1)
@pytest.mark.parametrize(("n", "d"), [(3, 2), (7, 5)])
def test_n_images_are_drawn(student, rng, n, d):
    """The result is a NumPy array of n images, for any size of the code."""
    image = rng.uniform(size=(8, 8, 1)).astype("float32")
    found = student.generate(student.run_beside(build_decoder, d, image), n)
    expect.close(
        found,
        np.repeat(image[None], n, axis=0),
        f"{n} images from codes with d = {d}, of a decoder that always draws the same image",
        picture=True,
    )


@exercise("4.1", points=1)
def test_label_comes_after_the_code(student, rng):
    """The one-hot label comes after the code."""
    z, y = rng.normal(size=(4, 3)).astype("float32"), one_hot(rng, 4, 5)
    expect.close(
        on_tensors(student, "append_to_code", z, y),
        np.concatenate([z, y], axis=1),
        "codes with d = 3 and labels of 5 classes",
        inputs={"z": z, "y": y},
    )


@exercise("4.1", points=1)
def test_label_becomes_channels(student, rng):
    """Channel k after the image is 1 in images of class k."""
    x, y = rng.uniform(size=(3, 4, 6, 1)).astype("float32"), one_hot(rng, 3, 2)
    expect.close(
        on_tensors(student, "append_to_image", x, y),
        with_channels(x, y),
        "images of 4x6 pixels and labels of 2 classes",
        "The order of the axes is (batch, height, width, channels).",
    )


def on_tensors(student, name, *arrays):
    """Call a function with tensors, as train_step does."""
    return student.run_beside(call_on_tensors, getattr(student, name), *arrays)


def kl(mu, log_var):
    return 0.5 * (np.exp(log_var) - log_var - 1 + mu**2).sum(axis=-1)


def cross_entropy(x, x_hat):
    of_pixels = -(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat))
    return of_pixels.reshape(len(x), -1).sum(axis=-1)


def one_hot(rng, n, n_classes):
    return np.eye(n_classes, dtype="float32")[rng.integers(0, n_classes, n)]


def with_channels(x, y):
    maps = np.ones((*x.shape[:3], 1), "float32") * y[:, None, None, :]
    return np.concatenate([x, maps], axis=-1)


def tiny(student, rng, beta):
    return Tiny(student, rng, beta)


class Tiny:
    """A linear VAE with a variance of nearly 0; its step can be computed by hand."""

    LOG_VAR = -30.0
    rate = 0.1

    def __init__(self, student, rng, beta):
        n, size, d = 6, 5, 2
        self.beta = beta
        self.x = rng.uniform(0.1, 0.9, size=(n, size)).astype("float32")
        self.w_mu = rng.normal(size=(size, d)).astype("float32")
        self.w_x = rng.normal(size=(d, size)).astype("float32")
        self.student = student
        self.vae = student.run_beside(
            build_tiny, student.VAE, self.w_mu, self.w_x, beta, self.rate, self.LOG_VAR
        )

    def step(self):
        return self.student.run_beside(run_step, self.vae, self.x)

    def forward(self):
        mu = self.x @ self.w_mu
        return mu, np.full_like(mu, self.LOG_VAR), 1 / (1 + np.exp(-mu @ self.w_x))

    def gradients(self):
        mu, _, x_hat = self.forward()
        of_logits = (x_hat - self.x) / len(self.x)
        of_mu = of_logits @ self.w_x.T + self.beta * mu / len(self.x)
        return self.x.T @ of_mu, mu.T @ of_logits


# The functions below run beside the answers (student.run_beside).


def call_on_tensors(function, *arrays):
    return function(*map(tf.constant, arrays))


def build_decoder(d, image):
    """Return a decoder that draws this image for every code."""
    decoder = keras.Sequential(
        [keras.Input((d,)), layers.Dense(image.size), layers.Reshape(image.shape)]
    )
    decoder.set_weights([np.zeros((d, image.size)), image.reshape(-1)])
    return decoder


def build_tiny(VAE, w_mu, w_x, beta, rate, offset):
    x = keras.Input((w_mu.shape[0],))
    mu = layers.Dense(w_mu.shape[1], use_bias=False)(x)
    log_var = layers.Rescaling(0.0, offset=offset)(mu)
    encoder = keras.Model(x, layers.Concatenate()([mu, log_var]))
    z = keras.Input((w_x.shape[0],))
    decoder = keras.Model(z, layers.Dense(w_x.shape[1], use_bias=False, activation="sigmoid")(z))
    encoder.set_weights([w_mu])
    decoder.set_weights([w_x])
    vae = VAE(encoder, decoder, beta=beta)
    vae.compile(keras.optimizers.SGD(rate))
    return vae


def run_step(vae, x):
    return vae.train_step(tf.constant(x))
