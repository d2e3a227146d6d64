"""Tests of the reader of PyTorch files, with files that are written here byte by byte."""

import os
import pickle
import struct

from ankeras.builders.torch_weights import MAGIC, PROTOCOL, read_torch_weights

import numpy as np
import pytest

VALUES = np.arange(6, dtype="<f4").tobytes()
# What PyTorch's pickle says of a tensor: GLOBAL, then the storage, offset, shape and strides.
TENSOR = (
    b"\x80\x02}U\x06kernelctorch._utils\n_rebuild_tensor_v2\n"
    b"((U\x07storagectorch\nFloatStorage\nU\x011U\x03cpuK\x06NtQ"
    b"K%c(K\x02K\x03t(K%cK%ct\x89}tRs."
)


def written(tensors=TENSOR % (0, 1, 2), values=VALUES, n=6):
    head = [pickle.dumps(part, 2) for part in (MAGIC, PROTOCOL, {})]
    keys = pickle.dumps(["1"], 2)
    return b"".join([*head, tensors, keys, struct.pack("<q", n), values])


def test_values_are_read_along_their_strides():
    (found,) = read_torch_weights(written()).values()
    np.testing.assert_array_equal(found, [[0, 2, 4], [1, 3, 5]])
    contiguous = read_torch_weights(written(TENSOR % (0, 3, 1)))["kernel"]
    np.testing.assert_array_equal(contiguous, [[0, 1, 2], [3, 4, 5]])
    one_value = read_torch_weights(written(TENSOR % (5, 0, 0)))["kernel"]
    np.testing.assert_array_equal(one_value, np.full((2, 3), 5))


class Command:
    def __reduce__(self):
        return os.system, ("exit 1",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (written(pickle.dumps(Command(), 2)), "asks for posix.system, but only tensors"),
        (written(b"\x80\x02cbuiltins\neval\n."), "asks for builtins.eval"),
        (written(b"\x80\x02ctorch\nload\n."), "asks for torch.load"),
        (written(pickle.dumps([1], 2)), "something else than a dictionary of tensors"),
        (written(TENSOR % (1, 1, 2)), "reaches beyond its values"),
        (written(values=VALUES[:-1]), "ends within its values"),
        (written()[:60], "damaged"),
        (b"", "damaged"),
        (pickle.dumps(1) * 3, "no PyTorch file of the format"),
        (b"PK\x03\x04 a newer file", "damaged"),
    ],
)
def test_all_else_is_refused(content, why):
    with pytest.raises(ValueError, match=why):
        read_torch_weights(content)
