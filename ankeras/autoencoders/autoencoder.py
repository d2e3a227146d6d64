"""The autoencoder: a network trained to reproduce its input through a code.

Source: AN2DL, "Autoencoders"; AE, first part; DLSP, "Autoencoder" and "Reconstruction losses".

    z = E(x),  x_hat = D(z),  L = 1/m sum_j l(x^(j), x_hat^(j))  [+ lambda R]

    real-valued input:  l(x, x_hat) = 1/2 ||x - x_hat||^2
    binary input:       l(x, x_hat) = -sum_i [x_i log x_hat_i + (1 - x_i) log(1 - x_hat_i)]
"""

import math
from typing import Any

from ankeras.training.autodiff import descend
from ankeras.training.system import GuardedModel, drawn_range, refuse_misfits

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


def _sum_per_image(values: Any) -> Any:
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))


@keras.saving.register_keras_serializable("ankeras")
class Autoencoder(GuardedModel):
    """Encoder and decoder trained together; the base of the regularized autoencoders.

    A subclass adds its term to the loss by `penalty`, or changes what E sees by `corrupt`.

    Args:
        encoder: (batch, *image) -> (batch, d), as `get_encoder` builds it.
        decoder: (batch, d) -> (batch, *image), as `get_decoder` builds it.

    Raises:
        ValueError: if the decoder does not take the encoder's code or draws other shapes.
    """

    networks = ("encoder", "decoder")

    def __init__(self, encoder: keras.Model, decoder: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
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
        self.loss_tracker = keras.metrics.Mean("loss")
        self.reconstruction_tracker = keras.metrics.Mean("reconstruction")
        self.penalty_tracker = keras.metrics.Mean("penalty")
        self.built = True  # its players are

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if x is no data for these players."""
        refuse_misfits(x, self.encoder.input_shape[1:], drawn_range(self.decoder))

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return the reconstruction D(E(x))."""
        return self.decoder(self.encoder(x, training=training), training=training)

    def corrupt(self, x: Any) -> Any:
        """Return what the encoder sees of x while training: here x itself."""
        return x

    def penalty(self, x: Any, z: Any, x_hat: Any) -> Any:
        """Return the regularization term of the loss, averaged over the batch: here none."""
        return 0.0

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend the gradient of reconstruction + penalty on one minibatch."""
        x, target, _ = keras.utils.unpack_x_y_sample_weight(data)

        def loss_fn() -> tuple:
            z = self.encoder(self.corrupt(x), training=True)
            x_hat = self.decoder(z, training=True)
            reconstruction = self.compute_loss(y=target, y_pred=x_hat)
            penalty = self.penalty(x, z, x_hat)
            return reconstruction + penalty, (reconstruction, penalty, x_hat)

        _, parts = descend(loss_fn, self.optimizer, self.trainable_variables)
        return self._log(target, *parts)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate reconstruction + penalty on one minibatch, without corruption."""
        x, target, _ = keras.utils.unpack_x_y_sample_weight(data)
        z = self.encoder(x, training=False)
        x_hat = self.decoder(z, training=False)
        reconstruction = self.compute_loss(y=target, y_pred=x_hat)
        return self._log(target, reconstruction, self.penalty(x, z, x_hat), x_hat)

    def _log(self, target: Any, reconstruction: Any, penalty: Any, x_hat: Any) -> dict[str, Any]:
        self.loss_tracker.update_state(reconstruction + penalty)
        self.reconstruction_tracker.update_state(reconstruction)
        self.penalty_tracker.update_state(penalty)
        return self.compute_metrics(None, target, x_hat)


def slide_callbacks() -> list[keras.callbacks.Callback]:
    """Return the slides' callbacks for `fit` (AN2DL, "Training Autoencoders").

    Both watch the loss on the validation images: training stops once it has not fallen for 10
    epochs and the best weights come back; after 5 the learning rate is halved, down to 1e-5.
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

    The learning rate falls to zero along half a cosine: the same number of epochs ends at a lower
    error than the slides' steps on a plateau, which need to see each plateau first.

    Args:
        autoencoder: any of this package; it is compiled here.
        x_train, x_val: images (n, *image).
        epochs: passes over x_train.
        batch_size: images a step.
        learning_rate: of Adam, at its highest.
        loss: l(x, x_hat).
        verbose: as in `fit`.

    Returns:
        The history of `fit`; it holds mse and val_mse, the mean squared error a pixel.

    Raises:
        ValueError: if the images do not fit the network, or hold NaN.
    """
    for images, name in ((x_train, "x_train"), (x_val, "x_val")):
        encoder, decoder = (autoencoder.get_layer(player) for player in ("encoder", "decoder"))
        refuse_misfits(images, encoder.input_shape[1:], drawn_range(decoder), name)
    steps = epochs * math.ceil(len(x_train) / batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 20, warmup_target=learning_rate, warmup_steps=steps // 20
    )
    autoencoder.compile(keras.optimizers.Adam(schedule), loss=loss, metrics=["mse", "mae"])
    return autoencoder.fit(
        x_train,
        x_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, x_val),
        verbose=verbose,
    )
