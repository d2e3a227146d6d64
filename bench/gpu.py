"""Five systems on the device in use: images a second, agreement with the processor, pictures.

python bench/gpu.py        (bench/gpu.sh: for each backend)

Each system trains in mixed_bfloat16, compiled as Keras chooses, several steps an execution where
the backend offers it; in float32 without XLA (on JAX, which has nothing else, with it); and by the
textbook recipe, where there is one. The first epoch, which builds the step, is not counted, and of
the others the median is. The operations of a step are those that `bench/throughput.py` counted.

Agreement: a second process takes the same first steps from the same weights on the processor, some
times with different noise. How far losses and pictures lie from their mean there is chance; those
of the device may lie four times as far from it. TensorFlow and JAX draw the first noise on both.
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
from ankeras.training.system import state_of

import keras
import numpy as np
import textbook
from common import RESULTS, load, save
from keras import ops
from systems import DIGIT, FACE, SYSTEMS

BATCH, STEPS, EPOCHS = 64, 60, 5
FEW, FEW_IMAGES = 4, 4  # steps that are compared, and images in each: JAX is slow on a processor
NOISES, CHANCE = 4, 4.0  # on the processor; how often chance is as good as agreement
MEASURED = {
    "VAE": textbook.VAE,
    "DCGAN, faces of 64 pixels": lambda: textbook.DCGAN(FACE),
    "CGAN": lambda: textbook.CGAN(DIGIT),
    "WGAN-GP": lambda: textbook.WGANGP(DIGIT),
    "BiGAN": None,  # no example of keras.io
}


def load_images() -> tuple[Dataset, Dataset]:
    """Return digits and faces, enough for an epoch."""
    of_training = slice(STEPS * BATCH)
    digits, faces = ankeras.data.load("digits")[0], ankeras.data.load("faces", size=FACE[0])[0]
    return digits.take(of_training), faces.take(of_training)


def inputs(name: str, digits: Dataset, faces: Dataset, n: int) -> tuple[np.ndarray, ...]:
    """Return what a system learns from, n images."""
    data = faces if "faces" in name else digits
    images = np.resize(data.images, (n, *data.images.shape[1:]))
    return (images, np.resize(np.asarray(data.labels), n)) if name == "CGAN" else (images,)


def compiled(name: str, **options: Any) -> keras.Model:
    """Build and compile a system."""
    model = SYSTEMS[name]()
    if name == "VAE":
        model.compile(keras.optimizers.Adam(1e-3), **options)
    else:
        model.compile(**options)
    return model


class EpochEnds(keras.callbacks.Callback):
    """Looks at the clock after each epoch, when the device has computed what Keras logs."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Keep the time."""
        self.times.append(time.perf_counter())


def images_a_second(model: keras.Model, data: tuple[np.ndarray, ...], batch: int = BATCH) -> float:
    """Return the median of some epochs, without the first."""
    clock = EpochEnds()
    model.fit(*data, batch_size=batch, epochs=EPOCHS, callbacks=[clock], verbose=0)
    return len(data[0]) / float(statistics.median(np.diff(clock.times)))


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


def first_steps(
    weights: dict[str, list], seeds: Sequence[int], digits: Dataset, faces: Dataset
) -> dict[str, list[dict[str, np.ndarray]]]:
    """Take some steps in float32 with every system; return its losses and pictures.

    Args:
        weights: of each system; those that are missing are put in.
        seeds: of the noise; from each on the system starts again.
        digits, faces: to learn from.
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
    """Compare what a system's first steps led to with what chance does on the processor."""
    found: dict[str, Any] = {"agrees": True}
    for what, here in device.items():
        there = np.array([each[what] for each in processor])
        apart = float(np.abs(here - there.mean(0)).mean())
        chance = float(np.abs(there - there.mean(0)).mean())
        found |= {f"{what}, apart": apart, f"{what}, apart by chance": chance}
        found["agrees"] &= apart <= CHANCE * chance
    return found


def start_on_the_processor(file: Path) -> subprocess.Popen:
    """Let a process that sees no GPU, and yields to this one, read weights and write its steps."""
    hidden = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu"}
    command = ["nice", "-n", "19", sys.executable, __file__, str(file)]
    return subprocess.Popen(command, env={**os.environ, **hidden})


def rates(name: str, digits: Dataset, faces: Dataset) -> dict[str, float]:
    """Return a system's images a second, and how they compare."""
    keras.utils.set_random_seed(0)
    data = inputs(name, digits, faces, STEPS * BATCH)
    on = keras.backend.backend()
    keras.config.set_dtype_policy("float32")
    plain = images_a_second(compiled(name, jit_compile=on == "jax"), data)
    found = {}
    if recipe := MEASURED[name]:
        example = recipe()
        data_of_example = inputs(name, digits, faces, STEPS // 4 * example.batch)
        found["of the textbook recipe's"] = images_a_second(example, data_of_example, example.batch)
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = compiled(name, steps_per_execution=1 if on == "torch" else 10)
    fast = images_a_second(model, data)
    system, *_ = name.split(",")
    pictures.image_grid(model.generate(64)).savefig(RESULTS / f"gpu_{on}_{system}.png")
    return {
        "images/s": fast,
        "of float32's": fast / plain,
        **{key: fast / value for key, value in found.items()},
    }


def on_the_processor(file: Path) -> None:
    """Read weights, take the first steps with some noises, and write what was found."""
    found = first_steps(pickle.loads(file.read_bytes()), range(NOISES), *load_images())
    file.with_suffix(".found").write_bytes(pickle.dumps(found))


def main() -> None:
    """Measure, compare, draw, and keep the figures after each system."""
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
                share = figures[name]["images/s"] * counted[name]["MFLOP an image"] * 1e6 / rate
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
