"""What this machine computes on: backend, processor, GPUs, precision, and what is missing.

A GPU is used whenever the backend finds one. Its memory is taken when it is needed. The settings
for that are in `ankeras/__init__.py`, because the backends read them only when they start.
"""

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ankeras.training.autodiff import BACKEND

import keras

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
# Whether mixed_bfloat16 is the default where it is fast. It becomes the default after
# bench/precision.py has shown on such a machine that training is faster and the models are as good.
# Processors were measured with TensorFlow, GPUs were not.
BFLOAT16_BY_DEFAULT = {"GPU": False, "processor": BACKEND == "tensorflow"}
# From this compute capability on (Ampere, 2020), NVIDIA's GPUs multiply faster in bfloat16 than in
# float32.
BFLOAT16_CAPABILITY = 8.0
# The instructions of processors that multiply faster in bfloat16, as Linux names them.
BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})


@dataclass(frozen=True)
class Devices:
    """What a machine computes on.

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
            lines.append("GPU memory   taken when it is needed")
        return "\n".join([*lines, self.advice] if self.advice else lines)


def setup(seed: int = 42, precision: str | None = None) -> str:
    """Start a session: seed Python, NumPy and the backend, and set the precision.

    Networks that are built afterwards compute in this precision. In the mixed precisions, layers
    compute in 16 bits; weights, last layers, losses and what `predict` returns stay in float32.
    Networks that were built before keep their precision.

    With TensorFlow, it also changes two defaults, as `tensorflow_patch.py` describes.

    Whether XLA compiles a training step is not set here. With `jit_compile="auto"`, the default of
    `compile`, Keras compiles for TensorFlow on a GPU. It does not on a processor, where small
    convolutions would become slower. JAX always compiles, PyTorch never.

    Args:
        seed: the seed; the same seed gives the same figures on the same machine.
        precision: "float32", "mixed_bfloat16" or "mixed_float16". Default: mixed_bfloat16 on
            machines that compute it fast and where it was measured to lose no quality, else
            float32.

    Returns:
        One line that says what will be computed on, in which precision, and why.

    Raises:
        ValueError: if there is no such precision.
    """
    if precision is None:
        chosen, reason = _suitable_precision()
    else:
        chosen, reason = precision, "as asked for"
    if chosen not in PRECISIONS:
        raise ValueError(f"precision must be one of {PRECISIONS}, not {precision!r}.")
    if BACKEND == "tensorflow":
        import ankeras.training.tensorflow_patch  # noqa: F401
    keras.config.set_dtype_policy(chosen)
    keras.utils.set_random_seed(seed)
    found = find_devices()
    where = ", ".join(found.gpus) or f"the processor ({found.cores} cores)"
    line = f"{found.backend} on {where}, {found.precision} ({reason}), seed {seed}."
    return f"{line} {found.advice}" if found.advice else line


def _suitable_precision() -> tuple[str, str]:
    """Return the precision for this machine, and why."""
    return _precision_for([capability for _, capability in _gpus_in_use()], _processor_flags())


def _precision_for(capabilities: Sequence[float], flags: Collection[str]) -> tuple[str, str]:
    """Return a precision, and why it is the one.

    Args:
        capabilities: of the GPUs in use.
        flags: of the processor, as Linux names them.
    """
    if capabilities:
        device, fast = "GPU", min(capabilities) >= BFLOAT16_CAPABILITY
    else:
        device, fast = "processor", not BFLOAT16_FLAGS.isdisjoint(flags)
    if not fast:
        return "float32", f"this {device} computes bfloat16 no faster"
    if not BFLOAT16_BY_DEFAULT[device]:
        return "float32", f'this {device} also computes precision="mixed_bfloat16" fast'
    return "mixed_bfloat16", f"which this {device} computes faster"


def _processor_flags() -> frozenset[str]:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return frozenset(next((line for line in lines if line.startswith("flags")), "").split())


def find_devices() -> Devices:
    """Return what the backend computes on, and advice about GPUs that it does not use."""
    gpus = tuple(name for name, _ in _gpus_in_use())
    return Devices(
        backend=BACKEND,
        gpus=gpus,
        cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        precision=keras.config.dtype_policy().name,
        advice="" if gpus else _advice(_gpus_present(), BACKEND, platform.system()),
    )


def _gpus_in_use() -> list[tuple[str, float]]:
    """Return name and compute capability (0 if unknown) of each GPU that the backend uses."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        return [
            (detail.get("device_name", "GPU"), _as_number(detail.get("compute_capability", (0, 0))))
            for detail in details
        ]
    if BACKEND == "jax":
        import jax

        return [
            (device.device_kind, float(getattr(device, "compute_capability", 0)))
            for device in jax.devices()
            if device.platform == "gpu"
        ]
    import torch

    return [
        (torch.cuda.get_device_name(i), _as_number(torch.cuda.get_device_capability(i)))
        for i in range(torch.cuda.device_count())
    ]


def _as_number(capability: tuple[int, int]) -> float:
    major, minor = capability
    return major + minor / 10


def _gpus_present() -> tuple[str, ...]:
    """Return the names of the NVIDIA GPUs that the operating system knows."""
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
