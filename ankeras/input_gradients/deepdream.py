"""Inceptionism, or DeepDream: what a layer finds in a photograph is drawn into it.

Source: NOTES, lesson 10, "Inceptionism"; Mordvintsev, Olah and Tyka 2015, "Inceptionism: Going
Deeper into Neural Networks".

    x  <-  x + step * d/dx  mean a_l(roll(x))^2,        start: a photograph, or noise

"We could also fix a layer and enhance whatever it detected": the larger an activation is, the
larger is its gradient, so the layer draws more of what it already sees. With a channel, a_l is that
channel alone. Low layers give strokes, deep ones give parts of objects.

A network sees patterns of one size. So the ascent runs in octaves: first on a small copy of the
photograph, then on larger ones. What was drawn, the detail, is enlarged and added to the next copy.
"""

from collections.abc import Iterator
from typing import Any

from ankeras.input_gradients.network import check_photos, read_layer
from ankeras.input_gradients.regularizers import rolled
from ankeras.training.catalogue_row import Row
from ankeras.training.optimize_input import optimize_input

import keras
import numpy as np
from keras import ops
from skimage.transform import resize

SMALLEST_SIDE = 48  # pixels of the first octave; a smaller image has no deep layers left


def deepdream(
    network: keras.Model,
    image: np.ndarray,
    layer: str,
    channel: int | None = None,
    *,
    octaves: int = 3,
    scale: float = 1.4,
    steps: int = 24,
    learning_rate: float = 0.015,
    jitter: int = 16,
    seed: int = 0,
) -> np.ndarray:
    """Return a picture in which a layer, or one of its channels, is more active.

    Args:
        network: a classifier that reads images of any size; others take one octave.
        image: (height, width, c), the photograph.
        layer: name of the layer.
        channel: one of its channels. Default: all.
        octaves: number of sizes, the largest of which is that of the image.
        scale: factor between two sizes.
        steps: steps of Adam in each octave.
        learning_rate: how far a pixel moves in a step.
        jitter: largest shift in pixels before each step.
        seed: seed of the jitter.

    Returns:
        float32 (height, width, c), values in [0, 1].

    Raises:
        ValueError: if there is no such layer or channel, the image does not fit the network, or the
            first octave is too small.
    """
    base = check_photos(network, np.asarray(image)[None])[0]
    reader = read_layer(network, layer)
    n_channels = reader.outputs[0].shape[-1]
    if channel is not None and not 0 <= channel < n_channels:
        raise ValueError(f"The channels of {layer!r} are 0 to {n_channels - 1}, not {channel}.")
    sides = [tuple(round(s / scale**k) for s in base.shape[:2]) for k in range(octaves)][::-1]
    if octaves < 1 or (octaves > 1 and min(sides[0]) < SMALLEST_SIDE):
        raise ValueError(
            f"{octaves} octaves of an image of {base.shape[0]}x{base.shape[1]} would begin at "
            f"{sides[0] if sides else 'no size'}: the first needs {SMALLEST_SIDE} pixels, "
            f"except for octaves=1."
        )

    def loss(x: Any) -> Any:
        a = reader(x, training=False)
        if channel is not None:
            a = a[..., channel : channel + 1]
        return -ops.mean(ops.square(a), axis=tuple(range(1, len(a.shape))))

    detail = np.zeros((*sides[0], base.shape[2]), "float32")
    for number, side in enumerate(sides):
        small = _resized(base, side)
        start = np.clip(small + _resized(detail, side), 0, 1)
        x = optimize_input(
            loss,
            start[None],
            steps=steps,
            learning_rate=learning_rate,
            jitter=rolled(jitter),
            project=lambda x: ops.clip(x, 0.0, 1.0),
            seed=seed + number,
        ).x[0]
        detail = x - small
    return x


def zoom(
    network: keras.Model,
    image: np.ndarray,
    layer: str,
    frames: int = 24,
    *,
    factor: float = 1.05,
    **options: Any,
) -> Iterator[np.ndarray]:
    """Yield the frames of a flight into a dream: dream, enlarge the centre, dream again.

    Args:
        network, image, layer: as in `deepdream`.
        frames: number of pictures.
        factor: how much each picture is enlarged for the next.
        **options: those of `deepdream`. Default: one octave and 6 steps per frame.

    Raises:
        ValueError: if the factor is below 1, or as in `deepdream`.
    """
    if not 1 <= factor < np.inf:
        raise ValueError(f"factor enlarges the picture, so it is at least 1, not {factor}.")
    height, width = image.shape[:2]
    options = {"octaves": 1, "steps": 6, **options}
    for number in range(frames):
        image = deepdream(network, image, layer, seed=number, **options)
        yield image
        large = _resized(image, (round(height * factor), round(width * factor)))
        top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
        image = np.clip(large[top : top + height, left : left + width], 0, 1)


def _resized(image: np.ndarray, side: tuple[int, ...]) -> np.ndarray:
    if image.shape[:2] == side:
        return image
    return resize(image, side, order=1, anti_aliasing=side[0] < image.shape[0]).astype("float32")


ROWS = (
    Row(
        name="inceptionism (DeepDream)",
        builds=deepdream,
        lecture="NOTES, lesson 10",
        paper="Mordvintsev 2015",
        notebook="14",
    ),
)
