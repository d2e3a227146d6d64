"""Callbacks for the training of generative models, in a notebook and in a terminal."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ankeras import pictures
from ankeras.pictures import save_gif
from ankeras.training.loss_guard import state_of

import IPython
import keras
import numpy as np
from keras import ops


class SampleGrid(keras.callbacks.Callback):
    """Draws the same samples after every epoch, so that one sees the training work.

    In a notebook, the picture below the progress bar is replaced after every epoch. In a terminal,
    the pictures are written to a folder.

    Args:
        draw: returns images (n, height, width, c) or (rows, columns, height, width, c) in [0, 1],
            always for the same z, such as `lambda: gan.generate(36, seed=1)`.
        folder: where "epoch-001.png" and so on are written. Default: nowhere.

    Attributes:
        frames: what was drawn, before the training and after each epoch.
    """

    def __init__(self, draw: Callable[[], np.ndarray], folder: str | Path | None = None) -> None:
        super().__init__()
        self.draw = draw
        self.folder = None if folder is None else Path(folder)
        self.frames: list[np.ndarray] = []
        self.display = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Draw the samples of the untrained model."""
        if not self.frames:  # not when a training is resumed
            self._add_frame()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Draw the samples and show or write them."""
        self._add_frame()
        if self.folder is None and not _in_notebook():
            return
        figure = self._figure(len(self.frames) - 1)
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(self.folder / f"epoch-{len(self.frames) - 1:03}.png")
        if not _in_notebook():
            return
        if self.display is None:
            self.display = IPython.display.display(figure, display_id=True)
        else:
            self.display.update(figure)

    def save_gif(self, file: str | Path, seconds: float = 0.4) -> None:
        """Write all frames to an animation.

        Args:
            file: its name, ending in ".gif".
            seconds: how long each frame is shown.
        """
        save_gif((self._figure(i) for i in range(len(self.frames))), file, seconds=seconds)

    def _add_frame(self) -> None:
        self.model  # noqa: B018 - on JAX this brings the weights of the running training up to date
        self.frames.append(self.draw())

    def _figure(self, i: int) -> pictures.Figure:
        return pictures.image_grid(self.frames[i], title=f"epoch {i}")


class WeightAverage(keras.callbacks.Callback):
    """Gives a network the moving average of its weights when the training ends.

    The weights of a GAN's players circle around their equilibrium; their average is closer to it.
    Source: Yazici et al., "The unusual effectiveness of averaging in GAN training" (ICLR 2019). The
    average also removes the noise of a diffusion model's gradients (Ho et al. 2020, appendix B).

    Args:
        momentum: weight of the old average per step. It starts smaller and grows to this value,
            so that the first bad weights soon lose their influence.
        network: name of the network: "generator" of a GAN, "network" of a diffusion model.
    """

    EVERY = 5  # steps between two updates: an update in each step would cost more and change little

    def __init__(self, momentum: float = 0.995, network: str = "generator") -> None:
        super().__init__()
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum lies in [0, 1), {momentum} does not.")
        self.momentum = momentum
        self.network = network
        self.updates = 0
        self.average: list = []

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Update the average before a step: after a step, Keras would wait for the GPU's logs.

        The weights before the first step of an epoch are in the average already.
        """
        if batch and batch % self.EVERY == 0:
            self._update()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Update the average with the weights at the end of the epoch."""
        self._update()

    def _update(self) -> None:
        weights = getattr(self.model, self.network).weights
        values = [ops.stop_gradient(ops.copy(weight.value)) for weight in weights]
        momentum = min(self.momentum**self.EVERY, (1 + self.updates) / (10 + self.updates))
        if not self.average:
            self.average = values
        self.average = [
            momentum * old + (1 - momentum) * new
            for old, new in zip(self.average, values, strict=True)
        ]
        self.updates += 1

    def on_train_end(self, logs: dict | None = None) -> None:
        """Give the network the average of its weights, if a step was taken."""
        if not self.average:
            return
        weights = getattr(self.model, self.network).weights
        for variable, value in zip(weights, self.average, strict=True):
            variable.assign(value)


class Resume(keras.callbacks.Callback):
    """Continues a training that was killed, after its last whole epoch.

    Start the same program with the same folder. `fit(epochs=n)` then trains the epochs up to n
    that are missing, and returns the history of all epochs. Weights, optimizers, noise, history
    and average are those after the last whole epoch. `fit` shuffles the images in another order
    than without the interruption; with `shuffle=False` the result is the same as without it.

    After each epoch a new file replaces the old one in a single operation. So a training may be
    killed at any moment, also while the file is written. An epoch that ended with NaN is not kept.
    (`keras.callbacks.BackupAndRestore` writes two files in place, one after the other, and keeps
    neither the history nor the state of the noise.)

    Args:
        folder: where "training.npz" is kept, one folder per training. Workers on several hosts
            need one folder that all of them can read and write.
        average: the `WeightAverage` of the same `fit`, if there is one.
    """

    FILE = "training.npz"

    def __init__(self, folder: str | Path, average: WeightAverage | None = None) -> None:
        super().__init__()
        self.file = Path(folder) / self.FILE
        self.average = average
        self.epochs: list[int] = []
        self.history: dict[str, list[float]] = {}
        self.resumed = False

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Restore the state of the training, if the folder holds one.

        Raises:
            ValueError: if it is the training of another model.
        """
        for unfinished in self.file.parent.glob("unfinished-*"):
            unfinished.unlink(missing_ok=True)
        if not self.file.exists():
            return
        with np.load(self.file) as kept:
            record = json.loads(str(kept["record"]))
            values = [kept[f"value-{i}"] for i in range(record["values"])]
            average = [kept[f"average-{i}"] for i in range(record["averages"])]
        model = self.model
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        state = state_of(model)
        if [tuple(variable.shape) for variable in state] != [value.shape for value in values]:
            raise ValueError(f"{self.file} holds the training of another model.")
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
        if self.average is not None:
            self.average.average = [ops.convert_to_tensor(value) for value in average]
            self.average.updates = record["updates"]
        self.epochs, self.history = record["epochs"], record["history"]
        self.resumed = True
        model._initial_epoch = self.epochs[-1] + 1  # as Keras's own callback does
        print(f"Resumed after epoch {self.epochs[-1] + 1} of {self.file}.")

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Put the epochs before the interruption into Keras's history."""
        self._continue_history()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Replace the file."""
        logs = logs or {}
        arrays = [np.array(variable) for variable in state_of(self.model)]
        if not all(np.isfinite(values).all() for values in [*arrays, *logs.values()]):
            return
        self.epochs.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(float(value))
        averages = [] if self.average is None else map(ops.convert_to_numpy, self.average.average)
        named: dict[str, Any] = {f"value-{i}": array for i, array in enumerate(arrays)}
        named |= {f"average-{i}": array for i, array in enumerate(averages)}
        record = {
            "epochs": self.epochs,
            "history": self.history,
            "values": len(arrays),
            "averages": len(named) - len(arrays),
            "updates": 0 if self.average is None else self.average.updates,
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.file.with_name(f"unfinished-{os.getpid()}")
        with unfinished.open("wb") as file:
            np.savez(file, record=np.array(json.dumps(record)), **named)
        unfinished.replace(self.file)

    def on_train_end(self, logs: dict | None = None) -> None:
        """Put the earlier epochs into Keras's history, if there was no epoch left to train."""
        self._continue_history()

    def _continue_history(self) -> None:
        if not self.resumed:
            return
        self.resumed = False
        model = self.model
        model._initial_epoch = None  # a later `fit` starts from 0 again
        model.history.epoch[:] = self.epochs
        model.history.history = {name: list(values) for name, values in self.history.items()}


def _in_notebook() -> bool:
    shell = IPython.get_ipython()
    return shell is not None and "IPKernelApp" in shell.config
