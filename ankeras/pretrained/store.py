"""Pretrained models are written into a folder, and loaded from it on any backend of Keras.

The weights are kept in 16 bits and are loaded as 32 bits. All layers of a loaded model compute in
float32, whatever the precision of its training was.
"""

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

from ankeras.pretrained.cards import card, folder_of

import keras
import numpy as np

LARGEST = float(np.finfo(np.float16).max)


@keras.saving.register_keras_serializable("ankeras")
class ToBeRead(keras.initializers.Initializer):
    """Stands for an initializer while a model is loaded: its weights are read from a file.

    JAX compiles the drawing of random weights for each shape, which takes seconds in all.

    Args:
        initial: the configuration of the initializer that it stands for.
    """

    def __init__(self, initial: dict) -> None:
        self.initial = keras.initializers.get(initial)

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None, **_: Any) -> np.ndarray:
        """Return zeros."""
        return np.zeros(shape, dtype or "float32")


def load(name: str) -> keras.Model:
    """Return a pretrained model, not compiled.

    Each call returns a new model, which may be trained further.

    Args:
        name: one of `pretrained.names()`, such as "faces-vae".

    Raises:
        ValueError: if there is no model of this name, or a file of it is damaged.
    """
    folder = folder_of(name)
    contents = {}
    for file, wanted in card(name).files.items():
        contents[file] = (folder / file).read_bytes() if (folder / file).exists() else b""
        if hashlib.sha256(contents[file]).hexdigest() != wanted:
            raise ValueError(
                f"{folder / file} is damaged or missing: its content has not the hash that the "
                f"model's card states. Install ankeras again."
            )
    return read(contents["network.json"], contents["weights.npz"])


def read(network: bytes, weights: bytes) -> keras.Model:
    """Return the model that the content of network.json and weights.npz describes."""
    model = keras.saving.deserialize_keras_object(_to_be_read(json.loads(network)))
    for layer in model._flatten_layers():
        for name, value in vars(layer).items():
            if isinstance(value, ToBeRead):  # a copy of the layer starts as the recipe's did
                setattr(layer, name, value.initial)
    with np.load(io.BytesIO(weights), allow_pickle=False) as kept:
        values = [kept[f"{i}"].astype("float32") for i in range(len(kept.files))]
    model.set_weights(values)
    return model


def _to_be_read(config: Any) -> Any:
    """Return the configuration of a model: not compiled, `ToBeRead` for each initializer."""
    if isinstance(config, list):
        return [_to_be_read(part) for part in config]
    if not isinstance(config, dict):
        return config
    if config.get("module") == "keras.initializers":
        name = keras.saving.get_registered_name(ToBeRead)
        return {"class_name": "ToBeRead", "registered_name": name, "config": {"initial": config}}
    return {key: _to_be_read(part) for key, part in config.items() if key != "compile_config"}


def write(folder: Path, model: keras.Model) -> dict[str, str]:
    """Write network.json and weights.npz of a model that is built.

    Returns:
        The name of each file, and the SHA-256 hash of its content: `Card.files`.

    Raises:
        ValueError: if a weight is NaN, infinite or too large for 16 bits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = json.dumps(keras.saving.serialize_keras_object(model), indent=1)
    # otherwise a network that was trained under a mixed policy would compute in 16 bits
    config = re.sub(r"mixed_b?float16", "float32", config)
    halves = {}
    for i, (weight, value) in enumerate(zip(model.weights, model.get_weights(), strict=True)):
        if not np.all(np.abs(value) < LARGEST):
            raise ValueError(f"The weight {weight.path} does not fit into 16 bits.")
        halves[f"{i}"] = value.astype("float16")
    (folder / "network.json").write_text(config + "\n", encoding="utf-8")
    np.savez(folder / "weights.npz", **halves)
    written = (folder / "network.json", folder / "weights.npz")
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in written}
