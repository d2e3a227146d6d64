"""A recipe trains one pretrained model: its data, its network, its training and its figures.

`ankeras pretrain NAME` runs a recipe. A training that was interrupted continues after its last
whole epoch when it is started again.
"""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ankeras.pictures import Figure
from ankeras.pretrained import Card, store
from ankeras.training import devices
from ankeras.training.callbacks import Resume, WeightAverage

import keras

Figures = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Recipe:
    """How one pretrained model is made.

    Attributes:
        name: of the model, such as "faces-vae".
        title: what the model is, one line.
        data: what it is trained on, in words.
        draw: returns the arguments x (and y) of `fit`.
        build: returns the compiled model. Its argument is the number of steps of the training.
        epochs, batch: as in `fit`.
        figures: returns how good the model is: name of the figure -> {"value": ..., and the
            baselines to compare it with, by name}.
        picture: returns what the model draws.
        average: name of the network that gets the moving average of its weights. Default: none.
        keep: returns the part of the trained model that is kept. Default: all of it.
        seed: seed of the training.
    """

    name: str
    title: str
    data: str
    draw: Callable[[], tuple]
    build: Callable[[int], keras.Model]
    epochs: int
    batch: int
    figures: Callable[[keras.Model], Figures]
    picture: Callable[[keras.Model], Figure]
    average: str = ""
    keep: Callable[[keras.Model], keras.Model] = lambda model: model
    seed: int = 0


class Seconds(keras.callbacks.Callback):
    """Logs the seconds of each epoch."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Remember when the epoch began."""
        self.begun = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Add the seconds to the logs, so that `Resume` keeps them."""
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self.begun


def train(
    recipe: Recipe, folder: Path, epochs: int | None = None, verbose: int = 2
) -> tuple[keras.Model, float]:
    """Train the model of a recipe.

    Args:
        recipe: the recipe.
        folder: where the state of the training is kept after each epoch. A training that was
            interrupted continues from there.
        epochs: number of epochs; the learning rate falls within them. Default: the recipe's.
        verbose: as in `fit`.

    Returns:
        The trained model, and the seconds of all epochs.
    """
    devices.setup(recipe.seed)
    arguments = recipe.draw()
    epochs = epochs or recipe.epochs
    model = recipe.build(epochs * (len(arguments[0]) // recipe.batch))
    average = WeightAverage(network=recipe.average) if recipe.average else None
    resume = Resume(folder, average)
    callbacks = [Seconds(), *([average] if average else []), resume]
    model.fit(
        *arguments, batch_size=recipe.batch, epochs=epochs, callbacks=callbacks, verbose=verbose
    )
    return recipe.keep(model), sum(resume.history["seconds"])


def make(recipe: Recipe, out: Path) -> Card:
    """Train the model of a recipe, and write its files and its card into a folder.

    Its figures are those of the model as it is kept, with weights of 16 bits.
    """
    model, seconds = train(recipe, out / "training")
    files = store.write(out, model)
    model = store.read(*((out / name).read_bytes() for name in files))
    packages = ("keras", keras.backend.backend())
    found = devices.find_devices()
    card = Card(
        name=recipe.name,
        title=recipe.title,
        data=recipe.data,
        parameters=model.count_params(),
        training={
            "seed": recipe.seed,
            "epochs": recipe.epochs,
            "batch": recipe.batch,
            "seconds": round(seconds),
            "machine": ", ".join(found.gpus) or _processor(found.cores),
            "precision": found.precision,
            **{package: version(package) for package in packages},
        },
        figures=recipe.figures(model),
        files=files,
    )
    recipe.picture(model).savefig(out / "picture.png")
    card.write(out)
    (out / "training" / Resume.FILE).unlink()
    os.rmdir(out / "training")
    return card


def _processor(cores: int) -> str:
    return f"{cores} core{'s' if cores > 1 else ''} ({platform.machine()})"
