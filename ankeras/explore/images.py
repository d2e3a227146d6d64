"""Quick images for the widgets: one compiled call of a network, and PNG files in memory."""

import io
import logging
from typing import Any

from ankeras.latent.codes import code_size

import keras
import numpy as np
from PIL import Image


def check_generator(generator: keras.Model) -> int:
    """Return the size d of the codes of a generator that draws images.

    Raises:
        ValueError: if it is conditional, or does not draw images with 1 or 3 channels.
    """
    d = code_size(generator)
    shape = generator.output_shape[1:]
    if len(shape) != 3 or shape[-1] not in (1, 3):
        raise ValueError(
            f"A widget shows images (height, width, 1 or 3), but {generator.name!r} draws {shape}."
        )
    return d


def compiled_call(network: keras.Model, x: np.ndarray) -> Any:
    """Return what a network returns for one small batch: an array, or a dictionary of arrays.

    `predict` of Keras builds a pipeline for its data in each call, which takes longer than the
    network itself; `predict_on_batch` is the compiled call alone.
    """
    # TensorFlow warns of several networks that are compiled one after the other, as here.
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return network.predict_on_batch(np.asarray(x, "float32"))
    finally:
        logger.setLevel(level)


def encode_quickly(encoder: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the codes of a few images, as `latent.encode` does: (n, *image) -> (n, d) float32."""
    return np.asarray(compiled_call(encoder, images), "float32")


def decode_quickly(generator: keras.Model, z: np.ndarray) -> np.ndarray:
    """Return the images G(z), as `latent.decode` does, clipped to [0, 1]: (n, d) -> (n, *image).

    Raises:
        ValueError: if an image holds NaN or infinity.
    """
    images = np.asarray(compiled_call(generator, z), "float32")
    check_finite(images, generator)
    return np.clip(images, 0, 1)


def check_finite(images: np.ndarray, model: keras.Model) -> None:
    """Raise a ValueError if an image that a model has drawn holds NaN or infinity."""
    if not np.isfinite(images).all():
        raise ValueError(f"The image of {model.name!r} holds NaN or infinity.")


def tiles(images: np.ndarray) -> np.ndarray:
    """Return images side by side as one image, (rows, columns, h, w, c) -> (rows h, columns w, c).

    Images (n, h, w, c) make one row.
    """
    images = images[None] if images.ndim == 4 else images
    rows, columns, height, width, channels = images.shape
    return images.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)


def png(image: np.ndarray) -> bytes:
    """Return an image (h, w, 1 or 3) with values in [0, 1] as the content of a PNG file."""
    pixels = np.round(image * 255).astype("uint8")
    buffer = io.BytesIO()
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    picture.save(buffer, "PNG", compress_level=1)  # quick: a frame lives for some milliseconds
    return buffer.getvalue()
