"""The base of the systems: `fit` looks at the data first and stops well; networks are saved.

Data that cannot be learnt from is refused in one sentence before the first step. A loss that
becomes NaN ends the training with the last good weights. Ctrl-C (in a notebook: interrupt the
kernel) ends it as if it had been the last epoch.
"""

from typing import Any

from ankeras.training.autodiff import Model, devices_sharing_a_batch

import keras
import numpy as np

SNAPSHOT_STEPS = 100  # steps between two copies of the weights


class GuardedModel(Model):
    """The base of the systems that train their own way.

    Attributes:
        players: logged loss -> whose loss it is, in the order in which they play in a step.
        networks: the arguments of the constructor that are models, kept under the same names.
    """

    players: dict[str, str] = {"loss": "model"}  # noqa: RUF012 - not changed by anyone
    networks: tuple[str, ...] = ()

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system cannot be trained on x (and y)."""
        raise NotImplementedError

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        batch_size: int | None = None,
        callbacks: Any = None,
        **options: Any,
    ) -> keras.callbacks.History:
        """Train as `keras.Model.fit` does, with all its options.

        Args:
            x: images; arrays are checked before the first step.
            y: targets or labels, where the system needs them.
            batch_size: images a step. Default: 32.
            callbacks: a list of Keras callbacks.
            **options: the further arguments of `keras.Model.fit`.

        Returns:
            The history; after Ctrl-C that of the epochs that were completed.

        Raises:
            ValueError: if the data does not fit the system, its batches do not fit the devices
                that share them, or a network returns 16 bits; the sentence says why.
            FloatingPointError: if a loss became NaN or infinite; the model then holds the last
                good weights.
        """
        self._refuse_half_precision()
        if isinstance(x, np.ndarray):
            if (batch_size or 32) > len(x):
                raise ValueError(
                    f"A batch of {batch_size or 32} is larger than the data: {len(x)} images."
                )
            self.check_data(x, y)
            held_out = int(len(x) * options.get("validation_split", 0.0))
            self._refuse_uneven_batches(len(x) - held_out, batch_size or 32)
        validation = options.get("validation_data")
        if isinstance(validation, tuple) and isinstance(validation[0], np.ndarray):
            self.check_data(validation[0], validation[1] if len(validation) > 1 else None)
            size = options.get("validation_batch_size") or batch_size or 32
            self._refuse_uneven_batches(len(validation[0]), size)
        guard = _LossGuard(self.players)
        try:
            super().fit(
                x, y, batch_size=batch_size, callbacks=[guard, *(callbacks or [])], **options
            )
        except KeyboardInterrupt:
            print(f"\nStopped by hand after {len(self.history.epoch)} whole epochs.")
        if guard.failures:
            guard.restore(self)
            raise FloatingPointError(guard.sentence())
        return self.history

    def _refuse_half_precision(self) -> None:
        for name in self.networks:
            for output in getattr(getattr(self, name), "outputs", None) or []:
                if output.dtype in ("bfloat16", "float16"):
                    raise ValueError(
                        f"The {name} returns {output.dtype}, too few digits for a loss: under a "
                        f'mixed policy a last layer is built with dtype="float32".'
                    )

    def _refuse_uneven_batches(self, n_images: int, batch_size: int) -> None:
        n = devices_sharing_a_batch(self)
        if n == 1:
            return
        if batch_size % n:
            raise ValueError(f"A batch of {batch_size} can't be dealt out evenly to {n} devices.")
        if left := n_images % batch_size:
            # TensorFlow fills one device's part after the other: some would get no image at all
            raise ValueError(
                f"{n_images} images end in a batch of {left} instead of {batch_size}, which would "
                f"leave some of the {n} devices with fewer images, or none: give a multiple of "
                f"{batch_size}, such as the first {n_images - left}."
            )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        networks = {
            name: keras.saving.serialize_keras_object(getattr(self, name)) for name in self.networks
        }
        return {**super().get_config(), **networks}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "GuardedModel":
        """Build the model that `get_config` described."""
        arguments = {
            name: keras.saving.deserialize_keras_object(value) if name in cls.networks else value
            for name, value in config.items()
        }
        return cls(**arguments)


class _LossGuard(keras.callbacks.Callback):
    """Watches the losses and keeps a copy of the last good weights."""

    async_safe = True  # a step needs not wait for it

    def __init__(self, players: dict[str, str]) -> None:
        super().__init__()
        self.players = players
        # (epoch, step, number of the player, loss): where Keras calls back from several threads,
        # a later step may be seen before the first bad one
        self.failures: list[tuple[int, int, int, float]] = []
        self.epoch = 0
        self.kept: tuple[str, list[np.ndarray]] = ("", [])

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        if batch % SNAPSHOT_STEPS == 0 and not self.failures:
            values = [np.array(variable) for variable in state_of(self.model)]
            if all(np.isfinite(value).all() for value in values):
                self.kept = (f"step {batch + 1} of epoch {self.epoch + 1}", values)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        for number, key in enumerate(self.players):
            loss = (logs or {}).get(key, 0.0)
            if not np.isfinite(loss):
                self.failures.append((self.epoch + 1, batch + 1, number, loss))
                self._model.stop_training = True

    def sentence(self) -> str:
        epoch, step, number, loss = min(self.failures)
        player, (when, _) = list(self.players.values())[number], self.kept
        return (
            f"The {player}'s loss became {loss} at step {step} of epoch {epoch}. Training stopped; "
            f"the weights are those before {when}. A smaller learning rate is the first thing to "
            f"try."
        )

    def restore(self, model: keras.Model) -> None:
        _, values = self.kept
        for variable, value in zip(state_of(model), values, strict=True):
            variable.assign(value)


def state_of(model: keras.Model) -> list[keras.Variable]:
    """Return all that a training step may change."""
    return [*model.variables, *model.optimizer.variables]


def refuse_misfits(
    images: np.ndarray,
    expected: tuple[int, ...],
    drawn: tuple[float, float],
    name: str = "x",
) -> None:
    """Raise a ValueError if images are no data for a system.

    Args:
        images: (n, *image).
        expected: the image shape that the system reads.
        drawn: (low, high), the values that the decoder or generator can draw, as `drawn_range`
            tells; images beyond them can't be learnt.
        name: what the images are called in the sentence.
    """
    if images.shape[1:] != expected:
        raise ValueError(
            f"{name} holds images of shape {images.shape[1:]}, but the network reads {expected}."
        )
    if not np.isfinite(images).all():
        raise ValueError(f"{name} holds NaN or infinity.")
    low, high = drawn
    if images.min() < low or images.max() > high:
        raise ValueError(
            f"{name} holds values in [{images.min():g}, {images.max():g}], but the network draws "
            f"values in [{low:g}, {high:g}]."
        )


def refuse_wrong_labels(labels: np.ndarray | None, n_images: int, n_classes: int) -> None:
    """Raise a ValueError unless there is one label in 0 ... n_classes - 1 for each image."""
    if labels is None:
        raise ValueError("This system learns from labelled images: give fit(x, y) the labels y.")
    if labels.shape != (n_images,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"Labels are one integer an image, of shape ({n_images},), not {labels.dtype} of "
            f"shape {labels.shape}."
        )
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(
            f"The labels lie in {labels.min()} ... {labels.max()}, but the system was built for "
            f"{n_classes} classes, 0 ... {n_classes - 1}."
        )


def drawn_range(network: keras.Model) -> tuple[float, float]:
    """Return the lowest and highest value that a decoder or generator draws, by its last layer."""
    last = network.layers[-1]
    if isinstance(last, keras.layers.Rescaling):  # a Tanh rescaled, as in get_generator
        return last.offset - last.scale, last.offset + last.scale
    activation = getattr(last, "activation", keras.activations.linear)
    ranges = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
    return ranges.get(activation.__name__, (-np.inf, np.inf))
