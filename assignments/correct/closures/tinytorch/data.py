import numpy as np


class CharTokenizer:
    def __init__(self, chars):
        self.chars = sorted(chars)
        self.vocab_size = len(self.chars) + 1

    @classmethod
    def from_strings(cls, strings):
        return cls({c for s in strings for c in s})

    def encode(self, s):
        return [self.chars.index(c) + 1 for c in s]

    def decode(self, ids):
        ids = [int(i) for i in ids]
        end = ids.index(0) if 0 in ids else len(ids)
        return "".join([self.chars[i - 1] for i in ids[:end]])


def make_batch(strings, tok, max_len=10):
    if any(len(s) > max_len for s in strings):
        raise ValueError(f"a string is longer than {max_len}")
    rows = [tok.encode(s) + [0] * (max_len - len(s)) for s in strings]
    tokens = np.array(rows, dtype=np.int64).reshape(len(rows), max_len)
    return tokens[:, :-1].copy(), tokens[:, 1:].copy()


def batches(x, y, size, rng):
    order = rng.permutation(len(x))
    for part in [order[i : i + size] for i in range(0, len(order), size)]:
        yield x[part], y[part]


def train_val_split(strings, fraction, rng):
    """Copies of one string must not be on both sides, so I split the unique ones."""
    unique = sorted(set(strings))
    n = round(fraction * len(unique))
    val = {unique[i] for i in rng.permutation(len(unique))[:n]}
    return [s for s in strings if s not in val], [s for s in strings if s in val]
