"""The tests of lab 4 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers


@exercise("1.1", points=1)
def test_rows_are_drawn_at_random(student, rng):
    """Each image of a class has the same probability, and all draws use the generator rng."""
    labels = np.repeat(np.arange(3), 5)
    seed = int(rng.integers(2**31))
    draws = student.run_beside(many_draws, student.few_labels, labels, 6, seed, 400)
    expect.shape(draws[0], (6,), "6 rows of 15")
    counts = np.bincount(np.concatenate(draws).astype(int), minlength=15)
    expect.between(int(counts.min()), 100, 400, "how often the rarest image was drawn in 400 draws")
    expect.between(int(counts.max()), 0, 220, "how often the most frequent image was drawn")
    (again,) = student.run_beside(many_draws, student.few_labels, labels, 6, seed, 1)
    expect.close(again, draws[0], "the rows drawn with a generator of the same seed")


@exercise("2.1", points=1)
@pytest.mark.parametrize(("n", "epochs", "batch_size"), [(10, 3, 4), (5, 2, 100)])
def test_epochs_and_minibatches(student, rng, n, epochs, batch_size):
    """The given optimizer takes one step per minibatch and epoch."""
    x = rng.uniform(size=(n, 3)).astype("float32")
    expect.equal(
        student.run_beside(steps_of, student.train_autoencoder, x, epochs, batch_size),
        epochs * -(-n // batch_size),
        f"the steps of {epochs} epochs of {n} images in minibatches of {batch_size}",
    )


@exercise("3.1", points=1)
@pytest.mark.parametrize(("shape", "n_classes"), [((4, 6, 1), 2), ((5, 5, 3), 7)])
def test_classifiers_of_images(student, rng, shape, n_classes):
    """Images of any shape are classified; training mode and gradients reach the encoder."""
    x = rng.uniform(size=(6, *shape)).astype("float32")
    logits, mean, reached = student.run_beside(of_images, student.get_classifier, x, n_classes)
    expect.shape(logits, (6, n_classes), f"the logits of 6 images of shape {shape}")
    expect.close(mean, x.mean(axis=(0, 1, 2)) / 2, "the running mean in training mode")
    expect.equal(reached, True, "whether gradients reach the encoder")


@exercise("3.2", points=1)
def test_many_images_in_inference_mode(student, rng):
    """The accuracy is right for many images, with batch normalization in inference mode."""
    normed = student.run_beside(build_normed)
    shifted = rng.normal(size=(701, 3)).astype("float32")
    labels = rng.integers(0, 3, 701)
    x = shifted + np.array([0.0, 4.0, 0.0], "float32")
    expect.close(
        student.accuracy(normed, x, labels),
        np.mean(shifted.argmax(axis=1) == labels),
        "the accuracy on 701 images",
        atol=1e-3,
    )
    one, label = np.array([[0.0, 5.0, 0.5]], "float32"), np.array([1])
    expect.close(student.accuracy(normed, one, label), 1.0, "the accuracy on one image")


@exercise("4.1", points=1)
def test_one_step_per_minibatch(student, rng):
    """There is one step per minibatch, in order."""
    x = rng.normal(size=(10, 5)).astype("float32")
    y, w, b = rng.integers(0, 4, 10), rng.normal(size=(5, 4)), rng.normal(size=4)
    steps, found = student.run_beside(three_steps, student.train_frozen, x, y, w, b)
    expect.equal(steps, 3, "the number of steps on 10 images in minibatches of 4")
    for rows in (slice(0, 4), slice(4, 8), slice(8, 10)):
        gradient = of_logits(2 * x[rows] @ w + b, y[rows])
        w, b = w - 0.3 * 2 * x[rows].T @ gradient, b - 0.3 * gradient.sum(axis=0)
    expect.close(found[0], w, "the head's matrix after three steps")
    expect.close(found[1], b, "the head's bias after three steps")


@exercise("4.1", points=1)
def test_encoder_is_trainable_afterwards(student, rng):
    """After the training the encoder is trainable again."""
    x, y = rng.normal(size=(4, 3)).astype("float32"), rng.integers(0, 2, 4)
    expect.equal(
        student.run_beside(trainable_after, student.train_frozen, x, y),
        (4, 6),
        "the numbers of trainable arrays of weights in encoder and classifier afterwards",
    )


@exercise("4.2", points=1)
def test_fine_tuning_on_several_minibatches(student, rng):
    """All minibatches train only the head; then all of them train all weights."""
    x = rng.normal(size=(9, 4)).astype("float32")
    y, w_h = rng.integers(0, 2, 9), rng.normal(size=(4, 3))
    w, b = rng.normal(size=(3, 2)), rng.normal(size=2)
    steps, encoder, head = student.run_beside(tune, student.fine_tune, x, y, w_h, w, b)
    expect.equal([int(n) for n in steps], [3, 3], "the steps of both optimizers on 3 minibatches")
    for rate, frozen in ((0.2, True), (0.01, False)):
        for i in (0, 3, 6):
            part = x[i : i + 3]
            gradient = of_logits(part @ w_h @ w + b, y[i : i + 3])
            of_encoder = part.T @ (gradient @ w.T)
            w = w - rate * (part @ w_h).T @ gradient
            b = b - rate * gradient.sum(axis=0)
            w_h = w_h - (not frozen) * rate * of_encoder
    expect.close(head, w, "the head's matrix")
    expect.close(encoder, w_h, "the encoder's weights")


@exercise("5.1", points=1)
def test_statistics_are_copied(student, rng):
    """Running statistics are copied, the original does not change, and the copy is trainable."""
    x = rng.uniform(size=(3, 6, 4, 1)).astype("float32")
    shapes = [(1, 1, 1, 2), (2,), (2,), (2,), (2,), (2,), (6 * 4 * 2, 3), (3,)]
    weights = [rng.uniform(0.5, 1.5, shape) for shape in shapes]
    kernel, bias, scale, shift, mean, variance, matrix, offset = weights
    h = scale * (x @ kernel[0, 0] + bias - mean) / np.sqrt(variance) + shift
    z = h.reshape(3, -1) @ matrix + offset
    found, after, n, shape = student.run_beside(copy_of_images, student.copy_encoder, x, weights)
    expect.close(found, z, "the codes that the copy returns")
    expect.close(after, z, "the codes of the original after the copy was called in training mode")
    expect.equal(n, 6, "the number of trainable arrays of weights in the copy")
    expect.equal(shape, (None, 6, 4, 1), "the copy's input_shape")


def of_logits(logits, y):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - np.eye(logits.shape[1])[y]) / len(y)


# The functions below run beside the answers (student.run_beside).


def many_draws(few_labels, labels, n, seed, times):
    rng = np.random.default_rng(seed)
    return [few_labels(labels, n, rng) for _ in range(times)]


def steps_of(train_autoencoder, x, epochs, batch_size):
    encoder = keras.Sequential([keras.Input(x.shape[1:]), layers.Dense(2)])
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(x.shape[1])])
    optimizer = keras.optimizers.SGD(0.01)
    train_autoencoder(encoder, decoder, x, optimizer, epochs, batch_size=batch_size)
    return int(optimizer.iterations.numpy())


def of_images(get_classifier, x, n_classes):
    image = keras.Input(x.shape[1:])
    norm = layers.BatchNormalization(momentum=0.5)
    h = layers.Conv2D(2, 3, strides=2)(norm(image))
    encoder = keras.Model(image, layers.Dense(4)(layers.Flatten()(h)))
    classifier = get_classifier(encoder, n_classes)
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        logits = classifier(x, training=True)
        loss = tf.reduce_sum(tf.square(logits))
    gradients = tape.gradient(loss, encoder.trainable_variables)
    reached = all(g is not None for g in gradients)
    return logits, norm.moving_mean, reached


def three_steps(train_frozen, x, y, w, b):
    encoder = keras.Sequential([keras.Input((5,)), layers.Rescaling(2.0)])
    head = layers.Dense(4)
    classifier = keras.Sequential([encoder, head])
    classifier.build((None, 5))
    head.set_weights([w, b])
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    optimizer = keras.optimizers.SGD(0.3)
    train_frozen(classifier, encoder, batches, optimizer)
    return int(optimizer.iterations.numpy()), head.get_weights()


def trainable_after(train_frozen, x, y):
    encoder = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.BatchNormalization()])
    inputs = keras.Input((3,))
    classifier = keras.Model(inputs, layers.Dense(2)(encoder(inputs)))
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    train_frozen(classifier, encoder, batches, keras.optimizers.SGD(0.1))
    return len(encoder.trainable_variables), len(classifier.trainable_variables)


def tune(fine_tune, x, y, w_h, w, b):
    encoder = keras.Sequential([keras.Input((4,)), layers.Dense(3, use_bias=False)])
    encoder.set_weights([w_h])
    head, inputs = layers.Dense(2), keras.Input((4,))
    classifier = keras.Model(inputs, head(encoder(inputs)))
    head.set_weights([w, b])
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(3)
    optimizers = keras.optimizers.SGD(0.2), keras.optimizers.SGD(0.01)
    fine_tune(classifier, encoder, batches, *optimizers)
    return [o.iterations for o in optimizers], encoder.get_weights()[0], head.get_weights()[0]


def copy_of_images(copy_encoder, x, weights):
    image = keras.Input(x.shape[1:])
    h = layers.BatchNormalization(epsilon=1e-7)(layers.Conv2D(2, 1)(image))
    encoder = keras.Model(image, layers.Dense(3)(layers.Flatten()(h)))
    encoder.set_weights(weights)
    copy = copy_encoder(encoder)
    found = copy(tf.constant(x))
    copy(tf.constant(x), training=True)
    after = encoder(tf.constant(x))
    return found, after, len(copy.trainable_variables), tuple(copy.input_shape)


def build_normed():
    normed = keras.Sequential([keras.Input((3,)), layers.BatchNormalization(epsilon=1e-7)])
    normed.set_weights([np.ones(3), np.zeros(3), np.array([0.0, 4.0, 0.0]), np.ones(3)])
    return normed
