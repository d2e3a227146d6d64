"""What the tests of the widgets need: small networks, and messages as a browser sends them."""

import io
from collections.abc import Callable
from typing import Any

from ankeras.builders import get_decoder, get_encoder
from ankeras.builders.transformer import get_text_encoder
from ankeras.data.captions import LENGTH, caption_tokenizer
from ankeras.evaluation import ATTRIBUTES
from ankeras.language import TextToImage, get_text_to_image_network

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image


@pytest.fixture(scope="session")
def decoder() -> keras.Model:
    """(batch, 2) -> (batch, 8, 8, 1)."""
    keras.utils.set_random_seed(0)
    return get_decoder(2, (8, 8, 1), widths=(4, 8))


@pytest.fixture(scope="session")
def face_decoder() -> keras.Model:
    """(batch, 6) -> (batch, 32, 32, 3)."""
    keras.utils.set_random_seed(0)
    return get_decoder(6, (32, 32, 3), widths=(4, 8))


@pytest.fixture(scope="session")
def face_encoder() -> keras.Model:
    """(batch, 32, 32, 3) -> (batch, 6)."""
    keras.utils.set_random_seed(1)
    return get_encoder((32, 32, 3), 6, widths=(4, 8))


@pytest.fixture(scope="session")
def text_to_image() -> TextToImage:
    """A tiny model of 32 pixels with random weights, which reads the captions of portraits."""
    text_encoder = get_text_encoder(caption_tokenizer().n_words, LENGTH, 8, 8, depth=1, n_heads=2)
    network = get_text_to_image_network((32, 32, 3), text_encoder, widths=(4, 8))
    rng = np.random.default_rng(0)  # without a training, the network draws 0 for each caption
    for weight in network.trainable_variables:
        weight.assign(rng.normal(0, 0.2, weight.shape))
    return TextToImage(network, n_steps=20)


@pytest.fixture(scope="session")
def reader() -> keras.Model:
    """An untrained face reader for 32 pixels."""
    keras.utils.set_random_seed(2)
    image = layers.Input((32, 32, 3))
    h = layers.Flatten()(layers.AveragePooling2D(8)(image))
    answers = {name: layers.Dense(n, "softmax", name=name)(h) for name, n in ATTRIBUTES.items()}
    return keras.Model(image, answers)


@pytest.fixture
def codes() -> np.ndarray:
    """(200, 6), from N(0, I)."""
    return np.random.default_rng(0).normal(size=(200, 6)).astype("float32")


@pytest.fixture
def attributes(codes: np.ndarray) -> dict[str, np.ndarray]:
    """Two attributes whose directions are not orthogonal."""
    return {"smile": codes[:, 0] > 0, "hat": codes[:, 0] + codes[:, 1] > 0}


@pytest.fixture
def tell() -> Callable[..., None]:
    """Sends the values of traits to a widget in one message, as the browser does."""

    def send(widget: Any, **state: Any) -> None:
        state = {**state, "number": widget.number + 1}
        data = {"method": "update", "state": state, "buffer_paths": []}
        widget._handle_msg({"content": {"data": data}, "buffers": []})

    return send


@pytest.fixture
def pixels() -> Callable[[bytes], np.ndarray]:
    """Returns the content of a PNG file as an image (height, width, channels) in [0, 1]."""

    def read(content: bytes) -> np.ndarray:
        image = np.asarray(Image.open(io.BytesIO(content)), "float32") / 255
        return image[..., None] if image.ndim == 2 else image

    return read
