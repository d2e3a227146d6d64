"""Messages between judge and judged: JSON, with the numbers of arrays as raw bytes behind it.

The judge decodes what a submission may have forged: nothing is executed, sizes are checked before
memory is taken, and whatever is not exactly of this form is a WireError.
"""

import json
import math
import socket
import struct
import time
from typing import Any

from ankeras.grading.session import Reference

import numpy as np

MAX_MESSAGE = 64 * 2**20  # bytes
MAX_HEADER = 8 * 2**20
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
PREFIX = struct.Struct("!II")  # bytes of the message, bytes of its JSON


class WireError(Exception):
    """A message is not of the agreed form, too large, or cut off."""


def encode(value: Any) -> bytes:
    """Return a message.

    Args:
        value: numbers, strings, bytes, None, arrays, references; lists, tuples, dictionaries of
            these.

    Raises:
        WireError: if there is anything else in it, or it is too large.
    """
    blobs: list[bytes] = []
    header = json.dumps(_pack(value, blobs, 0), allow_nan=False).encode()
    size = len(header) + sum(map(len, blobs))
    if size > MAX_MESSAGE or len(header) > MAX_HEADER:
        raise WireError(f"an answer of {size / 2**20:.0f} MB is too large")
    return b"".join([PREFIX.pack(size, len(header)), header, *blobs])


def decode(body: bytes, header_size: int) -> Any:
    """Read a message, without its prefix.

    Raises:
        WireError: if it is not of the agreed form.
    """
    try:
        header = json.loads(body[:header_size].decode())
        found, end = _unpack(header, memoryview(body), header_size, 0)
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as error:
        raise WireError(f"not a message: {type(error).__name__}") from None
    if end != len(body):
        raise WireError("not a message: bytes are left over")
    return found


def send(connection: socket.socket, value: Any) -> None:
    """Send a message.

    Raises:
        WireError: if it can't be sent.
    """
    try:
        connection.sendall(encode(value))
    except OSError as error:
        raise WireError(f"the other side is gone ({error})") from None


def receive(connection: socket.socket, deadline: float | None = None) -> Any:
    """Receive a message.

    Args:
        connection: a stream socket.
        deadline: by `time.monotonic()`. Default: wait for ever.

    Raises:
        TimeoutError: if the whole message is not there by then.
        WireError: if the other side is gone, or the message is not of the agreed form.
    """
    size, header_size = PREFIX.unpack(_read(connection, PREFIX.size, deadline))
    if not header_size <= size <= MAX_MESSAGE or header_size > MAX_HEADER:
        raise WireError("a message of impossible size")
    return decode(_read(connection, size, deadline), header_size)


def _read(connection: socket.socket, size: int, deadline: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        if deadline is None:
            connection.settimeout(None)
        else:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            connection.settimeout(remaining)
        try:
            part = connection.recv(min(size - len(parts), 2**20))
        except TimeoutError:
            raise
        except OSError as error:
            raise WireError(f"the other side is gone ({error})") from None
        if not part:
            raise WireError("the other side is gone")
        parts += part
    return bytes(parts)


def _pack(value: Any, blobs: list[bytes], depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError("an answer is nested too deep")
    if value is None or type(value) in (bool, str):
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
        return {
            "d": [
                [_pack(k, blobs, depth + 1), _pack(v, blobs, depth + 1)] for k, v in value.items()
            ]
        }
    if type(value) is bytes:
        blobs.append(value)
        return {"b": len(value)}
    if type(value) is Reference:
        return {"r": [value.number, value.class_name]}
    if type(value) is np.ndarray:
        array = np.ascontiguousarray(value).reshape(value.shape)
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if array.dtype.str in DTYPES:
            blobs.append(array.tobytes())
            return {"a": [array.dtype.str, list(array.shape)]}
    raise WireError(f"a {type(value).__name__} can't be sent")


def _unpack(packed: Any, body: memoryview, at: int, depth: int) -> tuple[Any, int]:
    """Return the value, and where the next blob starts."""
    if depth > MAX_DEPTH:
        raise WireError("a message is nested too deep")
    if packed is None or type(packed) in (bool, str, float):
        return packed, at
    if type(packed) is int:
        if not -MAX_INTEGER <= packed < MAX_INTEGER:
            raise WireError("an integer is too large")
        return packed, at
    if type(packed) is not dict or len(packed) != 1:
        raise WireError("not a message")
    ((kind, content),) = packed.items()
    if kind in ("l", "t"):
        items = []
        for item in content:
            found, at = _unpack(item, body, at, depth + 1)
            items.append(found)
        return (items if kind == "l" else tuple(items)), at
    if kind == "d":
        entries = {}
        for key, item in content:
            if type(key) not in (str, int):
                raise WireError("a key is no text or number")
            entries[key], at = _unpack(item, body, at, depth + 1)
        return entries, at
    return _unpack_leaf(kind, content, body, at)


def _unpack_leaf(kind: str, content: Any, body: memoryview, at: int) -> tuple[Any, int]:
    if kind == "f" and content in ("nan", "inf", "-inf"):
        return float(content), at
    if kind == "b" and type(content) is int and 0 <= content <= len(body) - at:
        return bytes(body[at : at + content]), at + content
    if kind == "r":
        number, class_name = content
        if type(number) is int and number >= 0 and type(class_name) is str:
            return Reference(number, class_name[:100]), at
    if kind == "a":
        dtype, shape = content
        sizes_fit = len(shape) <= MAX_DEPTH and all(type(n) is int and n >= 0 for n in shape)
        if dtype in DTYPES and sizes_fit:
            size = math.prod(shape) * np.dtype(dtype).itemsize
            if size <= len(body) - at:
                array = np.frombuffer(body[at : at + size], dtype).reshape(shape).copy()
                return array, at + size
    raise WireError("not a message")
