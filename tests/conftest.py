"""What several tests need."""

import json
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

from ankeras.data import Dataset, digits

import keras
import numpy as np
import pytest

if keras.backend.backend() == "tensorflow":
    import ankeras.training.tensorflow_patch  # noqa: F401 - as ankeras.setup does

# Files that take minutes: begun first, so that none is left to one process at the end.
LONG = (
    "test_labs.py",
    "test_later_labs.py",
    "test_attacks.py",
    "test_gradebook.py",
    "test_catalogue.py",
    "test_pretrained.py",
    "test_precision.py",
)
HERE = Path(__file__).parent
# These know no backend: they grade, draw data and pictures, read files, or start commands. What a
# network computes for them is tested elsewhere on each backend, so they run on TensorFlow alone.
WITHOUT_BACKEND = (
    *(str(file) for file in HERE.glob("data/test_*.py") if file.name != "test_stream.py"),
    "grading",
    "likelihood/test_levels.py",
    "pictures",
    # plain Keras models, trained by Keras's own step
    "autoencoders/test_classifier_initialization.py",
    "evaluation/test_readers.py",
    "evaluation/test_sample_quality.py",
    "test_cli.py",
    "test_layers.py",
    "test_notebooks.py",
    "test_repository.py",
    "test_startup.py",
)
collect_ignore = [] if keras.backend.backend() == "tensorflow" else list(WITHOUT_BACKEND)
# Folder where each process leaves its processor seconds by test; bench/ci_seconds.py reads it.
SECONDS = os.environ.get("ANKERAS_SECONDS")
STEP = 0.002  # of the weights, for differences: small, as L1 and ReLU have kinks


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)


def _processor_seconds(*whose: int) -> float:
    """Return the processor seconds that processes have used."""
    used = [resource.getrusage(who) for who in whose]
    return sum(each.ru_utime + each.ru_stime for each in used)


# This process, and those of its children that have ended.
FAMILY = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN


class _Seconds:
    """A pytest plugin that notes the processor seconds of each test, and of the rest.

    Args:
        folder: gets one file of JSON from each process that runs tests.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.of_test: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        before = _processor_seconds(*FAMILY)
        done = yield
        self.of_test[item.nodeid] = _processor_seconds(*FAMILY) - before
        return done

    def pytest_unconfigure(self) -> None:
        # Where no test was run, the children are workers of xdist, which note their own seconds.
        whose = FAMILY if self.of_test else [resource.RUSAGE_SELF]
        rest = _processor_seconds(*whose) - sum(self.of_test.values())
        backend = keras.backend.backend()
        found = {"backend": backend, "tests": self.of_test, "rest": rest}
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{backend}-{os.getpid()}.json").write_text(json.dumps(found))


def pytest_configure(config: pytest.Config) -> None:
    if SECONDS:
        config.pluginmanager.register(_Seconds(Path(SECONDS)), "ankeras-seconds")


@pytest.fixture(autouse=True)
def _start() -> Iterator[None]:
    """Start each test with the same seed, and set the precision back after it."""
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def step_by_hand() -> Callable[..., tuple[dict, list[float]]]:
    """Return a function that takes one step, and checks which loss each player descends."""
    return _step_by_hand


def _step_by_hand(
    model: keras.Model, data: tuple, losses: dict[str, Callable[[], float]], rate: float = 0.1
) -> tuple[dict, list[float]]:
    """Take one step of SGD; it must move each player against the slope of the player's loss.

    Args:
        model: the system.
        data: the arguments of `train_on_batch`.
        losses: the players in the order in which they move: the names of a player's networks,
            separated by spaces -> its loss, which the test computes from the networks' outputs.
        rate: learning rate. A player meets the moved networks of the players before it.

    Returns:
        The logs of the step, and each player's loss before it moves.
    """
    model.compile(*(keras.optimizers.SGD(rate) for _ in losses))
    players = {
        names: [w for name in names.split() for w in getattr(model, name).trainable_variables]
        for names in losses
    }
    before = {names: _values(weights) for names, weights in players.items()}
    logs = model.train_on_batch(*data, return_dict=True)
    after = {names: _values(weights) for names, weights in players.items()}
    for names, weights in players.items():
        _assign(weights, before[names])
    found = []
    for names, loss in losses.items():
        found.append(loss())
        start = before[names]
        gradient = [(a - b) / rate for a, b in zip(start, after[names], strict=True)]
        length = _dot(gradient, gradient) ** 0.5
        assert length > 1e-3, names
        rng = np.random.default_rng(0)
        ways = [[rng.normal(size=w.shape) for w in start] for _ in range(2)]
        for way in (gradient, *ways):
            unit = [part / _dot(way, way) ** 0.5 for part in way]
            ends = []
            for step in (STEP, -STEP):
                moved = [w + step * part for w, part in zip(start, unit, strict=True)]
                _assign(players[names], moved)
                ends.append(loss())
            slope = (ends[0] - ends[1]) / (2 * STEP)
            wanted = pytest.approx(slope, rel=0.05, abs=0.01 * length)
            assert _dot(gradient, unit) == wanted, names
        _assign(players[names], after[names])
    return logs, found


@pytest.fixture(scope="session")
def losses_by_hand() -> Callable[..., None]:
    """Return a check of the losses that a system logs and descends."""
    return _losses_by_hand


def _losses_by_hand(
    model: keras.Model,
    data: tuple,
    by_hand: Callable[..., dict[str, float]],
    players: dict[str, str],
    *,
    rate: float = 0.1,
    rel: float = 1e-4,
) -> None:
    """Compare what `evaluate` logs, and what a step logs and descends, with losses by hand.

    Args:
        model: the compiled system.
        data: its images, and their targets.
        by_hand: (model, *data, training) -> the logs, computed from the outputs of the networks.
        players: the names of a player's networks, as in `_step_by_hand` -> the name of its loss.
        rate: as in `_step_by_hand`.
        rel: the largest relative error of a log of `evaluate`.
    """
    logs = model.evaluate(*data, batch_size=len(data[0]), verbose=0, return_dict=True)
    expected = by_hand(model, *data, training=False)
    assert {name: logs[name] for name in expected} == pytest.approx(expected, rel=rel)
    losses = {
        names: lambda loss=loss: by_hand(model, *data, training=True)[loss]
        for names, loss in players.items()
    }
    logs, found = _step_by_hand(model, data, losses, rate)
    assert [logs[loss] for loss in players.values()] == pytest.approx(found, rel=1e-3)


def _values(weights: list) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(w)) for w in weights]


def _assign(weights: list, values: list[np.ndarray]) -> None:
    for weight, value in zip(weights, values, strict=True):
        weight.assign(value)


def _dot(a: list[np.ndarray], b: list[np.ndarray]) -> float:
    return sum(float(np.sum(x * y)) for x, y in zip(a, b, strict=True))


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


@pytest.fixture
def draw_kernels() -> Callable[..., None]:
    """Return what gives a network random kernels that are the same on each backend.

    Where a tiny network must learn within a few steps, its initial weights decide.
    """

    def draw(network: keras.Model, gain: float = 1.0, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        for weight in network.weights:
            if len(weight.shape) > 1:
                kernel = rng.normal(size=weight.shape)
                weight.assign(gain * kernel / np.sqrt(np.prod(weight.shape[:-1])))

    return draw
