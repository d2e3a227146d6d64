"""Reads the tensors of a PyTorch file with NumPy; PyTorch is not needed, and no code is run.

It reads the format that PyTorch wrote before version 1.6: five pickles one after another, and then
the storages. A pickle can call any function that it names. So the unpickler here knows four names,
of which none runs code of the file, and refuses all others.
"""

import io
import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
KINDS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Storage(NamedTuple):
    """The place of a tensor's values: the key of a storage, its type and its number of values."""

    key: str
    dtype: np.dtype
    size: int


class _Tensor(NamedTuple):
    """A tensor as the file describes it; offset and strides are counted in values."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _tensor(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


class _OnlyTensors(pickle.Unpickler):
    """An unpickler that makes nothing but descriptions of tensors, in an ordered dictionary."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in KINDS:
            return KINDS[name]
        raise ValueError(f"The file asks for {module}.{name}, but only tensors are read.")

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, size, view = pid
        if view is not None:
            raise ValueError("The file holds a view of a storage, which is not read.")
        return _Storage(key, dtype, size)


def read_torch_weights(content: bytes) -> Mapping[str, np.ndarray]:
    """Return the tensors of a PyTorch file by name, in the order of the file.

    Args:
        content: the bytes of a file that holds a dictionary of tensors (a "state dict").

    Returns:
        name -> an array of the tensor's shape. A tensor's values may lie in any order in the file:
        its strides say where each one is.

    Raises:
        ValueError: if the content is not such a file, is damaged, or asks for anything but tensors.
    """
    try:
        return _read(io.BytesIO(content))
    except (pickle.UnpicklingError, EOFError, struct.error, TypeError, IndexError) as error:
        raise ValueError(f"This is no PyTorch file, or it is damaged: {error}.") from error


def _read(file: io.BytesIO) -> Mapping[str, np.ndarray]:
    magic, protocol, _ = (_OnlyTensors(file).load() for _ in range(3))
    if (magic, protocol) != (MAGIC, PROTOCOL):
        raise ValueError("This is no PyTorch file of the format before version 1.6.")
    tensors = _OnlyTensors(file).load()
    keys = _OnlyTensors(file).load()
    if not isinstance(tensors, dict) or not all(isinstance(t, _Tensor) for t in tensors.values()):
        raise ValueError("The file holds something else than a dictionary of tensors.")
    dtypes = {tensor.storage.key: tensor.storage.dtype for tensor in tensors.values()}
    values = {}
    for key in keys:
        (n,) = struct.unpack("<q", file.read(8))
        size = n * dtypes[key].itemsize
        stored = file.read(size)
        if n < 0 or len(stored) != size:
            raise ValueError("The file ends within its values.")
        values[key] = np.frombuffer(stored, dtypes[key])
    return {name: _strided(tensor, values[tensor.storage.key]) for name, tensor in tensors.items()}


def _strided(tensor: _Tensor, values: np.ndarray) -> np.ndarray:
    """Return value [i, j, ...] of a tensor from place offset + i s_0 + j s_1 + ... ."""
    places = np.full(tensor.shape, tensor.offset)
    for axis, (n, stride) in enumerate(zip(tensor.shape, tensor.strides, strict=True)):
        places += np.arange(n).reshape(-1, *[1] * (len(tensor.shape) - axis - 1)) * stride
    if places.size and not (places.min() >= 0 and places.max() < len(values)):
        raise ValueError("A tensor of the file reaches beyond its values.")
    return values[places]
