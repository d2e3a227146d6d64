"""Measures how long a widget of `ankeras.explore` takes for one picture, in Python.

    python bench/explore_frames.py

The networks are those of the pretrained models, untrained: their time does not depend on their
weights. A frame begins with the message of the browser and ends with the PNG file. The way from the
browser and back comes on top. Processor time is that of all threads; where other programs compute,
it says more than the time on the clock.
"""

import functools
import time
from collections.abc import Callable

import ankeras
from ankeras import explore
from ankeras.builders import get_decoder, get_encoder
from ankeras.data.faces import BINARY, draw_factors
from ankeras.explore.explorer import Explorer
from ankeras.recipes.readers import get_face_reader

import numpy as np

FRAMES = 40
WIDTHS = {28: (32, 64, 128), 32: (32, 64, 128), 64: (32, 64, 128, 128)}


def measure(title: str, widget: Explorer, change: Callable[[float], dict]) -> None:
    """Print the time of a frame for a widget whose traits change along a path."""
    clock, processor = [], []
    for i in range(-3, FRAMES):  # the first ones compile
        state = {**change(i / FRAMES), "number": widget.number + 1}
        begun, used = time.perf_counter(), time.process_time()
        widget.set_state(state)
        if i >= 0:
            clock.append(time.perf_counter() - begun)
            processor.append(time.process_time() - used)
    if widget.message or widget.answered != widget.number:
        raise ValueError(widget.message or "the widget has not answered")
    milliseconds = [1000 * float(x) for x in (*np.quantile(clock, (0.5, 0.95)), np.mean(processor))]
    print("{:38}{:8.1f}{:8.1f}{:12.1f}".format(title, *milliseconds), flush=True)


def _own_face(factors: dict, t: float) -> dict:
    return {"own": True, "factors": {**factors, "skin": max(t, 0.0)}}


def main() -> None:
    """Measure all widgets at 28, 32 and 64 pixels."""
    print(ankeras.setup(seed=0))
    print(f"{'milliseconds per frame':38}{'median':>8}{'95 %':>8}{'processor':>12}")
    rng = np.random.default_rng(0)
    for size in (28, 32, 64):
        d, shape = (2, (28, 28, 1)) if size == 28 else (64, (size, size, 3))
        decoder = get_decoder(d, shape, widths=WIDTHS[size], upsampling="transposed")
        z = rng.normal(size=(500, d)).astype("float32")
        plane = explore.latent_plane(decoder, z)
        measure(f"plane, point, {size} pixels", plane, lambda t: {"point": [t, -t]})
        measure(
            f"plane, interpolation, {size} pixels",
            plane,
            lambda t: {"mode": "interpolation", "ends": [t, 0.0, -t, 1.0]},
        )
        measure(
            f"plane, grid of 64, {size} pixels",
            plane,
            lambda t: {"mode": "grid", "box": [-1.0, -1.0, t, t]},
        )
        if size == 28:
            continue
        factors = draw_factors(500)
        sliders = explore.attribute_sliders(
            decoder,
            z,
            {name: factors[name] for name in BINARY},
            encoder=get_encoder(shape, d, widths=WIDTHS[size]),
            reader=get_face_reader(size),
        )
        measure(f"sliders, {size} pixels", sliders, lambda t: {"strengths": [t, 0.0, 0.0, 0.0, t]})
        measure(
            f"sliders, your own face, {size} pixels",
            sliders,
            functools.partial(_own_face, sliders.factors),
        )
        arithmetic = explore.arithmetic(decoder, z, reader=get_face_reader(size))
        measure(
            f"arithmetic, {size} pixels",
            arithmetic,
            lambda t: {"chosen": [[int(40 * t) + 5, 1], [2], [3]]},
        )


if __name__ == "__main__":
    main()
