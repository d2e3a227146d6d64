"""What this machine computes on: backend, processor, GPUs, precision, and what is missing.

A GPU is used whenever the backend finds one. Its memory is taken as it is needed: the settings
for that stand in `ankeras/__init__.py`, since the backends read them only at their start.
"""

import importlib.metadata
import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from ankeras.autodiff import BACKEND

import keras


@dataclass(frozen=True)
class Devices:
    """What was found.

    Attributes:
        backend: "tensorflow", "jax" or "torch".
        gpus: the GPUs that the backend computes on, by name.
        cores: processor cores that this process may use.
        precision: Keras's dtype policy, such as "float32".
        advice: what to do about a GPU that is present but not used; "" if there is none.
    """

    backend: str
    gpus: tuple[str, ...]
    cores: int
    precision: str
    advice: str

    def __str__(self) -> str:
        """Return the report of `ankeras devices`."""
        version = importlib.metadata.version(self.backend)
        lines = [
            f"backend      {self.backend} {version}, Keras {keras.version()}",
            f"GPU          {', '.join(self.gpus) or 'none in use'}",
            f"processor    {self.cores} cores",
            f"precision    {self.precision}",
        ]
        if self.gpus:
            lines.append("GPU memory   taken as it is needed")
        return "\n".join([*lines, self.advice] if self.advice else lines)


def setup(seed: int = 42) -> str:
    """Start a session: seed Python, NumPy and the backend.

    Args:
        seed: the seed; the same seed gives the same figures on the same machine.

    Returns:
        One line that says what will be computed on.
    """
    keras.utils.set_random_seed(seed)
    found = find_devices()
    where = ", ".join(found.gpus) or f"the processor ({found.cores} cores)"
    line = f"{found.backend} on {where}, {found.precision}, seed {seed}."
    return f"{line} {found.advice}" if found.advice else line


def find_devices() -> Devices:
    """Ask the backend for its GPUs and the machine for those that the backend does not use."""
    gpus = _gpus_in_use()
    return Devices(
        backend=BACKEND,
        gpus=gpus,
        cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        precision=keras.config.dtype_policy().name,
        advice="" if gpus else _advice(_gpus_present(), BACKEND, platform.system()),
    )


def _gpus_in_use() -> tuple[str, ...]:
    if BACKEND == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        return tuple(detail.get("device_name", "GPU") for detail in details)
    if BACKEND == "jax":
        import jax

        return tuple(d.device_kind for d in jax.devices() if d.platform == "gpu")
    import torch

    return tuple(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))


def _gpus_present() -> tuple[str, ...]:
    """Name the NVIDIA GPUs that the operating system knows of, whatever the backend sees."""
    files = Path("/proc/driver/nvidia/gpus").glob("*/information")
    models = [
        line.split(":", 1)[1].strip()
        for file in files
        for line in file.read_text().splitlines()
        if line.startswith("Model:")
    ]
    if not models and shutil.which("nvidia-smi"):
        models = ["NVIDIA GPU"]
    return tuple(models)


def _advice(present: tuple[str, ...], backend: str, system: str) -> str:
    if not present:
        return ""
    what = f"{present[0]} is present, but {backend} does not use it: "
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1"):
        return what + f"CUDA_VISIBLE_DEVICES={hidden!r} hides it. Unset that variable."
    if backend == "tensorflow" and system == "Windows":
        return what + "TensorFlow uses GPUs on Windows only inside WSL2."
    if backend == "tensorflow":
        return what + (
            "install the CUDA libraries with the extra `gpu` "
            "(`uv sync --extra gpu`, or `pip install 'tensorflow[and-cuda]'`)."
        )
    if backend == "jax":
        return what + "install JAX with CUDA (`pip install 'jax[cuda12]'`)."
    return what + "install a build of PyTorch with CUDA."
