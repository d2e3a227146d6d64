"""Messages carry plain data unchanged, and any other bytes are an error."""

import json
import socket
import time
from typing import Any

from ankeras.grading import wire
from ankeras.grading.session import Reference
from ankeras.grading.wire import PREFIX, WireError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

KINDS = ("?", "i1", "u1", "i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
DTYPES = st.sampled_from([f"{order}{kind}" for order in "<>" for kind in KINDS]).map(np.dtype)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
NAMES = st.text("abcXYZ_ é", max_size=100)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    INTEGERS,
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.builds(Reference, st.integers(0, 2**63 - 1), NAMES),
    arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, min_side=0, max_side=3)),
)
KEYS = st.text(max_size=5) | INTEGERS


def _inner(items: st.SearchStrategy) -> st.SearchStrategy:
    some = st.lists(items, max_size=4)
    return some | some.map(tuple) | st.dictionaries(KEYS, items, max_size=4)


PLAIN = st.recursive(LEAVES, _inner, max_leaves=12)


def decode(message: bytes) -> Any:
    _, header_size = PREFIX.unpack_from(message)
    return wire.decode(message[PREFIX.size :], header_size)


def same(found: Any, sent: Any) -> bool:
    """Whether both are equal, types included; NaN is NaN."""
    if isinstance(sent, np.ndarray):
        same_kind = found.dtype == sent.dtype.newbyteorder("<") and found.shape == sent.shape
        return same_kind and np.array_equal(found, sent, equal_nan=sent.dtype.kind in "fc")
    if type(found) is not type(sent):
        return False
    if isinstance(sent, list | tuple):
        return len(found) == len(sent) and all(map(same, found, sent))
    if isinstance(sent, dict):
        return list(found) == list(sent) and all(same(found[key], sent[key]) for key in sent)
    return repr(found) == repr(sent)


def is_plain(value: Any) -> bool:
    if type(value) in (list, tuple):
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(type(key) in (str, int) and is_plain(item) for key, item in value.items())
    if type(value) is np.ndarray:
        return value.dtype.kind in "biufc" and value.flags.owndata
    if type(value) is str:
        return value.encode() is not None
    if type(value) is Reference:
        return value.number >= 0 and value.class_name.isprintable() and len(value.class_name) < 1000
    return type(value) in (type(None), bool, int, float, bytes)


@given(PLAIN)
def test_plain_data_arrives_unchanged(value):
    assert same(decode(wire.encode(value)), value)


def reads_plain_data_or_fails(body: bytes, header_size: int) -> None:
    try:
        found = wire.decode(body, header_size)
    except WireError:
        return
    assert is_plain(found)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_are_an_error_or_plain_data(body, header_size):
    reads_plain_data_or_fails(body, header_size)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda items: st.lists(items, max_size=4) | st.dictionaries(st.text("ltdfbra"), items),
)
NUMBERS = st.integers(-2, 5) | st.sampled_from([2**31, 2**62, 2**63, 2**64, 10**30, True, 0.5, "4"])
FORGED = st.recursive(
    JSON,
    lambda items: st.one_of(
        st.builds(lambda kind, inner: {kind: inner}, st.sampled_from("ltd"), st.lists(items)),
        st.builds(lambda key, item: {"d": [[key, item]]}, KEYS | items, items),
        st.builds(lambda number, name: {"r": [number, name]}, NUMBERS, st.text() | items),
        st.builds(lambda size: {"b": size}, NUMBERS),
        st.builds(lambda text: {"f": text}, st.sampled_from(["nan", "inf", "1e9", "-inf", 5])),
        st.builds(
            lambda dtype, shape: {"a": [dtype, shape]},
            st.sampled_from(["<f4", "|u1", "<i8", "O", "|O", ">f4", "<U9", "V8", "f4,f4", 5, None]),
            st.lists(NUMBERS, max_size=5) | items,
        ),
    ),
    max_leaves=8,
)


@given(FORGED, st.binary(max_size=40))
def test_forged_messages_are_an_error_or_plain_data(forged, blobs):
    header = json.dumps(forged).encode()
    reads_plain_data_or_fails(header + blobs, len(header))


@given(PLAIN, st.data())
def test_damaged_messages_are_an_error_or_plain_data(value, data):
    message = bytearray(wire.encode(value))
    _, header_size = PREFIX.unpack_from(message)
    del message[: PREFIX.size]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(message)))
        new = data.draw(st.binary(max_size=3) | st.sampled_from([b'"', b"{", b"]", b"9", b"-"]))
        message[at : at + data.draw(st.integers(0, 3))] = new
    size = data.draw(st.just(header_size) | st.integers(0, len(message) + 5))
    reads_plain_data_or_fails(bytes(message), size)


HOSTILE = {
    "nested": b'{"l":[' * 100_000,
    "long integer": b"9" * 5000,
    "not a number": b'{"f":"0"}',
    "half a character": b'"\\ud83d"',
    "half a character as a key": b'{"d":[["\\ud83d",1]]}',
    "array of objects": b'{"a":["|O",[1]]}xxxxxxxx',
    "array of texts": b'{"a":["<U1",[1]]}xxxx',
    "bytes missing": b'{"a":["<f4",[2]]}xxxx',
    "bytes left over": b'{"a":["<f4",[1]]}xxxxx',
    "no bytes and beyond all memory": b'{"a":["<f4",[0,4611686018427387904]]}',
    "a negative size": b'{"b":-1}',
    "a true size": b'{"b":true}x',
    "a key that is a list": b'{"d":[[[1],1]]}',
    "two kinds": b'{"l":[],"t":[]}',
    "an unknown kind": b'{"o":"os.system"}',
    "no JSON": b"\x80\x04\x95",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages_are_errors(name):
    body = HOSTILE[name]
    end = body.rfind(b"}") + 1 or len(body)
    with pytest.raises(WireError):
        wire.decode(body, end if name != "nested" else len(body))


def test_a_message_of_too_many_arrays_is_an_error():
    arrays = ",".join(['{"a":["|u1",[0]]}'] * (wire.MAX_ARRAYS + 1))
    body = f'{{"l":[{arrays}]}}'.encode()
    with pytest.raises(WireError):
        wire.decode(body, len(body))


UNSENDABLE = {
    "object": (object(), "a object can't be sent"),
    "integer": (1 << 63, "an integer is too large"),
    "half a character": ("\ud83d", "not valid Unicode"),
    "key": ({1.5: 1}, "a key is neither a text nor an integer"),
    "large array": (np.zeros(20_000_000), "of 153 MB is too large"),
    "broadcast array": (np.broadcast_to(np.float32(0), (10**5, 10**5)), "is too large"),
    "array of no elements": (np.zeros((0, 2**40)), "is too large"),
    "array of objects": (np.array([object()]), "can't be sent"),
    "many arrays": ([np.zeros(1)] * 20_000, "more than 10000 arrays"),
    "much text": (["x" * 1_000_000] * 5, "5 MB of text"),
    "many bytes": (b"x" * 70_000_000, "of 67 MB is too large"),
    "nested": ([[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]], "nested too deeply"),
}


@pytest.mark.parametrize("name", UNSENDABLE)
def test_the_error_says_what_can_t_be_sent(name):
    value, why = UNSENDABLE[name]
    with pytest.raises(WireError, match=why):
        wire.encode(value)


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_messages_follow_each_other(ends):
    ours, theirs = ends
    for value in (1, {"value": np.arange(3)}, "ö"):
        wire.send(theirs, wire.encode(value), time.monotonic() + 5)
    found = [wire.receive(ours, time.monotonic() + 5) for _ in range(3)]
    assert same(found, [1, {"value": np.arange(3)}, "ö"])


def test_half_a_message_is_a_timeout(ends):
    ours, theirs = ends
    theirs.sendall(wire.encode("half of it")[:-3])
    with pytest.raises(TimeoutError):
        wire.receive(ours, time.monotonic() + 0.05)


def test_a_message_that_is_not_read_is_a_timeout(ends):
    ours, _ = ends
    with pytest.raises(TimeoutError):
        wire.send(ours, wire.encode(bytes(10_000_000)), time.monotonic() + 0.05)


def test_a_closed_connection_is_an_error(ends):
    ours, theirs = ends
    theirs.sendall(b"\0\0")
    theirs.close()
    with pytest.raises(WireError, match="the connection was closed"):
        wire.receive(ours)
    with pytest.raises(WireError, match="the connection was closed"):
        wire.send(ours, wire.encode(1))


@pytest.mark.parametrize("sizes", [(2**32 - 1, 1), (1, 2), (10**7, 10**7)])
def test_sizes_are_checked_before_anything_is_read(ends, sizes):
    ours, theirs = ends
    theirs.sendall(PREFIX.pack(*sizes))
    with pytest.raises(WireError, match="impossible size"):
        wire.receive(ours, time.monotonic() + 5)


if __name__ == "__main__":  # by hand: python tests/grading/test_wire.py
    many = settings(max_examples=25_000, deadline=None)
    many(test_plain_data_arrives_unchanged)()
    many(test_any_bytes_are_an_error_or_plain_data)()
    many(test_forged_messages_are_an_error_or_plain_data)()
    many(test_damaged_messages_are_an_error_or_plain_data)()
    print("100,000 messages")
