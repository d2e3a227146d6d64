"""What can be read inside a classifier: the output of each layer, and the scores of the classes.

It works for the ImageNet classifiers, for the digit classifier and the face readers of this
package, and for any Keras model of one image. Models inside a model are replaced by their layers.

The scores are what the softmax is computed from. A probability near 1 hardly changes with the
image, a score does: all gradients here are gradients of scores.
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

SCORES = "scores"  # the name under which each classifier's scores can be read
LARGEST_SIDE = 1024  # pixels: the gradients of a larger image may not fit into the memory


class _Graph(NamedTuple):
    """The inside of a network: the image, and each layer, its input and its output by its name."""

    image: Any
    layers: dict[str, Any]
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class _Renamed(layers.Layer):
    """A layer under another name: two models inside a model may use the same name."""

    def __init__(self, layer: Any, name: str) -> None:
        super().__init__(name=name)
        self.layer = layer

    def call(self, *x: Any) -> Any:
        return self.layer(*x)


class _Scores(layers.Layer):
    """What a dense layer computes before its activation."""

    def __init__(self, dense: keras.layers.Dense) -> None:
        super().__init__(dtype="float32", name=f"scores_of_{dense.name}")
        self.dense = dense

    def call(self, x: Any) -> Any:
        scores = ops.matmul(x, ops.convert_to_tensor(self.dense.kernel))
        return scores if self.dense.bias is None else scores + self.dense.bias


@functools.lru_cache(maxsize=16)
def _graph(network: keras.Model) -> _Graph:
    graph = _Graph(layers.Input(network.input_shape[1:]), {}, {}, {})

    def run(layer: Any, *x: Any, **options: Any) -> Any:
        """Apply a layer, or each layer of a model; the layers themselves are shared."""
        if isinstance(layer, keras.Sequential):
            y = x[0]
            for inner in layer.layers:
                y = run(inner, y)
            return y
        if isinstance(layer, keras.Model):
            return layer._run_through_graph(x[0], call_fn=run)
        name, number = layer.name, 1
        while name in graph.layers:
            number += 1
            name = f"{layer.name}_{number}"
        applied = layer if number == 1 else _Renamed(layer, name)
        graph.layers[name] = layer
        graph.inputs[name] = x[0]
        graph.outputs[name] = applied(*x, **({} if number > 1 else options))
        return graph.outputs[name]

    run(network, graph.image)
    return graph


def layer_names(network: keras.Model) -> tuple[str, ...]:
    """Return the names of all layers whose output can be read, from the image to the classes."""
    return tuple(_graph(network).outputs)


def layer_shapes(network: keras.Model) -> dict[str, tuple]:
    """Return the shape of each layer's output by its name; None is any number."""
    return {name: tuple(output.shape) for name, output in _graph(network).outputs.items()}


def read_layers(network: keras.Model, names: Sequence[str]) -> keras.Model:
    """Return a model that computes the outputs of several layers.

    Args:
        network: a model of one image.
        names: names of `layer_names(network)`, or "scores": what the classes' probabilities are
            computed from. For a network with several outputs, "scores of NAME" are those of the
            output layer NAME.

    Returns:
        (batch, *image) -> a list with one output per name.

    Raises:
        ValueError: if there is no such layer; the sentence lists those that there are.
    """
    graph = _graph(network)
    return keras.Model(graph.image, [_output(graph, name, network) for name in names])


def read_layer(network: keras.Model, name: str) -> keras.Model:
    """Return the model (batch, *image) -> output of one layer; see `read_layers`."""
    graph = _graph(network)
    return keras.Model(graph.image, _output(graph, name, network))


def read_scores(network: keras.Model) -> keras.Model:
    """Return the model (batch, *image) -> (batch, n_classes) scores of a classifier."""
    return read_layer(network, SCORES)


def after_layer(network: keras.Model, name: str) -> keras.Model:
    """Return the model from the output of a layer to the scores.

    Raises:
        ValueError: if there is no such layer, or the scores depend on the image by a way around it.
    """
    graph = _graph(network)
    start, scores = _output(graph, name, network), _output(graph, SCORES, network)
    try:
        return keras.Model(start, scores)
    except ValueError as error:
        raise ValueError(
            f"The scores do not depend on the layer {name!r} alone: another connection leads "
            f"around it. Take the layer where both meet."
        ) from error


def _output(graph: _Graph, name: str, network: keras.Model) -> Any:
    """Return the output of a layer, or the scores."""
    if name in graph.outputs:
        return graph.outputs[name]
    last = name.removeprefix("scores of ") if name.startswith("scores of ") else None
    if name == SCORES:
        if len(network.outputs) > 1:
            raise ValueError(
                f"This network has several outputs: {', '.join(network.output_names)}. Give the "
                f'name of one, such as "scores of {network.output_names[0]}".'
            )
        last = tuple(graph.outputs)[-1]
    if last not in graph.outputs:
        raise ValueError(f"There is no layer {name!r}; there are {', '.join(graph.outputs)}.")
    layer = graph.layers[last]
    activation = getattr(layer, "activation", None)
    if isinstance(layer, layers.Softmax) or (
        isinstance(layer, layers.Activation) and activation is keras.activations.softmax
    ):
        return graph.inputs[last]
    if isinstance(layer, layers.Dense) and activation is keras.activations.softmax:
        return _Scores(layer)(graph.inputs[last])
    return graph.outputs[last]


def check_photos(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return images in float32 if a network can read them.

    Args:
        network: a model of one image.
        images: (n, height, width, c).

    Raises:
        ValueError: if the images have another shape, values outside of [0, 1], or are too large.
    """
    images = np.asarray(images)
    wanted = network.input_shape[1:]
    if images.ndim != 4 or images.size == 0:
        raise ValueError(f"Images are an array (n, height, width, c), not one of {images.shape}.")
    if images.shape[3] == 1 and wanted[2] == 3:
        raise ValueError(
            "This network reads images in colour: repeat the grey channel three times, such as "
            "np.repeat(images, 3, axis=-1)."
        )
    given = images.shape[1:]
    if any(w not in (None, g) for w, g in zip(wanted, given, strict=True)):
        sides = "x".join("any" if w is None else str(w) for w in wanted)
        raise ValueError(f"This network reads images of {sides}, not {given}.")
    if max(given[:2]) > LARGEST_SIDE:
        raise ValueError(
            f"An image of {given[0]}x{given[1]} is too large: its sides may have up to "
            f"{LARGEST_SIDE} pixels. `data.photos.photo(file, size)` makes it smaller."
        )
    if not (images.min() >= 0 and images.max() <= 1):  # false for NaN too
        raise ValueError(
            f"Images have values in [0, 1], not [{images.min():.9g}, {images.max():.9g}]."
        )
    return images.astype("float32")


def check_classes(network: keras.Model, classes: Any, n: int) -> np.ndarray:
    """Return one class per image: an integer, or (n,) integers, as an array (n,).

    Raises:
        ValueError: if a class does not exist, or there is not one per image.
    """
    found = np.asarray(classes)
    number = read_scores(network).output_shape[-1]
    if found.dtype.kind not in "iu" or found.ndim > 1 or (found.ndim == 1 and len(found) != n):
        raise ValueError(f"Give one class, or one for each of {n} images, as integers.")
    if found.min() < 0 or found.max() >= number:
        raise ValueError(f"The classes are 0 to {number - 1}, not {found.max()}.")
    return np.broadcast_to(found, (n,)).astype("int32")
