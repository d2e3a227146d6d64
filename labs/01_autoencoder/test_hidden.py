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
    x = rng.uniform(size=(4, *shape)).astype("float32")
    z = encoder(x, training=False)
    expect.shape(z, (4, d), f"the codes of images of shape {shape} with d = {d}")
    in_training = encoder(x, training=True)
    expect.that(
        not np.allclose(z, in_training, rtol=1e-2, atol=1e-4),
        "the codes in training mode and in inference mode",
        "different codes: in training, batch normalization uses the statistics of the batch",
        in_training,
        "Each block has a BatchNormalization.",
    )


@exercise("1.2", points=1)
@pytest.mark.parametrize(("d", "shape"), [(16, (32, 32, 3)), (1, (8, 12, 2))])
def test_decoder_of_other_images(student, rng, d, shape):
    """The decoder draws images with other sides and channels, and has batch normalization."""
    decoder = student.get_decoder(d, shape)
    z = 3 * rng.normal(size=(4, d)).astype("float32")
    x = decoder(z, training=False)
    expect.shape(x, (4, *shape), f"the images of codes with d = {d}")
    in_training = decoder(z, training=True)
    expect.that(
        not np.allclose(x, in_training, rtol=1e-3, atol=1e-5),
        "the images in training mode and in inference mode",
        "different images: in training, batch normalization uses the statistics of the batch",
        in_training,
        "Each block has a BatchNormalization.",
    )


@exercise("1.3", points=1)
@pytest.mark.parametrize(("shape", "d"), [((16, 16, 3), 7), ((8, 12, 1), 1)])
def test_autoencoder_of_other_images(student, rng, shape, d):
    """The autoencoder works for images of other shapes and codes of other sizes."""
    autoencoder = student.get_autoencoder(shape, d)
    x = rng.uniform(size=(2, *shape)).astype("float32")
    expect.shape(autoencoder(x), (2, *shape), f"the reconstructions of images of shape {shape}")
    expect.shape(autoencoder.get_layer("encoder")(x), (2, d), f"the codes with d = {d}")


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
    model = student.run_beside(build_images, student.reconstruction_loss, 1e-4)
    X = rng.uniform(size=(10, 4, 4, 1)).astype("float32")
    logs = student.train(model, X, X[:3], 3, 4)
    expect.equal(len(logs["val_loss"]), 3, "the number of epochs logged")
    expect.equal(
        int(model.optimizer.iterations), 9, "the steps of 3 epochs with 10 images, 4 per step"
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


# The functions below run beside the answers (student.run_beside).


def build_images(reconstruction_loss, rate):
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(1, 1)])
    model.compile(keras.optimizers.SGD(rate), loss=reconstruction_loss, run_eagerly=True)
    return model


def dropping(shape):
    def train_one(d):
        return keras.Sequential(
            [keras.Input(shape), layers.Dropout(0.9), layers.Rescaling(1.0 + d)]
        )

    return train_one
