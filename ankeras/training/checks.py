"""Checks of settings, networks and data: each raises a ValueError with one sentence."""

from typing import Any

from ankeras.training.inputs import is_array

import keras
import numpy as np

# what a bounded last layer can return, by the name of its activation
RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "softplus": (0.0, np.inf),
}
ONLY_SHAPES = (keras.layers.Reshape, keras.layers.Flatten, keras.layers.Identity)


def check_keras_settings() -> None:
    """Raise a ValueError if Keras is set to something that no system of this package supports."""
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            'Images have the shape (height, width, channels) here, but Keras is set to "'
            f'{keras.config.image_data_format()}": call '
            'keras.config.set_image_data_format("channels_last") first.'
        )
    variables = keras.config.dtype_policy().variable_dtype
    if keras.config.floatx() != "float32" or variables != "float32":
        raise ValueError(
            f"Weights are float32 here, but Keras is set to {keras.config.floatx()} (floatx) and "
            f'{variables} (dtype policy): call keras.config.set_floatx("float32") and '
            'keras.config.set_dtype_policy("float32"); for 16 bits take "mixed_bfloat16".'
        )


def check_shapes_known(network: Any, name: str) -> None:
    """Raise a ValueError unless a network is a Keras model with known inputs and outputs."""
    if not getattr(network, "inputs", None):
        raise ValueError(
            f"The shapes of the {name} are not known: build it as keras.Model(inputs, outputs), or "
            f"as a keras.Sequential that begins with keras.Input. It is a {type(network).__name__}."
        )


def check_scores(discriminator: keras.Model) -> None:
    """Raise a ValueError if the scores of a discriminator are bounded, such as by a sigmoid."""
    low, high = drawn_range(discriminator)
    if (low, high) != (-np.inf, np.inf):
        raise ValueError(
            f"The discriminator returns values in [{low:g}, {high:g}], but its scores must be able "
            f"to take any value (for a GAN they are logits): leave out the activation of its last "
            f"layer."
        )


def check_images(
    images: np.ndarray,
    expected: tuple[int, ...],
    drawn: tuple[float, float],
    name: str = "x",
) -> None:
    """Raise a ValueError if a system can't read these images.

    Args:
        images: (n, *image), n >= 1.
        expected: the image shape that the system reads; None for a side that is open.
        drawn: (low, high), the range of values that the decoder or generator can draw, as
            `drawn_range` returns it. A system can't learn to draw other values.
        name: what the images are called in the sentence.
    """
    if not is_array(images):
        raise ValueError(
            f"{name} is a {type(images).__name__}: give the images as one array, such as "
            f"np.stack(images)."
        )
    given = images.shape[1:]
    fits = (size in (None, found) for size, found in zip(expected, given, strict=False))
    if len(given) != len(expected) or not all(fits):
        raise ValueError(
            f"{name} holds images of shape {images.shape[1:]}, but the network reads {expected}."
        )
    if len(images) == 0:
        raise ValueError(f"{name} holds no image.")
    if not _holds_floats(images):
        raise ValueError(f"{name} holds {images.dtype} values: give float32 images.")
    if not np.isfinite(images).all():
        raise ValueError(f"{name} holds NaN or infinity.")
    low, high = drawn
    if images.min() < low or images.max() > high:
        raise ValueError(
            f"{name} holds values in [{images.min():.9g}, {images.max():.9g}], but the network "
            f"draws values in [{low:g}, {high:g}]."
        )


def check_floats(images: Any) -> None:
    """Raise a ValueError unless images are an array of floats, whose values can lie in [0, 1]."""
    if not is_array(images) or not _holds_floats(images):
        found = f"{images.dtype} values" if is_array(images) else f"a {type(images).__name__}"
        raise ValueError(
            f"Give the images as one array of floats in [0, 1], such as images / 255, not {found}."
        )


def _holds_floats(images: Any) -> bool:
    return np.issubdtype(images.dtype, np.floating) or images.dtype.name == "bfloat16"


def check_target_images(
    y: np.ndarray | None,
    n_images: int,
    expected: tuple[int, ...],
    drawn: tuple[float, float],
    unpaired: str,
) -> None:
    """Raise a ValueError unless there is one target image y for each image.

    Args:
        y: (n, *image), or None.
        n_images: the number of images.
        expected, drawn: as in `check_images`.
        unpaired: the sentence if the numbers differ, with {n} and {given}.
    """
    if y is None or np.ndim(y) != 4 or len(y) != n_images:
        given = "none" if y is None else f"an array of shape {np.shape(y)}"
        raise ValueError(unpaired.format(n=n_images, given=given))
    check_images(y, expected, drawn, "y")


def check_read(images: Any, network: keras.Model, name: str = "images") -> None:
    """Raise a ValueError unless images (n, *image) in [0, 1] can be read by a network."""
    check_images(images, network.input_shape[1:], (0.0, 1.0), name)


def check_labels(labels: np.ndarray | None, n_images: int, n_classes: int) -> None:
    """Raise a ValueError unless there is one label in 0 ... n_classes - 1 for each image.

    Args:
        labels: (n_images,), integers.
        n_images: the number of images.
        n_classes: the number of classes of the system.
    """
    if labels is None:
        raise ValueError("This system learns from labelled images: give fit(x, y) the labels y.")
    if labels.shape != (n_images,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"Labels are one integer per image, of shape ({n_images},), not {labels.dtype} of "
            f"shape {labels.shape}."
        )
    if n_images == 0:
        raise ValueError("There is no label: give at least one.")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(
            f"The labels lie in {labels.min()} ... {labels.max()}, but the system was built for "
            f"{n_classes} classes, 0 ... {n_classes - 1}."
        )


def check_tokens(tokens: Any, length: int, n_words: int, name: str = "x") -> None:
    """Raise a ValueError unless tokens (n, length) are sequences that a network reads.

    Args:
        tokens: integers in 0 ... n_words - 1. 0 is padding, which stands at the end of a row.
        length: tokens per sequence.
        n_words: number of tokens that the network knows.
        name: what the tokens are called in the sentence.
    """
    tokens = np.asarray(tokens)
    right_type = np.issubdtype(tokens.dtype, np.integer)
    if tokens.shape[1:] != (length,) or not right_type or not len(tokens):
        raise ValueError(
            f"{name} holds rows of {length} integers, such as a tokenizer's encode(texts) returns, "
            f"not {tokens.dtype} of shape {tokens.shape}."
        )
    if tokens.min() < 0 or tokens.max() >= n_words:
        raise ValueError(
            f"{name} holds the tokens {tokens.min()} ... {tokens.max()}, but the network was built "
            f"for 0 ... {n_words - 1}."
        )
    words = tokens != 0
    if not words[:, 0].all() or (words[:, 1:] & ~words[:, :-1]).any():
        raise ValueError(
            f"{name} holds a row that begins with padding (0), or has a word after its padding."
        )


def check_weights(weights: np.ndarray, n_images: int) -> None:
    """Raise a ValueError unless there is one finite weight, at least 0, for each image."""
    if weights.shape != (n_images,):
        raise ValueError(
            f"sample_weight holds one weight per image, of shape ({n_images},), not of shape "
            f"{weights.shape}."
        )
    if not np.isfinite(weights).all() or weights.min() < 0:
        raise ValueError("sample_weight holds NaN, infinity or negative weights.")


def drawn_range(network: keras.Model) -> tuple[float, float]:
    """Return the lowest and the highest value that a network's first output can take.

    It depends on the last layer alone; (-inf, inf) if that layer sets no bound.
    """
    last = _last_layer(network)
    if isinstance(last, keras.layers.Rescaling):  # a tanh that is rescaled, as in get_generator
        return last.offset - last.scale, last.offset + last.scale
    activation = getattr(last, "activation", None)
    name = type(last).__name__.lower() if activation is None else activation.__name__
    return RANGES.get(name, (-np.inf, np.inf))


def _last_layer(network: keras.Model) -> Any:
    """Return the last layer that changes values, also within a network in the network."""
    layer = network.outputs[0]._keras_history.operation
    while isinstance(layer, (*ONLY_SHAPES, keras.Model)):
        if isinstance(layer, keras.Model):
            layer = layer.outputs[0]._keras_history.operation
        else:
            layer = layer.input._keras_history.operation
    return layer
