"""The format of messages: what goes in comes out, and a hostile frame raises WireError and nothing else."""

import json
import math
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from tinygrade.worker import wire
from tinygrade.worker.wire import Frames, HandleRef, WireError, encode

DTYPES = ["<f2", "<f4", "<f8", "<i2", "<i4", "<i8", "<u2", "<u4", "<u8", "|i1", "|u1", "|b1"]
few = settings(max_examples=60, deadline=None)

INT = st.integers(-wire.MAX_INT + 1, wire.MAX_INT - 1)
SCALARS = st.none() | st.booleans() | INT | st.floats() | st.text(st.characters())
ARRAYS = st.sampled_from(DTYPES).flatmap(lambda d: nps.arrays(d, nps.array_shapes(min_dims=0, min_side=0, max_side=4)))
KEYS = st.none() | st.booleans() | INT | st.floats(allow_nan=False) | st.text()
SLICES = st.builds(slice, st.none() | INT, st.none() | INT, st.none() | INT)
VALUES = st.recursive(
    SCALARS | ARRAYS | SLICES | st.sampled_from([np.float64(1.5), np.int32(-3), np.bool_(True)]),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


def read(data, size=None):
    """The only value in these bytes, fed in pieces of `size`."""
    frames = Frames()
    for start in range(0, len(data), size or max(1, len(data))):
        frames.feed(data[start : start + (size or len(data))])
    return frames.next()


def round_trip(value, size=None):
    ready = read(b"".join(encode(value)), size)
    assert ready is not None
    return ready[0]


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(map(same, a.items(), b.items()))
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def frame(value=0, arrays=(), payload=b""):
    return raw(json.dumps({"value": value, "arrays": list(arrays)}).encode(), payload)


def raw(header, payload=b""):
    return struct.pack(">I", len(header)) + header + payload


# ---- round trips -------------------------------------------------------------------------------------


@few
@given(VALUES, st.integers(1, 50))
def test_what_is_sent_arrives(value, size):
    assert same(round_trip(value, size), value)


@few
@given(st.lists(VALUES, min_size=2, max_size=4))
def test_frames_that_arrive_together_stay_apart(values):
    frames = Frames()
    frames.feed(b"".join(piece for value in values for piece in encode(value)))
    for value in values:
        ready = frames.next()
        assert ready is not None
        assert same(ready[0], value)
    assert frames.next() is None


@few
@given(VALUES, st.data())
def test_a_frame_that_is_cut_off_waits_for_the_rest(value, data):
    whole = b"".join(encode(value))
    cut = data.draw(st.integers(0, len(whole) - 1))
    frames = Frames()
    frames.feed(whole[:cut])
    assert frames.next() is None
    frames.feed(whole[cut:])
    ready = frames.next()
    assert ready is not None
    assert same(ready[0], value)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3), (1,) * 8])
def test_arrays_of_every_allowed_kind(dtype, shape):
    array = np.ones(shape, dtype)
    assert same(round_trip(array), array)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(12.0)[::-3],
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.broadcast_to(np.float32(2), (3, 2)),
        np.arange(24)[::2].reshape(3, 4)[:, 1:3],
    ],
)
def test_arrays_that_are_not_contiguous(array):
    got = round_trip(array)
    assert got.dtype == array.dtype
    np.testing.assert_array_equal(got, array)


@pytest.mark.parametrize("dtype", [">f8", ">i4", ">u2", ">f2"])
def test_big_endian_arrays_keep_their_numbers(dtype):
    got = round_trip(np.array([1, 2, 300], dtype))
    assert got.dtype.str == "<" + dtype[1:]
    assert got.tolist() == [1, 2, 300]


def test_an_array_that_arrives_owns_its_memory():
    got = round_trip(np.arange(3.0))
    assert got.flags.writeable
    assert got.flags.owndata
    assert got.flags.aligned


def test_handles_travel_as_number_and_type():
    got = round_trip([HandleRef(7, "Tensor")])[0]
    assert (type(got), got.id, got.type) == (HandleRef, 7, "Tensor")


def test_objects_are_referred_to_when_asked():
    sent = object()
    got = read(b"".join(encode({"a": sent}, lambda value: HandleRef(int(value is sent), "x"))))
    assert got is not None
    assert got[0]["a"].id == 1


@pytest.mark.parametrize("number", [wire.MAX_INT - 1, 1 - wire.MAX_INT])
def test_the_largest_integers(number):
    assert round_trip(number) == number


def test_the_largest_array_fits():
    assert round_trip(np.zeros(wire.MAX_ARRAY, np.uint8)).nbytes == wire.MAX_ARRAY


# ---- refusals of the writer --------------------------------------------------------------------------


def nest(depth, make=lambda inner: [inner]):
    value = 1
    for _ in range(depth):
        value = make(value)
    return value


CYCLE = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"bytes",
        1j,
        range(3),
        lambda: 0,
        np.array([1j]),
        np.array(["text"]),
        np.array([object()]),
        np.array([None, [1]], dtype=object),
        np.array([1], "M8[s]"),
        np.zeros(1, [("a", "f8")]),
        np.longdouble(1),
        np.str_("text"),
        np.bytes_(b"x"),
        np.datetime64("2020"),
        np.ma.masked_array([1.0]),
        wire.MAX_INT,
        -wire.MAX_INT,
        10**400,
        {(1, 2): 3},
        {frozenset(): 3},
        {np.float64(1): 3},
        [0] * (wire.MAX_ITEMS + 1),
        (0,) * (wire.MAX_ITEMS + 1),
        dict.fromkeys(range(wire.MAX_ITEMS + 1)),
        "x" * (wire.MAX_HEADER + 1),
        [np.zeros(1)] * (wire.MAX_ARRAYS + 1),
        [np.zeros(wire.MAX_ARRAY // 8)] * 5,
        nest(wire.MAX_DEPTH + 1),
        nest(wire.MAX_DEPTH + 1, lambda inner: {"a": inner}),
        nest(100_000),
        CYCLE,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_sent_is_refused(value):
    with pytest.raises(WireError):
        encode(value)


def test_a_broadcast_view_is_refused_before_it_is_copied():
    with bounded(1 << 20), pytest.raises(WireError, match="MiB"):
        encode(np.broadcast_to(0.0, (1 << 20, 1 << 20)))


def liar(base, *construct):
    """An object of a subclass all of whose methods tell that they ran."""
    ran = []

    def note(self, *args, **kwargs):
        ran.append(args)
        return 0

    names = ("__len__", "__iter__", "__getitem__", "__str__", "__repr__", "items", "tolist", "tobytes", "__eq__")
    more = ("__int__", "__index__", "__float__", "__array__", "astype", "__bool__", "__hash__", "__abs__", "__lt__")
    cls = type("Liar", (base,), dict.fromkeys((*names, *more), note))
    return base.__new__(cls, *construct), ran


@pytest.mark.parametrize(
    ("base", "construct"),
    [(np.ndarray, ((2,),)), (list, ()), (tuple, ([1],)), (dict, ()), (str, ("a",)), (int, (3,)), (float, (2.0,))],
)
def test_a_subclass_that_may_lie_is_refused_without_asking_it(base, construct):
    value, ran = liar(base, *construct)
    with pytest.raises(WireError, match="Liar"):
        encode([value])
    assert ran == []


# ---- refusals of the reader --------------------------------------------------------------------------


class bounded:
    """Fails when more than `limit` bytes are allocated within."""

    def __init__(self, limit):
        self.limit = limit

    def __enter__(self):
        tracemalloc.start()

    def __exit__(self, *_):
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < self.limit, f"{peak:,} bytes were allocated"


def array(shape, dtype="<f8"):
    return {"dtype": dtype, "shape": shape}


FIRST = {"t": "array", "v": 0}
BAD_DTYPES = ["|O", "O", "<c16", "<U4", "|S4", ">f8", "<f16", "<M8[s]", "f8", "float64", "<f8,<f8", "|V8", "", "<f1"]
CRAFTED = {
    "huge header": struct.pack(">I", 0xFFFFFFFF),
    "header just above the limit": struct.pack(">I", wire.MAX_HEADER + 1),
    "empty header": raw(b""),
    "not JSON": raw(b"value"),
    "not UTF-8": raw(b'{"value": "\xff", "arrays": []}'),
    "UTF-16": raw('{"value": 1, "arrays": []}'.encode("utf-16")),
    "something after the JSON": raw(b'{"value": 1, "arrays": []} 1'),
    "a list": raw(b"[]"),
    "no arrays": raw(b'{"value": 1}'),
    "no value": raw(b'{"arrays": []}'),
    "one key more": raw(b'{"value": 1, "arrays": [], "more": 1}'),
    "arrays are no list": raw(b'{"value": 1, "arrays": {}}'),
    "duplicate key": raw(b'{"value": 1, "value": 2, "arrays": []}'),
    "duplicate key inside": raw(b'{"value": {"t": "float", "t": "tuple", "v": []}, "arrays": []}'),
    "NaN": raw(b'{"value": NaN, "arrays": []}'),
    "Infinity": raw(b'{"value": -Infinity, "arrays": []}'),
    "NaN in a shape": raw(b'{"value": 1, "arrays": [{"dtype": "<f8", "shape": [NaN]}]}'),
    "brackets without end": raw(b"[" * 500_000),
    "objects without end": raw(b'{"value":' * 100_000),
    "a number of a million digits": raw(b'{"value": ' + b"1" * 1_000_000 + b', "arrays": []}'),
    "an integer of 64 bits": frame(1 << 63),
    "a negative integer of 64 bits": frame(-(1 << 63)),
    "nested too deep": frame(nest(wire.MAX_DEPTH + 1)),
    "tuples nested too deep": frame(nest(wire.MAX_DEPTH + 1, lambda inner: {"t": "tuple", "v": [inner]})),
    "unknown tag": frame({"t": "code", "v": "import os"}),
    "no tag": frame({"v": 1}),
    "no content": frame({"t": "array"}),
    "a tag that is a list": frame({"t": [], "v": []}),
    "a tag that is a dict": frame({"t": {"t": "float", "v": "nan"}, "v": 1}),
    "a float that is text": frame({"t": "float", "v": "1e5"}),
    "a float that is a list": frame({"t": "float", "v": []}),
    "an array that was not announced": frame({"t": "array", "v": 0}),
    "array number -1": frame({"t": "array", "v": -1}, [array([1])], b"\0" * 8),
    "array number true": frame({"t": "array", "v": True}, [array([1]), array([1])], b"\0" * 16),
    "array number 0.0": frame({"t": "array", "v": 0.0}, [array([1])], b"\0" * 8),
    "a slice of two parts": frame({"t": "slice", "v": [1, 2]}),
    "a slice of texts": frame({"t": "slice", "v": ["1", None, None]}),
    "a slice of truth values": frame({"t": "slice", "v": [True, None, None]}),
    "a slice of huge parts": frame({"t": "slice", "v": [1 << 63, None, None]}),
    "a slice of no list": frame({"t": "slice", "v": "abc"}),
    "a tuple of no list": frame({"t": "tuple", "v": "ab"}),
    "a dict of no pairs": frame({"t": "dict", "v": [[1, 2, 3]]}),
    "a dict of words": frame({"t": "dict", "v": ["ab"]}),
    "a key that cannot be hashed": frame({"t": "dict", "v": [[[1], 2]]}),
    "an array as a key": frame({"t": "dict", "v": [[FIRST, 2]]}, [array([1])], b"\0" * 8),
    "a tuple as a key": frame({"t": "dict", "v": [[{"t": "tuple", "v": [1, 2]}, 2]]}),
    "a handle as a key": frame({"t": "dict", "v": [[{"t": "handle", "v": 1, "type": ""}, 2]]}),
    "a scalar of numpy as a key": frame({"t": "dict", "v": [[{"t": "scalar", "v": 0}, 2]]}, [array([])], b"\0" * 8),
    "a scalar of two numbers": frame({"t": "scalar", "v": 0}, [array([2])], b"\0" * 16),
    "a number beyond all numbers": raw(b'{"value": 1e999, "arrays": []}'),
    "a handle without type": frame({"t": "handle", "v": 1}),
    "a handle whose type is no text": frame({"t": "handle", "v": 1, "type": 1}),
    "a handle whose number is true": frame({"t": "handle", "v": True, "type": ""}),
    "too many arrays": frame(0, [array([0])] * (wire.MAX_ARRAYS + 1)),
    "an array that is no dict": frame(0, [[1]]),
    "an array without shape": frame(0, [{"dtype": "<f8"}]),
    "an array with more": frame(0, [{**array([1]), "order": "F"}]),
    "huge shape": frame(FIRST, [array([1 << 62])]),
    "a shape that overflows": frame(FIRST, [array([1 << 32, 1 << 32])]),
    "a shape beyond 64 bits": frame(FIRST, [array([10**30])]),
    "an empty array of huge dimensions": frame(FIRST, [array([0, *[1 << 23] * 4])]),
    "an empty array of huge dimensions, zero last": frame(FIRST, [array([*[1 << 23] * 4, 0])]),
    "just above the limit of an array": frame(FIRST, [array([(wire.MAX_ARRAY // 8) + 1])]),
    "just above the limit of a frame": frame(FIRST, [array([wire.MAX_ARRAY // 8])] * 4 + [array([1])]),
    "negative dimension": frame(FIRST, [array([-1])]),
    "two negative dimensions": frame(FIRST, [array([-1, -1])], b"\0" * 8),
    "a dimension that is true": frame(FIRST, [array([True])], b"\0" * 8),
    "a dimension that is a float": frame(FIRST, [array([1.0])], b"\0" * 8),
    "a dimension that is null": frame(FIRST, [array([None])]),
    "a shape that is a number": frame(FIRST, [array(1)], b"\0" * 8),
    "too many dimensions": frame(FIRST, [array([1] * 9)], b"\0" * 8),
    "a dtype that is a list": frame(FIRST, [array([1], ["<f8"])]),
    "a dtype with a line end": frame(FIRST, [array([1], "<f8\n")]),
    **{f"dtype {dtype!r}": frame(FIRST, [array([1], dtype)], b"\0" * 16) for dtype in BAD_DTYPES},
}


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_frame_is_refused_before_anything_large_is_allocated(name):
    data = CRAFTED[name]
    limit = 20 * len(data) + (1 << 18)
    with bounded(limit), pytest.raises(WireError):
        read(data)


def test_what_follows_a_frame_is_read_as_the_next_one():
    frames = Frames()
    frames.feed(frame(1) + b"\xff\xff\xff\xff and more")
    assert frames.next() == (1,)
    with pytest.raises(WireError, match="header of 4294967295 bytes"):
        frames.next()


def test_an_announced_array_is_waited_for_without_allocating_it():
    frames = Frames()
    frames.feed(frame(FIRST, [array([wire.MAX_ARRAY // 8])], b"\0" * 100))
    with bounded(1 << 16):
        assert frames.next() is None


def test_no_more_is_kept_than_one_frame_can_be():
    frames = Frames()
    frames.feed(frame(FIRST, [array([wire.MAX_ARRAY // 8])]))
    assert frames.next() is None
    for _ in range(wire.MAX_BUFFER >> 20):
        frames.feed(b"\0" * (1 << 20))
    with pytest.raises(WireError, match="more than one frame"):
        frames.feed(b"\0" * (1 << 20))


def test_one_array_named_often_is_one_array():
    got = read(frame([FIRST] * 1000, [array([1000])], b"\0" * 8000))
    assert got is not None
    assert len({id(item) for item in got[0]}) == 1


def test_the_type_of_a_handle_is_cut():
    got = read(frame({"t": "handle", "v": 1, "type": "x" * 10_000}))
    assert got is not None
    assert len(got[0].type) == 200


def only_wire_errors(data):
    frames = Frames()
    frames.feed(data)
    try:
        for _ in range(5):
            if frames.next() is None:
                return
    except WireError:
        return


@few
@given(st.binary(max_size=200))
@example(b"\0\0\0\0")
def test_random_bytes_raise_nothing_but_wire_errors(data):
    only_wire_errors(data)


@few
@given(st.binary(max_size=100), st.binary(max_size=20))
def test_random_headers_raise_nothing_but_wire_errors(header, payload):
    only_wire_errors(raw(header, payload))


TAGS = st.sampled_from(["float", "array", "scalar", "handle", "tuple", "dict", "slice", "x"]) | st.integers()
DIMS = st.integers(-2, 10) | st.sampled_from([0, 1 << 23, 1 << 40, 1 << 64, True, None, 1.5])
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["nan", "inf"]),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["t", "v", "type", "z"]), inner)
        | st.fixed_dictionaries({"t": TAGS, "v": inner}, optional={"type": inner})
        | st.fixed_dictionaries({"t": st.just("dict"), "v": st.lists(st.lists(inner, min_size=2, max_size=2))})
    ),
    max_leaves=15,
)
LAYOUTS = st.lists(
    st.fixed_dictionaries({"dtype": st.sampled_from([*DTYPES, *BAD_DTYPES]), "shape": st.lists(DIMS, max_size=9)}),
    max_size=4,
)


@few
@given(TREES, LAYOUTS | TREES, st.binary(max_size=400))
def test_random_trees_raise_nothing_but_wire_errors(value, arrays, payload):
    only_wire_errors(raw(json.dumps({"value": value, "arrays": arrays}).encode(), payload))


@few
@given(VALUES, st.data())
def test_a_flipped_byte_raises_nothing_but_wire_errors(value, data):
    whole = bytearray(b"".join(encode(value)))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    only_wire_errors(bytes(whole))
