"""The tests of lab 8 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers


@exercise("1.1", points=1)
@pytest.mark.parametrize("kind", ["uint8", "int32", "int64"])
def test_labels_of_any_integer_type(student, rng, kind):
    """It works for all integer types, in a graph, and for classes that do not occur."""
    n_classes = int(rng.integers(6, 12))
    labels = rng.integers(0, n_classes - 2, 5).astype(kind)
    expect.close(
        student.run_beside(encode_in_graph, student.one_hot, labels, n_classes),
        np.eye(n_classes)[labels],
        f"the labels {labels.tolist()} ({kind}) of {n_classes} classes, in a graph",
    )


@exercise("1.2", points=1)
@pytest.mark.parametrize(("n", "d", "n_classes"), [(1, 1, 10), (6, 7, 2)])
def test_label_after_noise_of_any_size(student, rng, n, d, n_classes):
    """The label is appended to noise of other sizes."""
    z = rng.normal(size=(n, d)).astype("float32")
    y = np.eye(n_classes, dtype="float32")[rng.integers(0, n_classes, n)]
    expect.close(
        student.append_to_noise(z, y),
        np.concatenate([z, y], axis=1),
        f"{n} rows of noise with d = {d} and labels of {n_classes} classes",
    )


@exercise("1.3", points=1)
@pytest.mark.parametrize(("side", "channels", "n_classes"), [(5, 3, 10), (8, 1, 2)])
def test_channels_after_images_of_any_size(student, rng, side, channels, n_classes):
    """The channels are appended to grey and colour images of other sizes."""
    s = rng.uniform(size=(4, side, side + 1, channels)).astype("float32")
    y = np.eye(n_classes, dtype="float32")[rng.integers(0, n_classes, 4)]
    maps = np.ones((4, side, side + 1, 1), "float32") * y[:, None, None, :]
    expect.close(
        student.append_to_images(s, y),
        np.concatenate([s, maps], axis=-1),
        f"images with {channels} channels and {n_classes} classes",
    )


@exercise("2.1", points=1)
def test_players_of_colour_images(student):
    """The sizes are right for colour images with other sides, and D is built as described."""
    g, d = student.build_players(5, (16, 12, 3), 4)
    expect.equal(
        g.input_shape, (None, 9), "the input shape of the generator for d = 5 and 4 classes"
    )
    expect.equal(g.output_shape, (None, 16, 12, 3), "the output shape of the generator")
    expect.equal(d.input_shape, (None, 16, 12, 7), "the input shape of the discriminator")
    expect.equal(d.output_shape, (None, 1), "the output shape of the discriminator")
    widths, n_statistics = student.run_beside(describe, d)
    expect.equal(list(widths), [32, 64, 128], "the channels of the discriminator's blocks")
    expect.equal(
        n_statistics, 0, "the number of running statistics in D", "D has no batch normalization."
    )


@exercise("2.2", points=1)
def test_fit_plays(student, rng):
    """fit can train the model on colour images, and logs the losses."""
    images = rng.uniform(size=(12, 2, 4, 3)).astype("float32")
    labels, logit = rng.integers(0, 4, 12), float(rng.uniform(1, 3))
    history = student.run_beside(train_a_little, student.CGAN, images, labels, logit)
    for name, loss in (
        ("d_loss", softplus(-logit) + softplus(logit)),
        ("g_loss", softplus(-logit)),
    ):
        expect.close(
            history.get(name),
            [loss, loss],
            f"the {name} of 2 epochs of fit, of a D that cannot learn: all its logits are "
            f"{logit:.4g}",
        )


@exercise("2.2", points=1)
def test_networks_are_in_training_mode(student, rng):
    """Batch normalization uses the statistics of each minibatch, in both networks."""
    n, n_classes, size = 8, 2, 3
    labels = np.array([0, 1] * (n // 2))
    y = np.eye(n_classes, dtype="float32")[labels]
    z = rng.normal(2.0, 3.0, size=(2, n, 2)).astype("float32")
    s = rng.normal(2.0, 3.0, size=(n, 1, size, 1)).astype("float32")
    w_g = rng.normal(size=(4, size)).astype("float32")
    w_d = rng.normal(size=(size * 3, 1)).astype("float32")

    def logits(images):
        maps = np.ones((n, 1, size, 1)) * y[:, None, None, :]
        seen = np.concatenate([images.reshape(n, 1, size, 1), maps], axis=-1)
        return normed(seen.reshape(n, -1)) @ w_d

    def drawn(noise):
        return normed(np.concatenate([noise, y], axis=1)) @ w_g

    logs = student.run_beside(losses_of_normed, student.CGAN, w_g, w_d, s, labels, z)
    expect.that(
        isinstance(logs, dict) and {"d_loss", "g_loss"} <= set(logs),
        "what train_step returns",
        'a dictionary with "d_loss" and "g_loss"',
        logs,
    )
    d_loss = softplus(-logits(s)).mean() + softplus(logits(drawn(z[0]))).mean()
    hint = "Use training=True; call D once for the real and once for the generated images."
    expect.close(logs["d_loss"], d_loss, "the loss of a D with batch normalization", hint)
    g_loss = softplus(-logits(drawn(z[1]))).mean()
    expect.close(logs["g_loss"], g_loss, "the loss of G against a D with batch normalization", hint)


@exercise("3.1", points=1)
def test_noise_is_drawn_anew(student):
    """The noise follows N(0, I) and differs from image to image."""
    echo = student.run_beside(build_echo)
    labels = np.tile([0, 1], 2500)
    found = student.generate(echo, labels, 2)
    expect.shape(found, (5000, 5), "the output of a generator that returns 2 x + 5 for an input x")
    z = (found[:, :3] - 5) / 2
    expect.close(z.mean(axis=0), np.zeros(3), "the mean of the noise", atol=0.1)
    expect.close(np.cov(z.T), np.eye(3), "the covariance of the noise", atol=0.15)
    far = float((np.abs(z) > 2).mean())  # 4.6 % for a Gaussian, 0 for a uniform distribution
    expect.between(far, 0.03, 0.06, "the share of numbers with an absolute value above 2")
    again = student.generate(echo, labels, 2)
    expect.shape(again, (5000, 5), "the output in a second call")
    expect.that(
        not np.isclose(again[:, :3], found[:, :3]).all(axis=1).any(),
        "two calls",
        "different noise in each",
        "the same noise",
    )


@exercise("3.1", points=1)
def test_generation_in_inference_mode(student, rng):
    """Batch normalization uses its running statistics: images do not depend on each other."""
    means = rng.uniform(3.0, 6.0, size=4).astype("float32")
    labels = rng.integers(0, 3, 9)
    found = student.generate(student.run_beside(build_shifting, means), labels, 3)
    expect.shape(found, (9, 4), "the images")
    expect.close(
        found[:, 1:],
        np.eye(3)[labels] - means[1:],
        "the labels after a batch normalization with known running means",
        "Use training=False, or predict.",
    )


@exercise("3.2", points=1)
@pytest.mark.parametrize("n", [1, 40])
def test_classifier_in_inference_mode(student, rng, n):
    """The classifier uses its running statistics, for any number of images."""
    means = np.array([4.0, 0.0, -4.0], "float32")
    # class 0 always has the highest score
    scores = rng.uniform(size=(n, 3)) + np.array([1.5, 0.0, 0.0])
    images = (scores + means).astype("float32").reshape(n, 1, 3, 1)
    labels = (np.arange(n) >= n - n // 4).astype(int)  # the last quarter is 1
    expect.close(
        student.conditional_accuracy(
            student.run_beside(build_normed_classifier, means), images, labels
        ),
        (labels == 0).mean(),
        f"the accuracy of a classifier with batch normalization, {n} images",
        "Use training=False, or predict.",
    )


def softplus(a):
    return np.logaddexp(0.0, a)


def normed(x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-3)


# The functions below run beside the answers (student.run_beside).


def encode_in_graph(one_hot, labels, n_classes):
    spec = tf.TensorSpec((None,), labels.dtype)
    encode = tf.function(
        lambda y: one_hot(y, n_classes), input_signature=[spec], autograph=False
    )  # as in fit
    return encode(tf.constant(labels))


def describe(model):
    widths = [w.shape[-1] for w in model.trainable_weights if len(w.shape) == 4]
    return widths, len(model.non_trainable_weights)


def train_a_little(CGAN, images, labels, logit):
    generator = keras.Sequential([keras.Input((6,)), layers.Dense(24), layers.Reshape((2, 4, 3))])
    discriminator = keras.Sequential([keras.Input((2, 4, 7)), layers.Flatten(), layers.Dense(1)])
    discriminator.set_weights([np.zeros((2 * 4 * 7, 1)), np.full(1, logit)])
    cgan = CGAN(generator, discriminator, n_classes=4)
    cgan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return cgan.fit(images, labels, batch_size=5, epochs=2, verbose=0).history


def losses_of_normed(CGAN, w_g, w_d, s, labels, z):
    def norm():
        return layers.BatchNormalization(center=False, scale=False, epsilon=1e-3)

    generator = keras.Sequential(
        [keras.Input((4,)), norm(), layers.Dense(3, use_bias=False), layers.Reshape((1, 3, 1))]
    )
    discriminator = keras.Sequential(
        [keras.Input((1, 3, 3)), layers.Flatten(), norm(), layers.Dense(1, use_bias=False)]
    )
    generator.layers[1].set_weights([w_g])
    discriminator.layers[2].set_weights([w_d])
    cgan = CGAN(generator, discriminator, n_classes=2)
    cgan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    rest = tf.Variable(z)

    def draw_noise(m):
        drawn = rest[0][:m]
        rest.assign(tf.roll(rest, -1, axis=0))
        return drawn

    cgan.draw_noise = draw_noise
    return cgan.train_step((tf.constant(s), tf.constant(labels)))


def build_shifting(means):
    model = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(epsilon=1e-7)])
    model.set_weights([np.ones(4), np.zeros(4), means, np.ones(4)])
    return model


def build_normed_classifier(means):
    norm = layers.BatchNormalization(center=False, scale=False, epsilon=1e-7)
    model = keras.Sequential([keras.Input((1, 3, 1)), layers.Flatten(), norm])
    norm.set_weights([means, np.ones(3)])
    return model


def build_echo():
    return keras.Sequential([keras.Input((5,)), layers.Rescaling(2.0, offset=5.0)])
