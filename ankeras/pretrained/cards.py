"""The cards of the pretrained models: what each one is, how it was trained, how good it is.

A model is a folder in `models/` with four files:

    card.json       the card
    network.json    the configuration that Keras builds the model from
    weights.npz     its weights in 16 bits, in the order of `model.weights`
    picture.png     what it draws
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Card:
    """What is known of a pretrained model.

    Attributes:
        name: such as "faces-vae".
        title: what the model is, one line.
        data: what it was trained on.
        parameters: number of its weights.
        training: seed, epochs, batch size, seconds, machine and packages.
        figures: name of the figure -> its value and the baselines to compare it with, by name.
            The value itself is called "value".
        files: name of each file -> the SHA-256 hash of its content.
    """

    name: str
    title: str
    data: str
    parameters: int
    training: dict[str, Any]
    figures: dict[str, dict[str, float]]
    files: dict[str, str]

    def __str__(self) -> str:
        """Return the card as text, one figure per line."""
        trained = self.training
        lines = [
            f"{self.name}: {self.title}",
            f"  trained on {self.data}",
            f"  {self.parameters:,} weights, {trained['epochs']} epochs, "
            f"{_duration(trained['seconds'])} on {trained['machine']}",
        ]
        for figure, values in self.figures.items():
            others = [f"{name} {x:.4g}" for name, x in values.items() if name != "value"]
            beside = f" ({', '.join(others)})" if others else ""
            lines.append(f"  {figure}: {values['value']:.4g}{beside}")
        return "\n".join(lines)

    def write(self, folder: Path) -> None:
        """Write the card into a model's folder."""
        text = json.dumps(asdict(self), indent=1)
        (folder / "card.json").write_text(text + "\n", encoding="utf-8")


def names() -> tuple[str, ...]:
    """Return the names of all pretrained models, sorted."""
    return tuple(sorted(file.parent.name for file in MODELS.glob("*/card.json")))


def folder_of(name: str) -> Path:
    """Return the folder of a pretrained model.

    Raises:
        ValueError: if there is no model of this name.
    """
    if name not in names():
        raise ValueError(f"There is no pretrained model {name!r}; there are {', '.join(names())}.")
    return MODELS / name


def card(name: str) -> Card:
    """Return the card of a pretrained model.

    Raises:
        ValueError: if there is no model of this name.
    """
    return Card(**json.loads((folder_of(name) / "card.json").read_text(encoding="utf-8")))


def markdown(chosen: Sequence[str], folder: Path) -> str:
    """Return the cards with their pictures as a page in Markdown, for a file in a folder."""
    parts = []
    for name in chosen:
        picture = os.path.relpath(folder_of(name) / "picture.png", folder)
        title, *lines = str(card(name)).splitlines()
        listed = "\n".join(f"- {line.strip()}" for line in lines)
        parts.append(f"## {title}\n\n{listed}\n\n![{name}]({picture})\n")
    return "# Pretrained models\n\n" + "\n".join(parts)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
