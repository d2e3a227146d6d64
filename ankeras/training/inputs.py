"""What `fit` and `evaluate` may be given, and a look at the first batch of it.

Arrays and tensors are checked as a whole. Of a `tf.data.Dataset`, a `keras.utils.PyDataset`, a
generator or a PyTorch `DataLoader`, the first batch is checked.
"""

import contextlib
import itertools
import sys
from collections.abc import Callable, Iterator
from types import GeneratorType
from typing import Any

import keras
import numpy as np

Look = Callable[[np.ndarray, np.ndarray | None, np.ndarray | None], None]


class Watch:
    """Looks at images, targets and weights before a model learns from them.

    Args:
        look: raises a ValueError if a model can't learn from (images, targets, weights). Targets
            and weights may be None.
        smallest: number of images that a batch needs.

    Attributes:
        error: what `look` raised. A running pipeline of batches would hide its sentence.
    """

    def __init__(self, look: Look, smallest: int = 1) -> None:
        self.look = look
        self.smallest = smallest
        self.error: ValueError | None = None

    def tell(self) -> None:
        """Raise the error of a pipeline of batches, if there is one."""
        if self.error is not None:
            raise self.error from None

    def checked(self, x: Any, y: Any = None, weights: Any = None) -> tuple[Any, Any, Any]:
        """Return what Keras is to be given for x, y and weights.

        Raises:
            ValueError: if a model can't learn from it.
        """
        if x is None:
            raise ValueError("There is no data: give the images, or whatever the system reads.")
        if isinstance(x, list | tuple | dict):
            raise ValueError(
                f"x is a {type(x).__name__} of {len(x)}: give the images as one array, such as "
                f"np.stack(x)."
            )
        if _is(x, "tensorflow", "data.Dataset"):
            return self._watched(x), y, weights
        if isinstance(x, keras.utils.PyDataset):
            first = x[0]
            self._look_at(first)
            x = Float32Batches(x) if any(map(_is_other_float, _parts(first))) else x
        elif isinstance(x, GeneratorType):
            x = self._each(x)
        elif _is(x, "torch", "utils.data.DataLoader"):
            self._look_at(next(iter(x)))
        elif is_array(x):
            y, weights = (np.asarray(a) if isinstance(a, list | tuple) else a for a in (y, weights))
            self._look_at((x, y, weights))
        return x, y, weights

    def tensors(self, *batch: Any) -> list[Any]:
        """Return images, targets and weights of one batch as tensors.

        Raises:
            ValueError: if a model can't learn from them.
        """
        checked = self.checked(*batch)
        parts = map(as_float32, checked)
        return [None if part is None else keras.ops.convert_to_tensor(part) for part in parts]

    def _look_at(self, batch: Any) -> None:
        try:
            self._judge(*keras.utils.unpack_x_y_sample_weight(batch))
        except ValueError as error:
            self.error = error
            raise

    def _judge(self, x: Any, y: Any, weights: Any) -> None:
        if not is_array(x):
            raise ValueError(f"A batch holds a {type(x).__name__}: it must begin with the images.")
        if len(x) < self.smallest:
            raise ValueError(
                f"A batch holds {len(x)} images, but each batch needs at least {self.smallest}."
            )
        self.look(as_numpy(x), *(None if a is None else as_numpy(a) for a in (y, weights)))

    def _each(self, batches: Iterator) -> Iterator:
        """Return the batches of a generator; the first one and each small one are checked."""
        first = next(batches, None)
        if first is None:
            raise ValueError("The generator yields no batch.")
        self._look_at(first)

        def rest() -> Iterator:
            for batch in batches:
                if len(keras.utils.unpack_x_y_sample_weight(batch)[0]) < self.smallest:
                    self._look_at(batch)
                yield batch

        return (in_float32(batch) for batch in itertools.chain([first], rest()))

    def _watched(self, dataset: Any) -> Any:
        """Return a data set with the same batches, which checks the first and each small one.

        The check runs within the pipeline: to take a batch out of it before the training would
        fill its buffers twice.
        """
        tf = sys.modules["tensorflow"]

        def run(*parts: np.ndarray) -> bool:
            with contextlib.suppress(ValueError):  # the pipeline stops below
                self._look_at(tf.nest.pack_sequence_as(dataset.element_spec, parts))
            return self.error is None

        def converted(part: Any) -> Any:
            wide = part.dtype in (tf.float64, tf.float16)
            return tf.cast(part, tf.float32) if wide else tf.identity(part)

        def check(i: Any, batch: Any) -> Any:
            parts = tf.nest.flatten(batch)
            to_check = tf.logical_or(i == 0, tf.shape(parts[0])[0] < self.smallest)
            passed = tf.cond(to_check, lambda: tf.numpy_function(run, parts, tf.bool), lambda: True)
            with tf.control_dependencies([tf.debugging.Assert(passed, ["data"])]):
                return tf.nest.map_structure(converted, batch)

        if any(not hasattr(spec, "shape") for spec in tf.nest.flatten(dataset.element_spec)):
            return dataset
        return dataset.enumerate().map(check)


class Float32Batches(keras.utils.PyDataset):
    """The batches of a `PyDataset`, with numbers of 64 or 16 bits as float32.

    Args:
        batches: the data set.
    """

    def __init__(self, batches: keras.utils.PyDataset) -> None:
        super().__init__(batches.workers, batches.use_multiprocessing, batches.max_queue_size)
        self.batches = batches

    @property
    def num_batches(self) -> int | None:
        """The number of batches, or None if there is no end."""
        return self.batches.num_batches

    def __getitem__(self, i: int) -> Any:
        """Return a batch."""
        return in_float32(self.batches[i])

    def on_epoch_begin(self) -> None:
        """Tell the data set."""
        self.batches.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Tell the data set."""
        self.batches.on_epoch_end()


def in_float32(batch: Any) -> tuple:
    """Return a batch as a tuple of its parts, arrays of 64 or 16 bits as float32."""
    return tuple(map(as_float32, _parts(batch)))


def as_float32(part: Any) -> Any:
    """Return an array or tensor of float64 or float16 as float32, and anything else as it is."""
    if not _is_other_float(part):
        return part
    is_numpy = isinstance(part, np.ndarray)
    return part.astype("float32") if is_numpy else keras.ops.cast(part, "float32")


def _parts(batch: Any) -> Any:
    return batch if isinstance(batch, list | tuple) else (batch,)


def _is_other_float(part: Any) -> bool:
    """Return whether an array or tensor of any package holds float64 or float16."""
    dtype = getattr(part, "dtype", None)
    name = str(getattr(dtype, "name", dtype)).removeprefix("torch.")
    return name in ("float64", "float16")


def is_array(x: Any) -> bool:
    """Return whether x is an array or a tensor of a backend."""
    return isinstance(x, np.ndarray) or (hasattr(x, "shape") and hasattr(x, "__array__"))


def as_numpy(x: Any) -> np.ndarray:
    """Return an array or tensor as a NumPy array."""
    return x if isinstance(x, np.ndarray) else keras.ops.convert_to_numpy(x)


def _is(x: Any, package: str, name: str) -> bool:
    """Return whether x is of a class of a package that need not be imported."""
    found: Any = sys.modules.get(package)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is not None and isinstance(x, found)
