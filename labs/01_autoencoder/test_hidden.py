"""The tests of lab 1 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    from keras import layers


@exercise("1.1", points=1)
@pytest.mark.parametrize(("shape", "d"), [((32, 32, 3), 16), ((20, 9, 1), 1)])
def test_encoder_of_other_images(student, rng, shape, d):
    """The encoder reads images with other sides and channels, and has batch normalization."""
    encoder = student.get_encoder(shape, d)
    values = rng.uniform(0.5, 1.5, 4).astype("float32")
    x = values.reshape(-1, 1, 1, 1) * np.ones((1, *shape), "float32")
    expect.shape(encoder(x), (4, d), f"the codes of images of shape {shape} with d = {d}")
    check_norms(student, encoder, x, values)


@exercise("1.2", points=1)
@pytest.mark.parametrize(("d", "shape"), [(16, (32, 32, 3)), (1, (8, 12, 2))])
def test_decoder_of_other_images(student, rng, d, shape):
    """The decoder draws images with other sides and channels, and has batch normalization."""
    decoder = student.get_decoder(d, shape)
    values = rng.uniform(0.5, 1.5, 4).astype("float32")
    z = values[:, None] * np.ones((1, d), "float32")
    expect.shape(decoder(z), (4, *shape), f"the images of codes with d = {d}")
    check_norms(student, decoder, z, values)


@exercise("1.3", points=1)
@pytest.mark.parametrize(("shape", "d"), [((16, 16, 3), 7), ((8, 12, 1), 1)])
def test_autoencoder_of_other_images(student, rng, shape, d):
    """The autoencoder works for images of other shapes and codes of other sizes."""
    autoencoder = student.get_autoencoder(shape, d)
    value = float(rng.uniform(0.5, 1.5))
    x = np.full((2, *shape), value, "float32")
    expect.shape(autoencoder(x), (2, *shape), f"the reconstructions of images of shape {shape}")
    encoder, decoder = autoencoder.get_layer("encoder"), autoencoder.get_layer("decoder")
    expect.shape(encoder(x), (2, d), f"the codes with d = {d}")
    for network in (encoder, decoder):
        student.run_beside(average, network)
    expect.close(
        autoencoder(x),
        np.full((2, *shape), 1 / (1 + np.exp(-value))),
        "the reconstructions of constant images, after the test has set the weights, so that each "
        "layer passes constant values on",
        rtol=1e-2,
        picture=True,
        inputs={"the value of all pixels": value},
    )


@exercise("2.1", points=1)
@pytest.mark.parametrize("shape", [(5, 7), (2, 4, 4, 3), (1, 9, 3, 1)])
def test_loss_of_any_shape(student, rng, shape):
    """The loss is right for vectors, grey images and colour images, in batches of any size."""
    x, x_hat = rng.uniform(size=(2, *shape)).astype("float32")
    expect.close(
        student.reconstruction_loss(x, x_hat),
        ((x - x_hat) ** 2).sum() / shape[0],
        f"the loss of a minibatch of shape {shape}",
    )


@exercise("3.1", points=1)
def test_callbacks_are_new(student):
    """Each call makes two new callbacks."""
    first, second = student.slide_callbacks(), student.slide_callbacks()
    for found in (first, second):
        expect.that(
            isinstance(found, list | tuple) and len(found) == 2,
            "what slide_callbacks returns",
            "a list of two callbacks",
            found,
        )
    expect.that(
        not any(a == b for a in first for b in second),
        "the callbacks of two calls",
        "different objects",
        "an object that is in both lists",
    )


@exercise("3.2", points=1)
def test_minibatches_and_epochs(student, rng):
    """All images are seen in every epoch, in minibatches of the given size."""
    w, b = rng.normal(size=2)
    model = student.run_beside(build_images, student.reconstruction_loss, w, b)
    X = rng.uniform(size=(10, 4, 4, 1)).astype("float32")
    logs = student.train(model, X, X[:3], 2, 4)
    expect.that(
        isinstance(logs, dict) and "val_loss" in logs,
        "what train returns",
        'a dictionary with the list "val_loss"',
        logs,
    )
    expect.equal(len(logs["val_loss"]), 2, "the number of epochs logged")
    expect.equal(
        int(model.optimizer.iterations), 6, "the steps of 2 epochs with 10 images, 4 per step"
    )
    expect.close(
        logs["val_loss"],
        np.full(2, ((w * X[:3] + b - X[:3]) ** 2).sum() / 3),
        'the list "val_loss" of a network that cannot learn, because its learning rate is 0',
    )


@exercise("4.1", points=1)
@pytest.mark.parametrize(("n", "shape"), [(37, (2, 3, 3)), (1, (6,))])
def test_error_in_inference_mode(student, rng, n, shape):
    """The networks are in inference mode, and every image counts exactly once."""
    X = rng.uniform(size=(n, *shape)).astype("float32")
    X[-1] += 3.0  # the error would be wrong if it were left out or counted twice
    found = student.errors_by_size([4, 1], student.run_beside(dropping, list(shape)), X)
    expect.that(isinstance(found, dict), "what errors_by_size returns", "a dictionary", found)
    for d in (4, 1):
        expect.close(
            found.get(d),
            (d**2 * X**2).sum() / n,
            f"the error on {n} images, of a network that multiplies its input by {1 + d}",
        )


def check_norms(student, model, x, values):
    """Expect batch normalization that computes with the averages of the minibatch."""
    hint = "Each block has a BatchNormalization; in training it uses the minibatch's statistics."
    student.run_beside(average, model)
    means = student.run_beside(running_means, model, x)
    expect.that(means is not None, "the layers", "a BatchNormalization per block", "none", hint)
    expect.close(
        means,
        np.full(np.shape(means), values.mean()),
        "the average that batch normalization has found in constant inputs, after the test has set "
        "the weights, so that each layer passes constant values on",
        hint,
        rtol=1e-2,
        inputs={"the values of the inputs": values},
    )


# The functions below run beside the answers (student.run_beside).


def average(model):
    """Let each layer average over its channels, so that constant images stay constant."""
    for layer in model._flatten_layers(include_self=False):
        if not hasattr(layer, "kernel"):
            continue
        kernel = np.zeros(layer.kernel.shape, "float32")
        if isinstance(layer, layers.Conv2DTranspose):  # each pixel of the output gets one tap
            (a, b), (s, t) = kernel.shape[:2], layer.strides
            kernel[(a - s) // 2 : (a + s) // 2, (b - t) // 2 : (b + t) // 2] = 1 / kernel.shape[-1]
        elif isinstance(layer, layers.Conv2D):
            kernel[(kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2] = 1 / kernel.shape[2]
        else:
            kernel[:] = 1 / len(kernel)
        layer.kernel.assign(kernel)
        if layer.bias is not None:
            layer.bias.assign(np.zeros(layer.bias.shape))


def running_means(model, x):
    """Call the model in training mode; return what its first batch normalization has averaged."""
    found = [x for x in model._flatten_layers(False) if isinstance(x, layers.BatchNormalization)]
    if not found:
        return None
    model(x, training=True)
    return found[0].moving_mean / (1 - found[0].momentum)


def build_images(reconstruction_loss, w, b):
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(1, 1)])
    model.set_weights([np.full((1, 1, 1, 1), w), np.full(1, b)])
    model.compile(keras.optimizers.SGD(0.0), loss=reconstruction_loss, run_eagerly=True)
    return model


def dropping(shape):
    def train_one(d):
        return keras.Sequential(
            [keras.Input(shape), layers.Dropout(0.9), layers.Rescaling(1.0 + d)]
        )

    return train_one
