"""Callbacks for the training of generative models, in a notebook and in a terminal."""

from collections.abc import Callable
from pathlib import Path

from ankeras import plots
from ankeras.animation import save_gif

import IPython
import keras
import numpy as np
from keras import ops


class SampleGrid(keras.callbacks.Callback):
    """Draws the same samples after every epoch: the training is seen at work.

    In a notebook the picture below the progress bar is replaced every epoch; in a terminal the
    pictures go to a folder.

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

    def _figure(self, i: int) -> plots.Figure:
        return plots.image_grid(self.frames[i], title=f"epoch {i}")


class WeightAverage(keras.callbacks.Callback):
    """Gives the generator the moving average of its weights when the training ends.

    The players of a GAN circle around their equilibrium; the average stands closer to it.
    Source: Yazici et al., "The unusual effectiveness of averaging in GAN training" (ICLR 2019).

    Args:
        momentum: weight of the past, a step; grows to this value, so that the first bad weights
            are soon forgotten.
    """

    EVERY = 5  # steps between two updates: one each step would cost more and change little

    def __init__(self, momentum: float = 0.995) -> None:
        super().__init__()
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum lies in [0, 1), {momentum} does not.")
        self.momentum = momentum
        self.updates = 0
        self.average: list = []

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Update the average."""
        if batch % self.EVERY:
            return
        values = [ops.copy(variable.value) for variable in self.model.generator.weights]
        momentum = min(self.momentum**self.EVERY, (1 + self.updates) / (10 + self.updates))
        if not self.average:
            self.average = values
        self.average = [
            momentum * old + (1 - momentum) * new
            for old, new in zip(self.average, values, strict=True)
        ]
        self.updates += 1

    def on_train_end(self, logs: dict | None = None) -> None:
        """Put the average in the generator's place."""
        for variable, value in zip(self.model.generator.weights, self.average, strict=True):
            variable.assign(value)


def _in_notebook() -> bool:
    shell = IPython.get_ipython()
    return shell is not None and "IPKernelApp" in shell.config
