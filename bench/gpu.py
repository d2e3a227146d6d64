"""Five systems on the device in use: images a second, agreement with the processor, pictures.

python bench/gpu.py        (bench/gpu.sh: for each backend)

Each system trains in mixed_bfloat16, compiled as Keras chooses, and in float32 without XLA; an
epoch's time is taken after one that is not counted, the median of the rest. The operations of a
step are those that `bench/throughput.py` counted. A second process repeats the first steps in
float32 on the processor: its losses must be those of the device within noise.
"""

import json
import os
import statistics
import subprocess
import sys
import time

import ankeras
from ankeras import plots
from ankeras.data import Dataset

import keras
import numpy as np
from common import RESULTS, load, save
from keras import ops
from systems import SYSTEMS

BATCH, STEPS, EPOCHS = 64, 60, 6
FEW = 20  # steps that are compared
TOLERANCE = 0.15  # of a loss, relative, after these: noise is drawn anew
MEASURED = ("VAE", "DCGAN, faces of 64 pixels", "CGAN", "WGAN-GP", "BiGAN")


def inputs(name: str, digits: Dataset, faces: Dataset, steps: int) -> tuple[np.ndarray, ...]:
    """Return what a system learns from."""
    data = faces if "faces" in name else digits
    images = np.resize(data.images, (steps * BATCH, *data.images.shape[1:]))
    if name != "CGAN":
        return (images,)
    return images, np.resize(np.asarray(data.labels), steps * BATCH)


def compiled(name: str, jit: bool | str) -> keras.Model:
    """Build and compile a system, always with the same weights."""
    keras.utils.set_random_seed(0)
    model = SYSTEMS[name]()
    if name == "VAE":
        model.compile(keras.optimizers.Adam(1e-3), jit_compile=jit)
    else:
        model.compile(jit_compile=jit)
    return model


def images_a_second(model: keras.Model, data: tuple[np.ndarray, ...]) -> float:
    """Return the median of some epochs, without the first."""
    times = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        model.fit(*data, batch_size=BATCH, verbose=0)
        times.append(time.perf_counter() - start)
    return len(data[0]) / statistics.median(times[1:])


def matmul_rate(dtype: str, n: int) -> float:
    """Return the floating-point operations a second of a product of n x n matrices."""
    a = ops.cast(keras.random.normal((n, n)), dtype)
    times = []
    for _ in range(5):
        start, product = time.perf_counter(), a
        for _ in range(10):
            product = ops.matmul(a, product) / n
        float(ops.convert_to_numpy(ops.cast(product[0, 0], "float32")))  # wait for it
        times.append(time.perf_counter() - start)
    return 10 * 2 * n**3 / min(times)


def first_losses(digits: Dataset, faces: Dataset) -> dict[str, dict[str, float]]:
    """Train every system for some steps in float32, and return the losses."""
    keras.config.set_dtype_policy("float32")
    found = {}
    for name in MEASURED:
        data = inputs(name, digits, faces, FEW)
        history = compiled(name, jit=False).fit(*data, batch_size=BATCH, shuffle=False, verbose=0)
        found[name] = {key: values[-1] for key, values in history.history.items() if "loss" in key}
    return found


def on_the_processor() -> dict[str, dict[str, float]]:
    """Return `first_losses` of a process that sees no GPU."""
    hidden = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu"}
    command = [sys.executable, __file__, "--losses"]
    done = subprocess.run(
        command, env={**os.environ, **hidden}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure, compare, draw, and keep the figures."""
    digits = ankeras.data.load("digits")[0].take(slice(STEPS * BATCH))
    faces = ankeras.data.load("faces", size=64)[0].take(slice(STEPS * BATCH))
    if "--losses" in sys.argv:
        print(json.dumps(first_losses(digits, faces)))
        return
    line = ankeras.setup(0)
    print(line)
    size = 8192 if ankeras.devices.find_devices().gpus else 1024
    rate = matmul_rate("bfloat16", size)
    counted = load("throughput").get("float32", {})
    figures: dict = {"device": line, "bfloat16 matrix product, TFLOP/s": rate / 1e12}
    losses, expected = first_losses(digits, faces), on_the_processor()
    for name in MEASURED:
        data = inputs(name, digits, faces, STEPS)
        keras.config.set_dtype_policy("float32")
        plain = images_a_second(compiled(name, jit=False), data)
        keras.config.set_dtype_policy("mixed_bfloat16")
        model = compiled(name, jit="auto")
        fast = images_a_second(model, data)
        apart = max(
            abs(value - expected[name][key]) / max(abs(expected[name][key]), 1.0)
            for key, value in losses[name].items()
        )
        found = {
            "images/s": fast,
            "of float32 without XLA": fast / plain,
            "loss, apart from the processor's": apart,
            "agrees": apart < TOLERANCE,
        }
        if name in counted:
            share = fast * counted[name]["MFLOP an image"] * 1e6 / rate
            found["of the matrix product's rate"] = share
        figures[name] = found
        print(name, found, flush=True)
        file = f"gpu_{keras.backend.backend()}_{name.split(',')[0]}.png"
        plots.image_grid(model.generate(64)).savefig(RESULTS / file)
    save(f"gpu_{keras.backend.backend()}", figures)


if __name__ == "__main__":
    main()
