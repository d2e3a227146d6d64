"""What several tests need."""

import ankeras  # noqa: F401 - first, so that TensorFlow starts quietly
from ankeras.data import Dataset, digits

import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def digits_2000() -> Dataset:
    return digits(2000, seed=1)


@pytest.fixture(scope="session")
def tiny_images() -> np.ndarray:
    """Blurry blobs, 12x12, in [0, 1]: something small that can be learnt."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(3, 9, size=(96, 2, 1, 1))
    rows, columns = np.mgrid[:12, :12]
    distance = (rows - centres[:, 0]) ** 2 + (columns - centres[:, 1]) ** 2
    return np.exp(-distance / 6)[..., None].astype("float32")
