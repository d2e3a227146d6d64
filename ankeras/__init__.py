"""The lab bench of a course on autoencoders and generative networks, in Keras 3.

Importing this package is light: TensorFlow loads when a name that needs it is first used.
"""

import importlib
import os
from typing import Any

from ankeras.registration import register_with_keras

# Without these TensorFlow and JAX take the whole memory of a GPU at once.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "anomaly",
    "autoencoders",
    "builders",
    "data",
    "evaluation",
    "explore",
    "gans",
    "get_autoencoder",
    "get_classifier",
    "get_decoder",
    "get_discriminator",
    "get_encoder",
    "get_generator",
    "latent",
    "pictures",
    "setup",
    "training",
]

_HOME = {
    "get_autoencoder": "ankeras.builders",
    "get_classifier": "ankeras.builders",
    "get_decoder": "ankeras.builders",
    "get_discriminator": "ankeras.builders",
    "get_encoder": "ankeras.builders",
    "get_generator": "ankeras.builders",
    "setup": "ankeras.training.devices",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in __all__:
        return importlib.import_module(f"ankeras.{name}")
    raise AttributeError(f"module 'ankeras' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


register_with_keras()
