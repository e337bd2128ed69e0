"""Group 3: reading with a cache gives what reading everything at once gives."""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import compare

CACHE, PIECE = "generate.KVCache", "generate.forward_cached"
LAYERS, HEADS, ROOM, WIDTH = 2, 3, 8, 4


def drawn(rng, steps):
    return rng.standard_normal((2, HEADS, steps, WIDTH))


@pytest.mark.points(4)
@pytest.mark.title("KVCache: each layer keeps its own, in order")
@pytest.mark.task("A6.3")
@pytest.mark.where(CACHE)
@pytest.mark.hint("After layer 0 has stored three positions and layer 1 none: how long is the cache?")
def test_append(student, rng, mistake):
    cache = student.generate.KVCache(LAYERS, HEADS, ROOM, WIDTH)
    held = [np.zeros((2, HEADS, 0, WIDTH))] * LAYERS
    for layer, steps in ((0, 3), (1, 3), (0, 1), (1, 1), (0, 2), (1, 2)):
        new = drawn(rng, steps)
        other, held[layer] = held[1 - layer], np.concatenate([held[layer], new], axis=2)
        got = student.fetch(cache.append(layer, new[0], new[1]))
        name = f"append({layer}, k, v) of {steps} more: keys, values"
        try:
            compare(got, list(held[layer]), name)
        except StudentFailure:
            if is_other(got, np.concatenate([other, new], axis=2)):
                raise mistake("cache-shared-by-layers", f"{name} hold rows that were stored by another layer") from None
            raise
        length = min(rows.shape[2] for rows in held)
        told = student.fetch(cache.length, shape=(), dtype="i", name="length")
        if layer == 0 and told == held[0].shape[2]:
            raise mistake("cache-length", f"length is {told} while layer 1 has stored {length} positions")
        compare(told, length, f"length after append({layer}, k, v)")


def is_other(got, rows):
    """Are the keys that came back these rows?"""
    keys = got[0] if isinstance(got, list | tuple) and got else got
    return isinstance(keys, np.ndarray) and np.array_equal(keys, rows[0])


@pytest.mark.points(1)
@pytest.mark.title("KVCache: what does not fit is refused")
@pytest.mark.task("A6.3")
@pytest.mark.where(CACHE)
@pytest.mark.needs("test_append")
@pytest.mark.hint("What does an assignment to a slice do when the slice ends behind the array?")
def test_room(student, rng):
    cache = student.generate.KVCache(1, HEADS, ROOM, WIDTH)
    k, v = drawn(rng, ROOM - 1)
    student.raises(ValueError, lambda: cache.append(0, k[:, :2], v[:, :2]), valid=lambda: cache.append(0, k, v))
    compare(student.fetch(cache.length), ROOM - 1, "length after a refused append")


@pytest.mark.points(2)
@pytest.mark.title("KVCache: buffers made once, in the dtype asked for")
@pytest.mark.task("A6.3")
@pytest.mark.where(CACHE)
@pytest.mark.needs("test_append")
@pytest.mark.hint("How many numbers are copied when the hundredth token is stored?")
def test_buffers(student, rng, mistake):
    cache = student.generate.KVCache(1, HEADS, ROOM, WIDTH, "float32")
    k, v = drawn(rng, 3)
    keys = cache.append(0, k, v)[0]
    mark = float(np.float32(rng.standard_normal()))
    keys[0, 1, 2] = mark  # what is written into the first answer must be seen in the second
    later = student.fetch(cache.append(0, k[:, :1], v[:, :1])[0], shape=(HEADS, 4, WIDTH), dtype="f", name="keys")
    if later.dtype != np.float32:
        raise mistake("wrong-dtype", f"a cache of float32 gives back {later.dtype}")
    if later[0, 1, 2] != mark:
        raise mistake("cache-copies", "append gives back a copy: the rows from before were copied once more")


def cached(lib, net, chunks):
    """Logits of each chunk, read one after the other."""
    model, cache = net.build(lib), net.cache(lib)
    return [lib.generate.forward_cached(model, chunk, cache) for chunk in chunks]


def follow(parity, net, chunks, name):
    inputs = {"chunks": chunks, "weights": net.weights, "heads": net.heads, "layers": net.layers}
    parity(lambda lib: cached(lib, net, chunks), name, about=PIECE, inputs=inputs)


@pytest.mark.points(8)
@pytest.mark.title("forward_cached: one token at a time")
@pytest.mark.task("A6.4")
@pytest.mark.where(PIECE)
@pytest.mark.needs("test_append")
@pytest.mark.hint("At which position of the whole text does the new token stand, and what may it read?")
@pytest.mark.parametrize("layers", [1, 2])
def test_one_by_one(parity, network, rng, layers):
    net = network(layers=layers)
    ids = rng.integers(1, 31, net.max_len - 1)
    follow(parity, net, [ids[t : t + 1] for t in range(ids.size)], "logits of call")


@pytest.mark.points(6)
@pytest.mark.title("forward_cached: chunks of any size")
@pytest.mark.task("A6.4")
@pytest.mark.where(PIECE)
@pytest.mark.needs("test_append", "test_one_by_one")
@pytest.mark.hint("Three new tokens after five old ones: which of the eight may the first of the three read?")
@pytest.mark.parametrize("sizes", [(15,), (5, 3, 7), (2,) * 7, (7, 1, 1)], ids=["at once", "5 3 7", "by two", "7 1 1"])
def test_chunks(parity, network, rng, sizes):
    net = network()
    ids = rng.integers(1, 31, net.max_len)
    ends = np.cumsum(sizes)
    follow(parity, net, [ids[end - size : end] for end, size in zip(ends, sizes, strict=True)], "logits of call")


@pytest.mark.points(1)
@pytest.mark.title("forward_cached: what does not fit is refused")
@pytest.mark.task("A6.4")
@pytest.mark.where(PIECE)
@pytest.mark.needs("test_append")
@pytest.mark.hint("How many positions has the model, and where does the first new token stand?")
def test_too_many(student, network, rng):
    net = network(max_len=6)
    model, cache = net.build(student), net.cache(student)
    ids = rng.integers(1, 31, 8)
    read = student.generate.forward_cached
    student.raises(ValueError, lambda: read(model, ids[4:], cache), valid=lambda: read(model, ids[:4], cache))
