"""Tokenizer, batches and split."""

import numpy as np
import pytest


def test_tokenizer(lib, seed_strings):
    tok = lib.data.CharTokenizer.from_strings(seed_strings)
    assert tok.vocab_size == 31
    assert tok.encode("0129A") == [1, 2, 3, 10, 11]
    assert tok.encode("") == []
    for s in seed_strings:
        assert tok.decode(tok.encode(s)) == s
        assert tok.decode([*tok.encode(s), 0, 0, 5]) == s


def test_the_tokenizer_refuses_what_it_does_not_know(lib):
    tok = lib.data.CharTokenizer.from_strings(["BA"])
    with pytest.raises(ValueError, match="x"):
        tok.encode("Ax")
    for unknown in (3, -1):
        with pytest.raises(ValueError):
            tok.decode([1, unknown])


def test_make_batch(lib, seed_strings):
    tok = lib.data.CharTokenizer.from_strings(seed_strings)
    x, y = lib.data.make_batch(seed_strings, tok)
    assert x.shape == y.shape == (21, 9)
    assert x.dtype == y.dtype == np.int64
    np.testing.assert_array_equal(x[:, 1:], y[:, :-1])
    assert x[5].tolist() == [*tok.encode("ABCD"), 0, 0, 0, 0, 0]
    assert y[5].tolist() == [*tok.encode("BCD"), 0, 0, 0, 0, 0, 0]


def test_make_batch_lengths(lib):
    tok = lib.data.CharTokenizer.from_strings(["AB"])
    x, y = lib.data.make_batch(["AB", "", "ABAB"], tok, max_len=4)
    assert x.tolist() == [[1, 2, 0], [0, 0, 0], [1, 2, 1]]
    assert y.tolist() == [[2, 0, 0], [0, 0, 0], [2, 1, 2]]
    with pytest.raises(ValueError, match="ABABA"):
        lib.data.make_batch(["ABABA"], tok, max_len=4)


def test_batches_cover_everything_once(lib, rng):
    x = np.arange(7)
    parts = list(lib.data.batches(x, x * 10, 3, rng))
    assert [len(a) for a, _ in parts] == [3, 3, 1]
    assert sorted(np.concatenate([a for a, _ in parts])) == list(range(7))
    for a, b in parts:
        np.testing.assert_array_equal(b, a * 10)
    orders = {tuple(np.concatenate([a for a, _ in lib.data.batches(x, x, 3, rng)])) for _ in range(5)}
    assert len(orders) > 1


@pytest.mark.parametrize(("rows", "size"), [(4, 2), (3, 0)])
def test_batches_refuse(lib, rng, rows, size):
    with pytest.raises(ValueError):
        list(lib.data.batches(np.arange(3), np.arange(rows), size, rng))


def test_split(lib, rng, seed_strings):
    train, val = lib.data.train_val_split(seed_strings * 3, 0.2, rng)
    assert sorted(train + val) == sorted(seed_strings * 3)
    assert not set(train) & set(val)
    assert len(set(val)) == 4
    assert lib.data.train_val_split(["A", "B"], 0.0, rng) == (["A", "B"], [])
    assert lib.data.train_val_split(["A", "B"], 1.0, rng) == ([], ["A", "B"])
    with pytest.raises(ValueError):
        lib.data.train_val_split(["A"], 1.1, rng)
