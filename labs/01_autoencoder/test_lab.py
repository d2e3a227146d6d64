"""The checks of lab 1 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import class_name, exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    from keras import layers

KNOWN = "after the test has set the weights, so that each layer passes constant values on"
CONNECT = "Call the two networks one after the other, and build the model from that."


@exercise("1.1", points=1)
def test_one_code_per_image(student, rng):
    """An image of 28x28 pixels becomes a code of d numbers."""
    encoder = student.get_encoder((28, 28, 1), 5)
    expect.equal(encoder.name, "encoder", "the name of the model")
    check_codes(student, encoder, (28, 28, 1), rng.uniform(0.5, 1.5, 3), rng.uniform(0.02, 0.05, 5))


@exercise("1.1", points=1)
def test_image_is_halved_twice(student):
    """There are at least two blocks, each with a convolution of stride 2."""
    encoder = student.get_encoder((28, 28, 1), 4)
    expect.between(
        student.run_beside(count_strided, encoder),
        2,
        6,
        "the number of convolutions with stride 2",
        "The convolution of each block halves the image: Conv2D(..., strides=2).",
    )


@exercise("1.1", points=1)
def test_codes_are_not_bounded(student, rng):
    """The last dense layer has no activation: codes may be positive or negative, and large."""
    encoder = student.get_encoder((8, 8, 1), 32)
    factors = np.where(np.arange(32) % 2, 1, -1) * rng.uniform(10, 90, 32)
    check_codes(student, encoder, (8, 8, 1), rng.uniform(0.5, 1.5, 16), factors)


@exercise("1.2", points=1)
def test_one_image_per_code(student, rng):
    """A code becomes an image of 28x28 pixels, and different codes become different images."""
    decoder = student.get_decoder(5, (28, 28, 1))
    expect.equal(decoder.name, "decoder", "the name of the model")
    check_images(student, decoder, 5, (28, 28, 1), rng.uniform(0.5, 1.5, 3), np.full(1, 0.8))


@exercise("1.2", points=1)
def test_pixels_lie_between_0_and_1(student, rng):
    """All pixels lie in [0, 1], for any code."""
    decoder = student.get_decoder(8, (8, 8, 3))
    check_images(student, decoder, 8, (8, 8, 3), rng.uniform(0.5, 1.5, 32), np.array([-40, 2, 40]))


@exercise("1.2", points=1)
def test_images_grow_by_convolutions(student):
    """There are two blocks with one convolution each, and one convolution at the end."""
    decoder = student.get_decoder(4, (28, 28, 1))
    expect.between(
        student.run_beside(count_convolutions, decoder),
        3,
        9,
        "the number of convolutions",
        "One convolution after each up-sampling, and a last one with the channels of the image.",
    )


@exercise("1.3", points=1)
def test_one_reconstruction_per_image(student, rng):
    """The output has the shape of the input."""
    autoencoder = student.get_autoencoder((28, 28, 1), 5)
    expect.equal(autoencoder.name, "autoencoder", "the name of the model")
    values = rng.uniform(0.5, 1.5, 2)
    expect.shape(
        autoencoder(constant_images(values, (28, 28, 1))),
        (2, 28, 28, 1),
        "the reconstructions of 2 images",
    )
    check_reconstructions(student, autoencoder, (28, 28, 1), values, np.ones(5), np.full(1, 0.7))


@exercise("1.3", points=2)
def test_both_networks_are_inside(student, rng):
    """The autoencoder contains its encoder and its decoder, and shares their weights."""
    autoencoder = student.get_autoencoder((8, 8, 1), 3)
    expect.shape(
        autoencoder(constant_images(np.ones(4), (8, 8, 1))),
        (4, 8, 8, 1),
        "the reconstructions of 4 images",
    )
    values = rng.uniform(0.5, 1.5, 4)
    for _ in range(2):
        factors = rng.uniform(0.5, 2, 3), rng.normal(size=1)
        check_reconstructions(student, autoencoder, (8, 8, 1), values, *factors)
    encoder, decoder = autoencoder.get_layer("encoder"), autoencoder.get_layer("decoder")
    expect.equal(
        autoencoder.count_params(),
        encoder.count_params() + decoder.count_params(),
        "the number of parameters; expected is that of the encoder plus that of the decoder",
        CONNECT,
    )


@exercise("2.1", points=1)
def test_loss_has_the_right_value(student, rng):
    """Squared errors are summed over pixels and channels, and averaged over the images."""
    x, x_hat = rng.uniform(size=(2, 4, 6, 5, 2)).astype("float32")
    expect.close(
        student.reconstruction_loss(x, x_hat),
        squared_errors(x, x_hat).mean(),
        "the loss of a minibatch of 4 images with 6x5 pixels and 2 channels",
        "Sum over all axes but the first, then average over the first.",
        inputs={"x": x, "x_hat": x_hat},
    )


@exercise("2.1", points=1)
def test_loss_of_perfect_and_of_worst_images(student):
    """The loss is 0 for perfect images, and 1 per pixel where every pixel is wrong by 1."""
    x = np.ones((3, 4, 4, 1), "float32")
    expect.close(student.reconstruction_loss(x, x), 0.0, "the loss of perfect reconstructions")
    expect.close(
        student.reconstruction_loss(x, 0 * x),
        16.0,
        "the loss of black reconstructions of white images with 4x4 pixels",
    )


@exercise("3.1", points=1)
def test_optimizer_is_that_of_the_slides(student):
    """The model is compiled with Adam and a learning rate of 0.001, and returned."""
    found, _ = compiled(student, 3)
    expect.equal(class_name(found.optimizer), "Adam", "the optimizer")
    expect.close(found.optimizer.learning_rate, 1e-3, "its learning rate", rtol=1e-3, atol=0)


@exercise("3.1", points=1)
def test_loss_and_metrics(student, rng):
    """The loss is the one of exercise 2.1; mse and mae are logged, too."""
    found, W = compiled(student, 5)
    x = rng.uniform(size=(6, 5)).astype("float32")
    logs = found.evaluate(x, x, verbose=0, return_dict=True)
    error = x @ W - x
    expect.close(
        logs["loss"],
        (error**2).sum(axis=1).mean(),
        "the loss that evaluate reports for 6 inputs of 5 numbers",
        "Pass your reconstruction_loss to compile.",
    )
    for name, value in (("mse", (error**2).mean()), ("mae", np.abs(error).mean())):
        expect.that(name in logs, "the metrics", 'both "mse" and "mae"', sorted(logs))
        expect.close(logs[name], value, f'the metric "{name}"')


@exercise("3.1", points=1)
def test_early_stopping(student):
    """Training stops after 10 epochs without progress, and the best weights are restored."""
    stopping = callback(student, "EarlyStopping")
    expect.equal(stopping.monitor, "val_loss", "what EarlyStopping observes (monitor)")
    expect.equal(stopping.patience, 10, "the patience of EarlyStopping")
    expect.that(
        bool(stopping.restore_best_weights),
        "whether the best weights are restored (restore_best_weights)",
        "True",
        stopping.restore_best_weights,
    )


@exercise("3.1", points=1)
def test_reduction_of_the_rate(student):
    """The learning rate is halved after 5 epochs without progress, down to 0.00001."""
    reduction = callback(student, "ReduceLROnPlateau")
    expect.equal(reduction.monitor, "val_loss", "what ReduceLROnPlateau observes (monitor)")
    expect.equal(reduction.patience, 5, "the patience of ReduceLROnPlateau")
    expect.close(reduction.factor, 0.5, "the factor of ReduceLROnPlateau")
    expect.close(reduction.min_lr, 1e-5, "the smallest learning rate", rtol=1e-3, atol=0)


@exercise("3.2", points=2)
def test_the_target_is_the_input(student, rng):
    """One step brings the reconstruction closer to the input, as computed by hand."""
    X, X_val, W = rng.normal(size=(6, 4)), rng.normal(size=(3, 4)), rng.normal(size=(4, 4))
    model = linear(student, W, rate=0.02)
    logs = student.train(model, X.astype("float32"), X_val.astype("float32"), 1, 6)
    after = W - 0.02 * 2 / 6 * X.T @ (X @ W - X)
    hint = "There are no labels: the target is the input itself, in training and in validation."
    expect.close(model.get_weights()[0], after, "the weights after one step on all images", hint)
    for name, value in (
        ("loss", squared_errors(X, X @ W).mean()),
        ("val_loss", squared_errors(X_val, X_val @ after).mean()),
    ):
        expect.that(
            isinstance(logs, dict) and name in logs,
            "what train returns",
            'a dictionary with the lists "loss" and "val_loss"',
            logs,
        )
        expect.close(logs[name], [value], f'the list "{name}" of one epoch', hint)


@exercise("3.2", points=1)
def test_training_stops_by_itself(student, rng):
    """Without progress the learning rate falls, and the training ends after 11 epochs."""
    X = rng.normal(size=(4, 3)).astype("float32")
    model = student.run_beside(build_idle, 0.1)
    logs = student.train(model, X, X, 15, 4)
    expect.that(
        isinstance(logs, dict) and "loss" in logs,
        "what train returns",
        'a dictionary with the list "loss"',
        logs,
    )
    expect.equal(
        len(logs["loss"]),
        11,
        "the number of epochs, if 15 are allowed but there is no progress after the first",
        "Pass the callbacks of exercise 3.1 to fit.",
    )
    expect.close(
        model.optimizer.learning_rate,
        0.025,
        "the learning rate at the end; it was 0.1 at the start",
        "It is halved after epochs 6 and 11. Pass the callbacks of exercise 3.1 to fit.",
    )


@exercise("4.1", points=1)
def test_errors_of_known_networks(student, rng):
    """The error of each network is summed over the pixels and averaged over the images."""
    X = images(rng, 7, 4, 4, 1)
    found = student.errors_by_size([1, 2, 8], student.run_beside(Dimmers), X)
    error = {d: ((X * (1 - 1 / d)) ** 2).sum() / 7 for d in (1, 2, 8)}
    expect.that(
        isinstance(found, dict) and sorted(found) == [1, 2, 8],
        "what errors_by_size([1, 2, 8], ...) returns",
        "a dictionary with the keys 1, 2 and 8",
        found,
    )
    for d in (1, 2, 8):
        expect.close(
            found[d],
            error[d],
            f"the error for d = {d}, of a network that divides its input by d",
            "The sum of all squared errors of all images, divided by the number of images.",
        )


@exercise("4.1", points=1)
def test_each_network_is_trained_once(student, rng):
    """One autoencoder is trained per size, and no other."""
    X = images(rng, 2, 4, 4, 1)
    factory = student.run_beside(Dimmers)
    expect.equal(
        student.run_beside(sizes_trained, student.errors_by_size, factory, [3, 2], X),
        [2, 3],
        "the sizes for which train_one was called",
        "Training takes long: call train_one exactly once per d.",
    )


def images(rng, *shape):
    return rng.uniform(size=shape).astype("float32")


def constant_images(values, shape):
    """Return one image per value, with this value at all pixels."""
    return np.ones((1, *shape), "float32") * values.reshape(-1, 1, 1, 1).astype("float32")


def check_codes(student, encoder, shape, values, factors):
    """Expect the code value * factors for a constant image, after weights are set so."""
    n, d = len(values), len(factors)
    x = constant_images(values, shape)
    expect.shape(encoder(x), (n, d), f"the codes of {n} images of shape {shape} with d = {d}")
    last = student.run_beside(pass_on, encoder, factors.astype("float32"))
    expect.equal(last, "Dense", "the class of the last layer with weights", "Dense(d)")
    expect.close(
        encoder(x, training=False),
        values[:, None] * factors,
        f"the codes of constant images, {KNOWN}",
        "Is there an activation after the last dense layer? It changes the values.",
        rtol=1e-2,
        inputs={"the values of the images": values, "the factors of the last layer": factors},
    )


def check_images(student, decoder, d, shape, values, factors):
    """Expect the pixels sigmoid(value * factors) for a constant code, after weights are set so."""
    z = np.ones((1, d), "float32") * values[:, None].astype("float32")
    expect.shape(decoder(z), (len(z), *shape), f"the images of {len(z)} codes with d = {d}")
    last = student.run_beside(pass_on, decoder, factors.astype("float32"))
    expect.that(
        last in ("Conv2D", "Conv2DTranspose"),
        "the class of the last layer with weights",
        "Conv2D",
        last,
        "A last convolution returns to the channels of the image.",
    )
    expect.close(
        decoder(z, training=False),
        constant_images(np.ones(len(z)), shape) * sigmoid(values.reshape(-1, 1, 1, 1) * factors),
        f"the images of constant codes, {KNOWN}",
        "Which activation is the last one?",
        rtol=1e-2,
        picture=True,
        inputs={"the values of the codes": values, "the factors of the last layer": factors},
    )


def check_reconstructions(student, autoencoder, shape, values, of_code, of_image):
    """Expect the right pixels for constant images, after weights of both networks are set."""
    for name, factors in (("encoder", of_code), ("decoder", of_image)):
        network = autoencoder.get_layer(name)
        expect.equal(network.name, name, f'the name of get_layer("{name}")')
        student.run_beside(pass_on, network, factors.astype("float32"))
    pixels = sigmoid(values.reshape(-1, 1, 1, 1) * of_code.mean() * of_image)
    expect.close(
        autoencoder(constant_images(values, shape), training=False),
        constant_images(np.ones(len(values)), shape) * pixels,
        f"the reconstructions of constant images, {KNOWN}",
        CONNECT,
        rtol=1e-2,
        picture=True,
    )


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def squared_errors(x, x_hat):
    return ((x - x_hat) ** 2).reshape(len(x), -1).sum(axis=1)


def compiled(student, size):
    found = student.compile_autoencoder(student.run_beside(one_layer, size))
    expect.that(found is not None, "what compile_autoencoder returns", "the model", found)
    return found, found.get_weights()[0]


def callback(student, name):
    found = student.slide_callbacks()
    names = [class_name(entry) for entry in found] if isinstance(found, list | tuple) else found
    expect.that(
        isinstance(names, list) and len(names) == 2 and name in names,
        "the classes of the callbacks",
        "EarlyStopping and ReduceLROnPlateau",
        names,
    )
    return found[names.index(name)]


def linear(student, W, rate):
    return student.run_beside(build_linear, student.reconstruction_loss, W.astype("float32"), rate)


# The functions below run beside the answers (student.run_beside).


def one_layer(size):
    return keras.Sequential([keras.Input((size,)), layers.Dense(size, use_bias=False)])


def build_linear(reconstruction_loss, W, rate):
    model = keras.Sequential([keras.Input((len(W),)), layers.Dense(len(W), use_bias=False)])
    model.set_weights([W])
    model.compile(keras.optimizers.SGD(rate), loss=reconstruction_loss, run_eagerly=True)
    return model


def build_idle(rate):
    """Return a model that learns nothing in fit, so that the callbacks have something to do."""

    class Idle(keras.Sequential):
        def fit(
            self, x, y=None, batch_size=None, epochs=1, verbose=0, callbacks=None, **validation
        ):
            every = keras.callbacks.CallbackList(callbacks, add_history=True, model=self)
            self.stop_training = False
            every.on_train_begin()
            for epoch in range(epochs):
                every.on_epoch_begin(epoch)
                every.on_epoch_end(epoch, {"loss": 1.0, "val_loss": 1.0})
                if self.stop_training:
                    break
            every.on_train_end()
            return self.history

    model = Idle([keras.Input((3,)), layers.Dense(3)])
    model.compile(keras.optimizers.SGD(rate), loss="mse")
    return model


def count_strided(model):
    return sum(
        isinstance(layer, layers.Conv2D) and tuple(layer.strides) == (2, 2)
        for layer in model._flatten_layers(include_self=False)
    )


def count_convolutions(model):
    return sum(
        "Conv" in type(layer).__name__ for layer in model._flatten_layers(include_self=False)
    )


def pass_on(model, factors):
    """Let each layer average over its channels; the last one also multiplies by the factors.

    Then constant images stay constant in convolutions, pooling, batch normalization and ReLU.
    Returns the class of the last layer, which alone is different from the others.
    """
    found = [x for x in model._flatten_layers(include_self=False) if hasattr(x, "kernel")]
    for layer in found:
        kernel = np.zeros(layer.kernel.shape, "float32")
        if isinstance(layer, layers.Conv2DTranspose):  # each pixel of the output gets one tap
            (a, b), (s, t) = kernel.shape[:2], layer.strides
            kernel[(a - s) // 2 : (a + s) // 2, (b - t) // 2 : (b + t) // 2] = 1 / kernel.shape[-1]
        elif isinstance(layer, layers.Conv2D):
            kernel[(kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2] = 1 / kernel.shape[2]
        else:
            kernel[:] = 1 / len(kernel)
        transposed = isinstance(layer, layers.Conv2DTranspose)
        n_outputs = kernel.shape[-2 if transposed else -1]
        if layer is found[-1] and n_outputs == len(factors):
            kernel *= factors[:, None] if transposed else factors
        layer.kernel.assign(kernel)
        if layer.bias is not None:
            layer.bias.assign(np.zeros(layer.bias.shape))
    return type(found[-1]).__name__ if found else "no layer"


def sizes_trained(errors_by_size, factory, sizes, X):
    errors_by_size(sizes, factory, X)
    return sorted(factory.sizes)


class Dimmers:
    """A function train_one(d) for exercise 4.1: its network divides the image by d."""

    def __init__(self):
        self.sizes = []

    def __call__(self, d):
        self.sizes.append(d)
        return keras.Sequential([keras.Input((4, 4, 1)), layers.Rescaling(1 / d)])
