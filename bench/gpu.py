"""Measure five systems on the current device: speed, agreement with the processor, pictures.

python bench/gpu.py        (bench/gpu.sh: for each backend)

Speed is in images per second. Each system trains in three ways:

- in mixed_bfloat16, with Keras's choice of XLA, and with several steps per execution if the backend
  has this option
- in float32 without XLA (on JAX with XLA, because JAX always uses it)
- with the textbook recipe, if there is one

The speed is the median over the epochs without the first, in which the graph is built. The number
of operations of a step is the one that `bench/throughput.py` counted.

Agreement: a second process takes the same first steps from the same weights on the processor,
several times with different noise. There, losses and pictures differ from their mean by chance. On
the device, they may differ from that mean by at most four times as much. With TensorFlow and JAX,
the first noise is the same on both.
"""

import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ankeras
from ankeras import pictures
from ankeras.data import Dataset
from ankeras.training.devices import find_devices
from ankeras.training.loss_guard import state_of

import keras
import numpy as np
import textbook
from common import RESULTS, load, save
from keras import ops
from systems import DIGIT, FACE, SYSTEMS

BATCH, STEPS, EPOCHS = 64, 60, 5
FEW, FEW_IMAGES = 4, 4  # compared steps, and images per step: few, as JAX is slow on a processor
NOISES, CHANCE = 4, 4.0  # runs on the processor; the factor by which the device may differ more
MEASURED = {
    "VAE": textbook.VAE,
    "DCGAN, faces of 64 pixels": lambda: textbook.DCGAN(FACE),
    "CGAN": lambda: textbook.CGAN(DIGIT),
    "WGAN-GP": lambda: textbook.WGANGP(DIGIT),
    "BiGAN": None,  # keras.io has no example
}


def load_images() -> tuple[Dataset, Dataset]:
    """Return digits and faces, enough for one epoch."""
    of_training = slice(STEPS * BATCH)
    digits, faces = ankeras.data.load("digits")[0], ankeras.data.load("faces", size=FACE[0])[0]
    return digits.take(of_training), faces.take(of_training)


def inputs(name: str, digits: Dataset, faces: Dataset, n: int) -> tuple[np.ndarray, ...]:
    """Return the arrays for `fit` of a system: n images, and labels for the CGAN."""
    data = faces if "faces" in name else digits
    images = np.resize(data.images, (n, *data.images.shape[1:]))
    return (images, np.resize(np.asarray(data.labels), n)) if name == "CGAN" else (images,)


def compiled(name: str, **options: Any) -> keras.Model:
    """Return a new, compiled system."""
    model = SYSTEMS[name]()
    if name == "VAE":
        model.compile(keras.optimizers.Adam(1e-3), **options)
    else:
        model.compile(**options)
    return model


class EpochEnds(keras.callbacks.Callback):
    """Stores the time after each epoch, when the device has computed the logs."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Store the time."""
        self.times.append(time.perf_counter())


def images_per_second(
    model: keras.Model, data: tuple[np.ndarray, ...], batch: int = BATCH
) -> float:
    """Return the median of images per second over the epochs without the first."""
    clock = EpochEnds()
    model.fit(*data, batch_size=batch, epochs=EPOCHS, callbacks=[clock], verbose=0)
    return len(data[0]) / float(statistics.median(np.diff(clock.times)))


def matmul_rate(dtype: str, n: int) -> float:
    """Return the floating-point operations per second of a product of n x n matrices."""
    a = ops.cast(keras.random.normal((n, n)), dtype)
    times = []
    for _ in range(5):
        start, product = time.perf_counter(), a
        for _ in range(10):
            product = ops.matmul(a, product) / n
        float(ops.convert_to_numpy(ops.cast(product[0, 0], "float32")))  # wait for the result
        times.append(time.perf_counter() - start)
    return 10 * 2 * n**3 / min(times)


def first_steps(
    weights: dict[str, list], seeds: Sequence[int], digits: Dataset, faces: Dataset
) -> dict[str, list[dict[str, np.ndarray]]]:
    """Take some steps in float32 with every system; return its losses and pictures.

    Args:
        weights: the first weights of each system; if they are missing, they are added.
        seeds: seeds of the noise; each system starts again with each seed.
        digits, faces: the training images.
    """
    keras.config.set_dtype_policy("float32")
    found: dict[str, list] = {}
    for name in MEASURED:
        model = compiled(name)
        model.set_weights(weights.setdefault(name, model.get_weights()))
        model.optimizer.build(model.trainable_variables)
        start = [np.array(variable) for variable in state_of(model)]
        data = inputs(name, digits, faces, FEW * FEW_IMAGES)
        for seed in seeds:
            for variable, value in zip(state_of(model), start, strict=True):
                variable.assign(value)
            model.noise.state.assign([seed, 0])
            history = model.fit(*data, batch_size=FEW_IMAGES, shuffle=False, verbose=0).history
            losses = [values[-1] for key, values in history.items() if "loss" in key]
            pictures = model.generate(16)
            found.setdefault(name, []).append({"losses": np.array(losses), "pictures": pictures})
    return found


def agreement(device: dict[str, np.ndarray], processor: list[dict[str, np.ndarray]]) -> dict:
    """Compare a system's first steps on the device with those on the processor.

    Returns:
        Mean differences of losses and pictures, those by chance, and whether the results agree.
    """
    found: dict[str, Any] = {"agrees": True}
    for what, here in device.items():
        there = np.array([each[what] for each in processor])
        apart = float(np.abs(here - there.mean(0)).mean())
        chance = float(np.abs(there - there.mean(0)).mean())
        found |= {f"{what}, apart": apart, f"{what}, apart by chance": chance}
        found["agrees"] &= apart <= CHANCE * chance
    return found


def start_on_the_processor(file: Path) -> subprocess.Popen:
    """Start a process on the processor, with low priority, that runs `on_the_processor`."""
    hidden = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu"}
    command = ["nice", "-n", "19", sys.executable, __file__, str(file)]
    return subprocess.Popen(command, env={**os.environ, **hidden})


def rates(name: str, digits: Dataset, faces: Dataset) -> dict[str, float]:
    """Return a system's images per second, and the ratios to float32 and to the textbook recipe."""
    keras.utils.set_random_seed(0)
    data = inputs(name, digits, faces, STEPS * BATCH)
    on = keras.backend.backend()
    keras.config.set_dtype_policy("float32")
    plain = images_per_second(compiled(name, jit_compile=on == "jax"), data)
    found = {}
    if recipe := MEASURED[name]:
        example = recipe()
        data_of_example = inputs(name, digits, faces, STEPS // 4 * example.batch)
        found["of the textbook recipe's"] = images_per_second(
            example, data_of_example, example.batch
        )
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = compiled(name, steps_per_execution=1 if on == "torch" else 10)
    fast = images_per_second(model, data)
    system, *_ = name.split(",")
    pictures.image_grid(model.generate(64)).savefig(RESULTS / f"gpu_{on}_{system}.png")
    return {
        "images/s": fast,
        "of float32's": fast / plain,
        **{key: fast / value for key, value in found.items()},
    }


def on_the_processor(file: Path) -> None:
    """Read weights from a file, take the first steps with each seed, and write the results."""
    found = first_steps(pickle.loads(file.read_bytes()), range(NOISES), *load_images())
    file.with_suffix(".found").write_bytes(pickle.dumps(found))


def main() -> None:
    """Measure, compare and draw; save the figures after each system."""
    digits, faces = load_images()
    line = ankeras.setup(0)
    print(line)
    weights: dict[str, list] = {}
    of_device = first_steps(weights, [0], digits, faces)
    size = 8192 if find_devices().gpus else 1024
    rate = matmul_rate("bfloat16", size)
    counted = load("throughput").get("float32", {})
    figures: dict = {"device": line, "bfloat16 matrix product, TFLOP/s": rate / 1e12}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.pickle"
        file.write_bytes(pickle.dumps(weights))
        processor = start_on_the_processor(file)
        for name in MEASURED:
            figures[name] = rates(name, digits, faces)
            if name in counted:
                share = figures[name]["images/s"] * counted[name]["MFLOP per image"] * 1e6 / rate
                figures[name]["of the matrix product's rate"] = share
            print(name, figures[name], flush=True)
            save(f"gpu_{keras.backend.backend()}", figures)
        if processor.wait():
            raise RuntimeError("The steps on the processor failed.")
        expected = pickle.loads(file.with_suffix(".found").read_bytes())
    for name in MEASURED:
        figures[name] |= agreement(of_device[name][0], expected[name])
        print(name, figures[name], flush=True)
    save(f"gpu_{keras.backend.backend()}", figures)


if __name__ == "__main__":
    on_the_processor(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
