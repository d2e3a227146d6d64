"""Measure what one pass of the generator for both players saves (`ankeras.training.autodiff.draw`).

python bench/generator_pass.py [--only CGAN]

The figure is the processor time of a training that draws again for G's step, divided by that of a
training that draws once: the median over rounds in which both train alternately. It runs on the
backend that KERAS_BACKEND names.
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import ankeras
from ankeras.builders import get_discriminator, get_generator
from ankeras.gans import GAN
from ankeras.training.autodiff import Drawn, descend

import keras
import numpy as np
from common import load, save
from keras import ops
from systems import DIGIT, FACE, SYSTEMS

BATCH, BATCHES, ROUNDS = 64, 10, 5
NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "GAN, dense": lambda: GAN(get_generator(kind="mlp"), get_discriminator(kind="mlp")),
    **{name: build for name, build in SYSTEMS.items() if name != "VAE"},
}
MODULES = ("gan", "cgan", "wgan_gp", "bigan")


def draw_again(network: keras.Model, x: Any) -> Drawn:
    """Stand in for `draw`: keep what is needed to run the network again."""
    return Drawn(ops.stop_gradient(network(x, training=True)), lambda _: network(x, training=True))


def descend_again(drawn: Any, loss_fn: Callable, optimizer: Any, variables: Any) -> Any:
    """Stand in for `descend_through`: run the networks again."""
    return descend(lambda: loss_fn(*(each.pull_back(None) for each in drawn)), optimizer, variables)


def trained(build: Callable, data: tuple, again: bool) -> keras.Model:
    """Return a model whose step is compiled, with or without a second pass."""
    kept: dict[Any, tuple] = {}
    for name in MODULES:
        module: Any = sys.modules[f"ankeras.gans.{name}"]
        kept[module] = module.draw, module.descend_through
        if again:
            module.draw, module.descend_through = draw_again, descend_again
    model = build()
    model.compile()
    model.fit(*data, batch_size=BATCH, verbose=0)
    for module, (draw, descend_through) in kept.items():
        module.draw, module.descend_through = draw, descend_through
    return model


def ratio(build: Callable, data: tuple) -> float:
    """Return the processor time with a second pass, divided by that without."""
    models = {again: trained(build, data, again) for again in (False, True)}
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for i in range(ROUNDS):
        for again in sorted(models, reverse=i % 2 == 1):
            start = time.process_time()
            models[again].fit(*data, batch_size=BATCH, verbose=0)
            seconds[again].append(time.process_time() - start)
    return float(np.median(np.array(seconds[True]) / np.array(seconds[False])))


def main() -> None:
    """Measure all systems, and save the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=NETWORKS, help="one system")
    only = options.parse_args().only
    ankeras.setup(0, precision="float32")
    rng = np.random.default_rng(0)
    figures = load("generator_pass")
    of_backend = figures.setdefault(keras.backend.backend(), {})
    for name, build in NETWORKS.items():
        if only not in (None, name):
            continue
        shape = FACE if "faces" in name else DIGIT
        n = BATCH * (2 if "faces" in name else BATCHES)
        images = rng.random((n, *shape), "float32")
        data = (images, rng.integers(0, 10, n)) if name == "CGAN" else (images,)
        of_backend[name] = ratio(build, data)
        print(name, f"{of_backend[name]:.3f}", flush=True)
        save("generator_pass", figures)


if __name__ == "__main__":
    main()
