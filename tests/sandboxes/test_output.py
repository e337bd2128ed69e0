"""What a worker prints: the beginning and the end are kept, however much it is."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrade.sandboxes.output import Output

LIMIT = 1000


@given(st.lists(st.integers(0, 900), max_size=12))
def test_beginning_and_end_are_kept_and_the_rest_is_counted(sizes):
    data = bytes(65 + i % 26 for i in range(sum(sizes)))
    output = Output(LIMIT)
    start = 0
    for size in sizes:
        output.feed(data[start : start + size])
        start += size
    left_out = max(0, len(data) - LIMIT)
    sign = f"\n[... {left_out:,} bytes left out ...]\n" if left_out else ""
    half = LIMIT // 2
    assert output.take() == data[:half].decode() + sign + data[half:][left_out:].decode()
    assert output.take() == ""


@pytest.mark.parametrize("piece", [1 << 10, 1 << 16])
def test_ten_megabytes_leave_the_memory_flat(piece):
    output = Output(64 << 10)
    data = b"x" * piece
    tracemalloc.start()
    for _ in range((10 << 20) // piece):
        output.feed(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 512 << 10
    text = output.take()
    assert f"{(10 << 20) - (64 << 10):,} bytes left out" in text
    assert len(text) < (64 << 10) + 100


def test_invalid_bytes_become_replacement_characters():
    output = Output(LIMIT)
    output.feed(b"a\xff\xfe\xc3")
    assert output.take() == "a\ufffd\ufffd\ufffd"


def test_after_a_take_it_begins_anew():
    output = Output(10)
    output.feed(b"0123456789abcdef")
    output.take()
    output.feed(b"short")
    assert output.take() == "short"


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_tiny_limits(limit):
    output = Output(limit)
    for _ in range(5):
        output.feed(b"abc")
    assert "bytes left out" in output.take()
