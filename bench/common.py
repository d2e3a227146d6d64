"""Functions that several benchmarks use: load real digits, save and load figures."""

import argparse
import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

import ankeras

import keras

RESULTS = Path(__file__).parent / "results"


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the option --data, the file of the real digits."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument(
        "--data",
        type=Path,
        help="an .npz file with the keys of keras's mnist.npz; default: MNIST by keras.datasets",
    )
    return options


def real_digits(path: Path | None) -> tuple[ankeras.data.Dataset, ankeras.data.Dataset]:
    """Load 10,000 training and 5,000 test images of real digits."""
    train, test = ankeras.data.load("mnist", path)
    return train.take(slice(10_000)), test.take(slice(5_000))


def load(name: str) -> Any:
    """Return the figures that were saved under a name, or {} if there are none."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text())["figures"] if path.exists() else {}


def save(name: str, figures: Any) -> None:
    """Write figures as JSON, with the versions of packages and a description of the machine."""
    RESULTS.mkdir(exist_ok=True)
    packages = ("keras", keras.backend.backend(), "numpy")
    versions = {package: importlib.metadata.version(package) for package in packages}
    about = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        **versions,
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"about": about, "figures": figures}, indent=1) + "\n")
