"""The base of all systems: what `fit` checks, how it stops, what is logged and what is saved.

`fit` checks the data before the first step and says in one sentence what is wrong with it. If a
loss becomes NaN, training ends and the last good weights come back. Ctrl-C (in a notebook:
interrupt the kernel) ends a training as if that had been its last epoch.
"""

from typing import Any

from ankeras.training.autodiff import Model, devices_sharing_a_batch

import keras
import numpy as np

SNAPSHOT_STEPS = 100  # steps between two copies of the weights


class System(Model):
    """A model with its own training step.

    A subclass says once what it consists of, and overrides `train_step`, `test_step` and
    `check_data`. Its constructor keeps each network and each option under the name of its
    argument.

    Attributes:
        networks: the arguments of the constructor that are models.
        options: the other arguments of the constructor that are saved.
        logged: the names of the figures that a step logs.
        players: name of a logged loss -> the player that descends it, in the order of the step.
    """

    networks: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    logged: tuple[str, ...] = ("loss",)
    players: dict[str, str] = {"loss": "model"}  # noqa: RUF012 - nobody changes it

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.trackers = {name: keras.metrics.Mean(name) for name in self.logged}
        self.built = True  # its networks are built

    def log(self, **values: Any) -> dict[str, Any]:
        """Add the figures of a step to their averages, and return the averages of the epoch."""
        for name, value in values.items():
            self.trackers[name].update_state(value)
        return {name: self.trackers[name].result() for name in values}

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
            batch_size: images per step. Default: 32.
            callbacks: a list of Keras callbacks.
            **options: the further arguments of `keras.Model.fit`.

        Returns:
            The history. After Ctrl-C it holds the epochs that were completed.

        Raises:
            ValueError: if the data does not fit the system, its batches do not fit the devices
                that share them, or a network returns 16 bits; the sentence says why.
            FloatingPointError: if a loss became NaN or infinite; the model then holds the last
                good weights.
        """
        self._check_last_layers()
        if isinstance(x, np.ndarray):
            if (batch_size or 32) > len(x):
                raise ValueError(
                    f"A batch of {batch_size or 32} is larger than the data: {len(x)} images."
                )
            self.check_data(x, y)
            held_out = int(len(x) * options.get("validation_split", 0.0))
            self._check_batches(len(x) - held_out, batch_size or 32)
        validation = options.get("validation_data")
        if isinstance(validation, tuple) and isinstance(validation[0], np.ndarray):
            self.check_data(validation[0], validation[1] if len(validation) > 1 else None)
            size = options.get("validation_batch_size") or batch_size or 32
            self._check_batches(len(validation[0]), size)
        self._build_optimizer()
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

    def _build_optimizer(self) -> None:
        """Make the optimizer's variables before TensorFlow traces the first step.

        TensorFlow traces a step twice if the first trace makes variables: a small VAE then needs
        2.8 s of processor time for its first epoch instead of 1.1 s. On other backends Keras makes
        these variables early by itself.
        """
        optimizer = getattr(self, "optimizer", None)
        networks = [getattr(self, name) for name in self.networks]
        known = networks and all(network.built for network in networks)
        if keras.backend.backend() == "tensorflow" and known and optimizer and not optimizer.built:
            with self.distribute_strategy.scope():
                optimizer.build(self.trainable_variables)

    def _check_last_layers(self) -> None:
        for name in self.networks:
            for output in getattr(getattr(self, name), "outputs", None) or []:
                if output.dtype in ("bfloat16", "float16"):
                    raise ValueError(
                        f"The {name} returns {output.dtype}. That has too few digits for a loss: "
                        f'build its last layer with dtype="float32".'
                    )

    def _check_batches(self, n_images: int, batch_size: int) -> None:
        n = devices_sharing_a_batch(self)
        if n == 1:
            return
        if batch_size % n:
            raise ValueError(f"A batch of {batch_size} can't be split evenly among {n} devices.")
        if left := n_images % batch_size:
            # TensorFlow fills the part of one device after another: some would get no image
            raise ValueError(
                f"The last batch of {n_images} images has {left} images instead of {batch_size}. "
                f"Some of the {n} devices would get fewer images, or none: give a multiple of "
                f"{batch_size} images, such as the first {n_images - left}."
            )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        networks = {
            name: keras.saving.serialize_keras_object(getattr(self, name)) for name in self.networks
        }
        options = {name: getattr(self, name) for name in self.options}
        return {**super().get_config(), **networks, **options}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "System":
        """Build the model that `get_config` described."""
        arguments = {
            name: keras.saving.deserialize_keras_object(value) if name in cls.networks else value
            for name, value in config.items()
        }
        return cls(**arguments)


class _LossGuard(keras.callbacks.Callback):
    """Watches the losses and keeps a copy of the last good weights."""

    async_safe = True  # a step need not wait for it

    def __init__(self, players: dict[str, str]) -> None:
        super().__init__()
        self.players = players
        # (epoch, step, number of the player, loss). Keras may call back from several threads, so a
        # later step may come before the first bad one
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
    """Return all variables that a training step may change."""
    return [*model.variables, *model.optimizer.variables]
