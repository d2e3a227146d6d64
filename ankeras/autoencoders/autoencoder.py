"""The autoencoder: a network trained to reproduce its input through a code.

Source: AN2DL, "Autoencoders"; AE, first part; DLSP, "Autoencoder" and "Reconstruction losses".

    z = E(x),  x_hat = D(z),  L = 1/m sum_j w_j l(x^(j), x_hat^(j))  [+ lambda R],  all w_j = 1

    real-valued input:  l(x, x_hat) = 1/2 ||x - x_hat||^2
    binary input:       l(x, x_hat) = -sum_i [x_i log x_hat_i + (1 - x_i) log(1 - x_hat_i)]
"""

import math
from typing import Any

from ankeras.builders import get_decoder, get_encoder
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE
from ankeras.training.checks import check_images, check_shapes_known, drawn_range
from ankeras.training.schedules import cosine_adam
from ankeras.training.system import System

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
def squared_error(x: Any, x_hat: Any) -> Any:
    """Return 1/2 ||x - x_hat||^2 of each image (DLSP, real-valued input): (batch, ...) -> (batch,).

    As a Keras loss (`compile(loss=squared_error)`) it is averaged over the batch.
    """
    return 0.5 * _sum_per_image(ops.square(x - x_hat))


@keras.saving.register_keras_serializable("ankeras")
def binary_cross_entropy(x: Any, x_hat: Any) -> Any:
    """Return -sum_i [x_i log x_hat_i + (1 - x_i) log(1 - x_hat_i)] of each image (DLSP, binary).

    Args:
        x: (batch, ...), values in [0, 1].
        x_hat: (batch, ...), probabilities: the decoder ends in a sigmoid.

    Returns:
        (batch,), in nats.
    """
    return _sum_per_image(ops.binary_crossentropy(x, x_hat))


def weighted_mean(values: Any, weights: Any = None) -> Any:
    """Return 1/m sum_j w_j l_j over the images of a batch: (batch, ...) -> (...).

    Args:
        values: (batch, ...), l_j of each image.
        weights: (batch,), w_j, the `sample_weight` of `fit`. Default: all 1.
    """
    if weights is not None:
        shape = (-1, *[1] * (len(values.shape) - 1))
        values = ops.reshape(ops.cast(weights, values.dtype), shape) * values
    return ops.mean(values, axis=0)


def _sum_per_image(values: Any) -> Any:
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))


@keras.saving.register_keras_serializable("ankeras")
class Autoencoder(System):
    """Encoder and decoder trained together; the base of the regularized autoencoders.

    A subclass adds its term to the loss by `penalty`, or changes what E sees by `corrupt`. Weights
    given to `fit` (`sample_weight`) weigh the reconstruction of each image, not the penalty.

    Args:
        encoder: (batch, *image) -> (batch, d), as `get_encoder` builds it.
        decoder: (batch, d) -> (batch, *image), as `get_decoder` builds it.

    Raises:
        ValueError: if the decoder does not take the encoder's code or draws other shapes.
    """

    networks: tuple[str, ...] = ("encoder", "decoder")
    logged = ("loss", "reconstruction", "penalty")
    target = "images"
    weighs_images = True

    def __init__(self, encoder: keras.Model, decoder: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_shapes_known(encoder, "encoder")
        check_shapes_known(decoder, "decoder")
        if encoder.output_shape != decoder.input_shape:
            raise ValueError(
                f"The encoder's code has shape {encoder.output_shape[1:]}, but the decoder "
                f"expects {decoder.input_shape[1:]}."
            )
        if encoder.input_shape != decoder.output_shape:
            raise ValueError(
                f"The encoder reads images of shape {encoder.input_shape[1:]}, but the decoder "
                f"draws {decoder.output_shape[1:]}."
            )
        self.encoder = encoder
        self.decoder = decoder

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend the gradient of reconstruction + penalty on one minibatch."""
        x, target, weights = keras.utils.unpack_x_y_sample_weight(data)

        def objective() -> tuple:
            # z = E(x),  x_hat = D(z)
            z = self.encoder(self.corrupt(x), training=True)
            x_hat = self.decoder(z, training=True)

            # L = w l(x, x_hat) + lambda R, averaged over the minibatch, + losses of layers
            reconstruction = self.compute_loss(x, target, x_hat, weights)
            penalty = self.penalty(x, z, x_hat)
            loss = reconstruction + penalty
            return loss, reconstruction, penalty, x_hat

        found = descend(objective, self.optimizer, self.trainable_variables)
        loss, reconstruction, penalty, x_hat = found
        self.log(loss=loss, reconstruction=reconstruction, penalty=penalty)
        return self.compute_metrics(x, target, x_hat, weights)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate reconstruction + penalty on one minibatch, without corruption."""
        x, target, weights = keras.utils.unpack_x_y_sample_weight(data)
        z = self.encoder(x, training=False)
        x_hat = self.decoder(z, training=False)
        reconstruction = self.compute_loss(x, target, x_hat, weights)
        penalty = self.penalty(x, z, x_hat)
        self.log(loss=reconstruction + penalty, reconstruction=reconstruction, penalty=penalty)
        return self.compute_metrics(x, target, x_hat, weights)

    def corrupt(self, x: Any) -> Any:
        """Return what the encoder sees of x while training: here x itself."""
        return x

    def penalty(self, x: Any, z: Any, x_hat: Any) -> Any:
        """Return lambda R, the regularization term of the loss, averaged over the batch: here 0."""
        return 0.0

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return the reconstruction D(E(x))."""
        return self.decoder(self.encoder(x, training=training), training=training)

    @property
    def call_inputs(self) -> list[keras.KerasTensor]:
        """What `call` reads: the encoder's inputs."""
        return self.encoder.inputs

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, **options: Any) -> None:
        """Compile as `keras.Model.compile` does.

        Raises:
            ValueError: if there is no loss l(x, x_hat).
        """
        if loss is None:
            raise ValueError(
                "An autoencoder needs its loss l(x, x_hat): compile(optimizer, loss=squared_error) "
                "or loss=binary_cross_entropy."
            )
        super().compile(optimizer, loss=loss, **options)

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't learn to map images x to the targets y."""
        drawn = drawn_range(self.decoder)
        check_images(x, self.encoder.input_shape[1:], drawn)
        if y is None:
            raise ValueError("An autoencoder needs the images as targets too: give fit(x, x).")
        if y.shape != (len(x), *self.decoder.output_shape[1:]):
            raise ValueError(
                f"The targets of an autoencoder are images, of shape "
                f"{(len(x), *self.decoder.output_shape[1:])}, but y has shape {y.shape}: give "
                f"fit(x, x)."
            )
        check_images(y, self.decoder.output_shape[1:], drawn, "y")


def slide_callbacks() -> list[keras.callbacks.Callback]:
    """Return the slides' callbacks for `fit` (AN2DL, "Training Autoencoders").

    Both watch the loss on the validation images. Training stops when that loss has not fallen for
    10 epochs, and the best weights come back. After 5 such epochs the learning rate is halved, down
    to 1e-5.
    """
    return [
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=5, factor=0.5, min_lr=1e-5),
    ]


def train(
    autoencoder: keras.Model,
    x_train: np.ndarray,
    x_val: np.ndarray,
    *,
    epochs: int,
    batch_size: int = 100,
    learning_rate: float = 1e-2,
    loss: Any = squared_error,
    verbose: int | str = "auto",
) -> keras.callbacks.History:
    """Train an autoencoder in a fixed number of epochs.

    The learning rate falls to zero along half a cosine. After the same number of epochs the error
    is lower than with the slides' steps on a plateau, which must wait for each plateau first.

    Args:
        autoencoder: any autoencoder of this package; it is compiled here.
        x_train, x_val: images (n, *image).
        epochs: passes over x_train.
        batch_size: images per step.
        learning_rate: the highest learning rate of Adam.
        loss: l(x, x_hat).
        verbose: as in `fit`.

    Returns:
        The history of `fit`; it holds mse and val_mse, the mean squared error per pixel.

    Raises:
        ValueError: if the images do not fit the network, or hold NaN.
    """
    for images, name in ((x_train, "x_train"), (x_val, "x_val")):
        encoder, decoder = (autoencoder.get_layer(player) for player in ("encoder", "decoder"))
        check_images(images, encoder.input_shape[1:], drawn_range(decoder), name)
    optimizer = cosine_adam(
        epochs * math.ceil(len(x_train) / batch_size), learning_rate, warmup=0.05
    )
    autoencoder.compile(optimizer, loss=loss, metrics=["mse", "mae"])
    return autoencoder.fit(
        x_train,
        x_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, x_val),
        verbose=verbose,
    )


def tiny_networks() -> dict[str, keras.Model]:
    """Return the encoder and decoder that the tests of the catalogue train."""
    return {
        "encoder": get_encoder(TINY_SHAPE, TINY_LATENT_DIM, widths=(4, 8)),
        "decoder": get_decoder(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
    }
