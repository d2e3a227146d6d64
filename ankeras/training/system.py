"""The base of all systems: what `fit` checks, how it stops, what is logged and what is saved.

`fit` checks the data before the first step and says in one sentence what is wrong with it. If a
loss becomes NaN, training ends and the last good weights come back. Ctrl-C (in a notebook:
interrupt the kernel) ends a training as if that had been its last epoch.
"""

import contextlib
from pathlib import Path
from typing import Any

from ankeras.data import Dataset
from ankeras.training.autodiff import Model, devices_sharing_a_batch, weights_kept
from ankeras.training.checks import check_keras_settings, check_weights
from ankeras.training.inputs import Watch, is_array
from ankeras.training.loss_guard import LossGuard

import keras
import numpy as np


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
        target: which target of a `Dataset` it learns from, such as "labels"; "images" if the
            images are their own targets; "" if it learns from images alone.
        weighs_images: whether its loss is a mean over images, in which each may have a weight.
        smallest_batch: the number of images that a batch needs.
    """

    networks: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    logged: tuple[str, ...] = ("loss",)
    players: dict[str, str] = {"loss": "model"}  # noqa: RUF012 - nobody changes it
    target: str = ""
    weighs_images: bool = False

    def __init__(self, **kwargs: Any) -> None:
        check_keras_settings()
        super().__init__(**kwargs)
        self.trackers = {name: keras.metrics.Mean(name) for name in self.logged}
        self.built = True  # its networks are built

    def named_networks(self) -> dict[str, keras.Model]:
        """Return the networks by the names of their arguments, without those that are None."""
        found = {name: getattr(self, name) for name in self.networks}
        return {name: network for name, network in found.items() if network is not None}

    def log(self, **values: Any) -> dict[str, Any]:
        """Add the figures of a step to their averages, and return the averages of the epoch."""
        for name, value in values.items():
            self.trackers[name].update_state(value)
        return {name: self.trackers[name].result() for name in values}

    @property
    def smallest_batch(self) -> int:
        """The number of images that each batch needs: here 1."""
        return 1

    def layer_losses(self, *networks: keras.Model) -> Any:
        """Return the sum of what layers add to the loss, such as their regularizers: a scalar.

        Args:
            networks: those whose layers count. Default: all.
        """
        return sum(loss for network in networks or (self,) for loss in network.losses)

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system cannot be trained on x (and y)."""
        raise NotImplementedError

    def check_players(self) -> None:
        """Raise a ValueError if a player has no weights to train."""
        if not self.trainable_variables:
            raise ValueError("No weight of this model can be trained: set trainable = True.")

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | None = None,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        **options: Any,
    ) -> keras.callbacks.History:
        """Train as `keras.Model.fit` does, with all its options.

        Args:
            x: images: an array or tensor, a `Dataset`, or batches of images in any form that
                Keras reads (`tf.data.Dataset`, `PyDataset`, generator, PyTorch `DataLoader`).
                Arrays are checked before the first step; of batches, the first one is checked.
            y: targets or labels, where the system needs them; not beside a `Dataset` or batches.
            batch_size: images per step. Default: 32.
            callbacks: a Keras callback, or a list of them.
            validation_data: a `Dataset`, images, (images, targets), or batches.
            class_weight, sample_weight: weights of the classes, or of the images, in the loss.
            shuffle: whether the images come in another order in each epoch. Default: yes, but
                batches of a generator or a `tf.data.Dataset` come in its own order.
            epochs, verbose, validation_split, **options: as in `keras.Model.fit`.

        Returns:
            The history. After Ctrl-C it holds the epochs that were completed.

        Raises:
            ValueError: if the data does not fit the system, its batches do not fit the devices
                that share them, weights have no meaning for the system, or a network returns 16
                bits; the sentence says why.
            FloatingPointError: if a loss became NaN or infinite; the model then holds the last
                good weights.
        """
        self._check_last_layers()
        self.check_players()
        self._check_class_weight(class_weight, x, y)
        watches = Watch(self._look, self.smallest_batch), Watch(self._look)
        x, y, sample_weight = self._checked(watches[0], x, y, sample_weight)
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"A batch has at least 1 image, not {batch_size}.")
        if is_array(x):
            size = batch_size or 32
            if size > len(x):
                raise ValueError(f"A batch of {size} is larger than the data: {len(x)} images.")
            n_images = len(x) - int(len(x) * validation_split)
            self._check_batches(n_images, size)
            self._check_last_batch(n_images, size)
        if validation_data is not None:
            size = options.get("validation_batch_size") or batch_size or 32
            validation_data = self._checked_validation(watches[1], validation_data, size)
        if shuffle is None:
            shuffle = is_array(x) or isinstance(x, keras.utils.PyDataset)
        self._build_optimizer()
        guard = LossGuard(self.players)
        all_callbacks = [guard, *keras.tree.flatten(callbacks or [])]
        try:
            with weights_kept(self):
                super().fit(
                    x,
                    y,
                    batch_size=batch_size,
                    epochs=epochs,
                    verbose=verbose,
                    callbacks=all_callbacks,
                    validation_split=validation_split,
                    validation_data=validation_data,
                    shuffle=shuffle,
                    class_weight=class_weight,
                    sample_weight=sample_weight,
                    **options,
                )
        except KeyboardInterrupt:
            if not guard.begun:
                raise
            print(f"\nStopped by hand after {len(self.history.epoch)} whole epochs.")
            self._end_training(all_callbacks)
        except Exception:
            for watch in watches:
                watch.tell()
            if not guard.finds_bad_weights():
                raise
        if guard.failures:
            guard.restore()
            raise FloatingPointError(guard.sentence())
        return self.history

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        **options: Any,
    ) -> Any:
        """Evaluate as `keras.Model.evaluate` does; the data is checked as in `fit`.

        Raises:
            ValueError: if the data does not fit the system; the sentence says why.
        """
        if "_use_cached_eval_dataset" in options:  # `fit` evaluates, and has checked the data
            return super().evaluate(x, y, batch_size, verbose, sample_weight, **options)
        watch = Watch(self._look)
        x, y, sample_weight = self._checked(watch, x, y, sample_weight)
        try:
            with weights_kept(self):
                return super().evaluate(x, y, batch_size, verbose, sample_weight, **options)
        except Exception:
            watch.tell()
            raise

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Take one step as `keras.Model.train_on_batch` does; the batch is checked as in `fit`.

        Raises:
            ValueError: if the batch does not fit the system; the sentence says why.
        """
        self._check_class_weight(class_weight, x, y)
        watch = Watch(self._look, self.smallest_batch)
        x, y, sample_weight = watch.tensors(x, y, sample_weight)
        return super().train_on_batch(x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Evaluate one batch as `keras.Model.test_on_batch` does; it is checked as in `fit`.

        Raises:
            ValueError: if the batch does not fit the system; the sentence says why.
        """
        x, y, sample_weight = Watch(self._look).tensors(x, y, sample_weight)
        return super().test_on_batch(x, y, sample_weight, return_dict)

    def _look(self, x: np.ndarray, y: np.ndarray | None, weights: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't learn from images, targets and weights."""
        if len(x) == 0:
            raise ValueError("x holds no image.")
        if weights is not None:
            if not self.weighs_images:
                raise ValueError(self._no_weights())
            check_weights(weights, len(x))
        self.check_data(x, y)

    def _check_class_weight(
        self, class_weight: dict[int, float] | None, x: Any, y: Any = None
    ) -> None:
        if class_weight is None:
            return
        if not self.weighs_images:
            raise ValueError(self._no_weights())
        # a system that learns from images alone ignores labels, but they may choose the weights
        may_hold_labels = y is not None or not (is_array(x) or isinstance(x, Dataset))
        if self.target != "labels" and (self.target or not may_hold_labels):
            targets = f"the targets are {self.target}" if self.target else "there are no targets"
            raise ValueError(
                f"class_weight needs labels, but here {targets}: give each image its weight by "
                f"sample_weight."
            )

    def _no_weights(self) -> str:
        return (
            f"In {type(self).__name__} single images have no weights. To give some images more "
            f"influence, show them more often, such as "
            f"x[rng.choice(len(x), len(x), p=weights / weights.sum())]."
        )

    def _checked(self, watch: Watch, x: Any, y: Any, weights: Any) -> tuple[Any, Any, Any]:
        """Return what Keras is to be given: of a `Dataset`, what the system learns from."""
        if isinstance(x, Dataset):
            y = x.images if self.target == "images" else x.targets.get(self.target)
            x = x.images
        x, y, weights = watch.checked(x, y, weights)
        if y is None and weights is not None and is_array(x):
            y = np.zeros(len(x), "float32")  # Keras passes on no weights without targets
        return x, y, weights

    def _checked_validation(self, watch: Watch, data: Any, batch_size: int) -> Any:
        """Return validation data as Keras is to be given it."""
        if isinstance(data, list | tuple) and len(data) > 3:
            raise ValueError(
                f"validation_data is a {type(data).__name__} of {len(data)}: give the images as "
                f"one array, or (images, targets)."
            )
        parts = self._checked(watch, *keras.utils.unpack_x_y_sample_weight(data))
        if is_array(parts[0]):
            self._check_batches(len(parts[0]), batch_size)
        return keras.utils.pack_x_y_sample_weight(*parts)

    def _end_training(self, callbacks: list[keras.callbacks.Callback]) -> None:
        """Do what Keras does after the last epoch, when Ctrl-C has ended the training."""
        self.optimizer.finalize_variable_values(self.trainable_variables)
        for callback in callbacks:
            # This one would delete what it has kept for the next start.
            if not isinstance(callback, keras.callbacks.BackupAndRestore):
                callback.on_train_end()

    def _build_optimizer(self) -> None:
        """Make the optimizer's variables before the first step.

        TensorFlow traces a step twice if the first trace makes variables: a small VAE then needs
        2.8 s of processor time for its first epoch instead of 1.1 s.
        """
        optimizer = getattr(self, "optimizer", None)
        if optimizer is None or optimizer.built:
            return
        on_tensorflow = keras.backend.backend() == "tensorflow"
        scope = self.distribute_strategy.scope() if on_tensorflow else contextlib.nullcontext()
        with scope:
            optimizer.build(self.trainable_variables)

    def _check_last_layers(self) -> None:
        for name, network in self.named_networks().items():
            for output in getattr(network, "outputs", None) or []:
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

    def _check_last_batch(self, n_images: int, batch_size: int) -> None:
        left = n_images % batch_size or batch_size
        if left < self.smallest_batch:
            raise ValueError(
                f"The last batch of {n_images} images has {left} images, but each batch needs at "
                f"least {self.smallest_batch}: give the first {n_images - left} images, or another "
                f"batch_size."
            )

    def save(self, filepath: str | Path, *arguments: Any, **options: Any) -> None:
        """Save the model as `keras.Model.save` does, to a file that ends in ".keras".

        Raises:
            ValueError: for the older format HDF5, which can't be read back.
        """
        if str(filepath).endswith((".h5", ".hdf5")):
            raise ValueError(
                f"{filepath}: HDF5 can't hold a model with its own training step. Save it to a "
                f'file that ends in ".keras".'
            )
        self._build_optimizer()  # `load_model` builds it, and warns if the file has no state of it
        super().save(filepath, *arguments, **options)

    @property
    def input(self) -> dict[str, Any]:
        """The inputs of each player, by its name; `keras.utils.plot_model` shows their shapes."""
        return {layer.name: layer.input for layer in self.layers if isinstance(layer, keras.Model)}

    @property
    def output(self) -> dict[str, Any]:
        """The outputs of each player, by its name; `keras.utils.plot_model` shows their shapes."""
        return {layer.name: layer.output for layer in self.layers if isinstance(layer, keras.Model)}

    @property
    def call_inputs(self) -> list[keras.KerasTensor]:
        """What `call` reads: the inputs of the first network."""
        return getattr(self, self.networks[0]).inputs

    def export(
        self,
        filepath: str | Path,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **options: Any,
    ) -> None:
        """Export what `call` computes, as `keras.Model.export` does, also before the first call.

        Args:
            filepath, format, verbose, **options: as in `keras.Model.export`.
            input_signature: shapes and types of the inputs. Default: those of `call_inputs`.
        """
        if input_signature is None:
            specs = [keras.InputSpec(x.dtype, x.shape) for x in self.call_inputs]
            input_signature = [specs if len(specs) > 1 else specs[0]]
        super().export(filepath, format, verbose, input_signature, **options)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        networks = {
            name: keras.saving.serialize_keras_object(getattr(self, name)) for name in self.networks
        }
        options = {name: _plain(getattr(self, name)) for name in self.options}
        return {**super().get_config(), **networks, **options}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile a model that was loaded, with the variables of its optimizer."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "System":
        """Build the model that `get_config` described."""
        arguments = {
            name: keras.saving.deserialize_keras_object(value) if name in cls.networks else value
            for name, value in config.items()
        }
        return cls(**arguments)


def _plain(value: Any) -> Any:
    """Return a number of NumPy as one of Python, which can be written to a file."""
    return value.item() if isinstance(value, np.generic) else value
