"""What several tests need."""

from collections.abc import Callable, Iterator

from ankeras.data import Dataset, digits

import keras
import numpy as np
import pytest

if keras.backend.backend() == "tensorflow":
    import ankeras.training.tensorflow_patch  # noqa: F401 - as ankeras.setup does

# Files that take minutes: begun first, so that none is left to one process at the end.
LONG = (
    "test_labs.py",
    "test_attacks.py",
    "test_gradebook.py",
    "test_release.py",
    "test_catalogue.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


@pytest.fixture
def restored_policy() -> Iterator[None]:
    """Let a test set the precision."""
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


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


@pytest.fixture
def bars() -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """Return what draws n images, 12x12, and their labels: 0, left half bright; 1, top half."""

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 2, n)
        images = rng.uniform(0, 0.2, (n, 12, 12, 1)).astype("float32")
        images[labels == 0, :, :6] += 0.8
        images[labels == 1, :6] += 0.8
        return images, labels

    return draw
