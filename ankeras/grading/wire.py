"""Messages between the judge and a worker: JSON, followed by the bytes of the arrays.

A submission may forge the messages that the judge decodes. So nothing in them is executed, sizes
are checked before memory is used, and a message that differs from this form is a WireError. The
JSON part has a separate, lower limit: a few bytes of it can become large Python objects.
"""

import json
import math
import socket
import struct
import time
from typing import Any

from ankeras.grading.session import Reference
from ankeras.grading.submission import shown

import numpy as np

MAX_MESSAGE = 64 * 2**20  # bytes
MAX_HEADER = 4 * 2**20
MAX_ARRAYS = 10_000
MAX_DEPTH = 16
MAX_INTEGER = 2**63
DTYPES = frozenset(
    f"{order}{kind}"
    for order, kinds in (
        ("|", ("b1", "i1", "u1")),
        ("<", ("i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")),
    )
    for kind in kinds
)
PREFIX = struct.Struct("!II")  # the size of the message, and the size of its JSON, in bytes


class WireError(Exception):
    """A message has a wrong form, is too large, or is incomplete."""


def encode(value: Any) -> bytes:
    """Return a value as a message.

    Args:
        value: a number, string, bytes, None, array or reference, or a list, tuple or dictionary of
            such values.

    Raises:
        WireError: if the value contains anything else, or is too large.
    """
    blobs: list[bytes] = []
    packed = _pack(value, blobs, 0)
    try:
        header = json.dumps(packed, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise WireError("a text is not valid Unicode") from None
    size = len(header) + sum(map(len, blobs))
    _check_size(size)
    if len(header) > MAX_HEADER:
        raise WireError(f"an answer with {len(header) / 2**20:.0f} MB of text is too large")
    return b"".join([PREFIX.pack(size, len(header)), header, *blobs])


def decode(body: bytes, header_size: int) -> Any:
    """Return the value of a message.

    Args:
        body: the message without its prefix.
        header_size: the size of its JSON, in bytes.

    Raises:
        WireError: if the message has a wrong form.
    """
    try:
        header = json.loads(body[:header_size].decode())
        reader = _Reader(memoryview(body), header_size)
        found = reader.unpack(header, 0)
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as error:
        raise WireError(f"not a message: {type(error).__name__}") from None
    if reader.at != len(body):
        raise WireError("not a message: bytes are left over")
    return found


def send(connection: socket.socket, message: bytes, deadline: float | None = None) -> None:
    """Send a message.

    Args:
        connection: a stream socket.
        message: from `encode`.
        deadline: a time of `time.monotonic()`. Default: wait without end.

    Raises:
        TimeoutError: if the other side has not received it by then.
        WireError: if the other side has closed the connection.
    """
    _wait_until(connection, deadline)
    try:
        connection.sendall(message)
    except TimeoutError:
        raise
    except OSError as error:
        raise WireError(f"the connection was closed ({error})") from None


def receive(connection: socket.socket, deadline: float | None = None) -> Any:
    """Receive a message, and return its value.

    Args:
        connection: a stream socket.
        deadline: a time of `time.monotonic()`. Default: wait without end.

    Raises:
        TimeoutError: if the whole message has not arrived by then.
        WireError: if the other side has closed the connection, or the message has a wrong form.
    """
    size, header_size = PREFIX.unpack(_read(connection, PREFIX.size, deadline))
    if not header_size <= size <= MAX_MESSAGE or header_size > MAX_HEADER:
        raise WireError("a message of impossible size")
    return decode(_read(connection, size, deadline), header_size)


def _read(connection: socket.socket, size: int, deadline: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        _wait_until(connection, deadline)
        try:
            part = connection.recv(min(size - len(parts), 2**20))
        except TimeoutError:
            raise
        except OSError as error:
            raise WireError(f"the connection was closed ({error})") from None
        if not part:
            raise WireError("the connection was closed")
        parts += part
    return bytes(parts)


def _wait_until(connection: socket.socket, deadline: float | None) -> None:
    remaining = None if deadline is None else deadline - time.monotonic()
    if remaining is not None and remaining <= 0:
        raise TimeoutError
    connection.settimeout(remaining)


def _check_size(size: int) -> None:
    if size > MAX_MESSAGE:
        raise WireError(f"an answer of {size / 2**20:.0f} MB is too large")


def _pack(value: Any, blobs: list[bytes], depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError("an answer is nested too deeply")
    if value is None or type(value) is bool:
        return value
    if type(value) is str:
        _check_size(len(value))
        return value
    if type(value) is int:
        if not -MAX_INTEGER <= value < MAX_INTEGER:
            raise WireError("an integer is too large")
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"f": repr(value)}
    return _pack_container(value, blobs, depth)


def _pack_container(value: Any, blobs: list[bytes], depth: int) -> dict[str, Any]:
    if type(value) in (list, tuple):
        items = [_pack(item, blobs, depth + 1) for item in value]
        return {"l" if type(value) is list else "t": items}
    if type(value) is dict:
        if not all(type(key) in (str, int) for key in value):
            raise WireError("a key is neither a text nor an integer")
        return {"d": [[_pack(k, blobs, 0), _pack(v, blobs, depth + 1)] for k, v in value.items()]}
    if type(value) is bytes:
        _check_size(len(value))
        blobs.append(value)
        return {"b": len(value)}
    if type(value) is Reference:
        return {"r": [value.number, value.class_name]}
    if type(value) is np.ndarray:
        if len(blobs) >= MAX_ARRAYS:
            raise WireError(f"an answer of more than {MAX_ARRAYS} arrays is too large")
        if not _is_shape(list(value.shape)):
            raise WireError(f"an array of shape {value.shape} is too large")
        _check_size(value.nbytes)  # before memory is taken for a copy
        array = np.ascontiguousarray(value).reshape(value.shape)
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if array.dtype.str in DTYPES:
            blobs.append(array.tobytes())
            return {"a": [array.dtype.str, list(array.shape)]}
    raise WireError(f"a {type(value).__name__} can't be sent")


class _Reader:
    """Decodes a message, and checks every part of it.

    Args:
        body: the message.
        at: where the next bytes of an array start.
    """

    def __init__(self, body: memoryview, at: int) -> None:
        self.body = body
        self.at = at
        self.arrays = 0

    def unpack(self, packed: Any, depth: int) -> Any:
        """Return the value of one part of the JSON."""
        if depth > MAX_DEPTH:
            raise WireError("a message is nested too deeply")
        if packed is None or type(packed) in (bool, float):
            return packed
        if type(packed) is str:
            packed.encode()  # raises for half of a surrogate pair, which can't be written to a file
            return packed
        if type(packed) is int:
            if not -MAX_INTEGER <= packed < MAX_INTEGER:
                raise WireError("an integer is too large")
            return packed
        if type(packed) is not dict or len(packed) != 1:
            raise WireError("not a message")
        ((kind, content),) = packed.items()
        if kind in ("l", "t") and type(content) is list:
            items = [self.unpack(item, depth + 1) for item in content]
            return items if kind == "l" else tuple(items)
        if kind == "d":
            return {self._key(key): self.unpack(item, depth + 1) for key, item in content}
        return self._leaf(kind, content)

    def _key(self, key: Any) -> str | int:
        if type(key) not in (str, int):
            raise WireError("a key is neither a text nor an integer")
        return self.unpack(key, 0)

    def _leaf(self, kind: str, content: Any) -> Any:
        if kind == "f" and content in ("nan", "inf", "-inf"):
            return float(content)
        if kind == "b" and type(content) is int and content >= 0:
            return bytes(self._blob(content))
        if kind == "r":
            number, class_name = content
            if type(number) is int and number >= 0 and type(class_name) is str:
                return Reference(self.unpack(number, 0), shown(class_name[:100]))
        if kind == "a":
            dtype, shape = content
            if dtype in DTYPES and _is_shape(shape) and self.arrays < MAX_ARRAYS:
                self.arrays += 1
                size = math.prod(shape) * np.dtype(dtype).itemsize
                return np.frombuffer(self._blob(size), dtype).reshape(shape).copy()
        raise WireError("not a message")

    def _blob(self, size: int) -> memoryview:
        if size > len(self.body) - self.at:
            raise WireError("not a message: bytes are missing")
        self.at += size
        return self.body[self.at - size : self.at]


def _is_shape(shape: Any) -> bool:
    """Whether it is the shape of an array that is small enough.

    Sizes of zero are ignored in the check: NumPy can't make an array of shape (0, 2 ** 62) either.
    """
    if type(shape) is not list or len(shape) > MAX_DEPTH:
        return False
    if not all(type(n) is int and n >= 0 for n in shape):
        return False
    return math.prod(n for n in shape if n) <= MAX_MESSAGE
