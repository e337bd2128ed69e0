import numpy as np


class CharTokenizer:
    """alphabet[i] has the id i; alphabet[0] is the end, which has no character"""

    def __init__(self, characters):
        self.alphabet = [""] + sorted(set(characters))
        self.lookup = dict(zip(self.alphabet[1:], range(1, len(self.alphabet)), strict=True))

    @classmethod
    def from_strings(cls, strings):
        return cls("".join(strings))

    @property
    def vocab_size(self):
        return len(self.alphabet)

    def encode(self, text):
        for character in text:
            if character not in self.lookup:
                raise ValueError(f"unknown character {character!r}")
        return [self.lookup[character] for character in text]

    def decode(self, ids):
        letters = []
        for i in ids:
            if i == 0:
                break
            letters.append(self.alphabet[i])
        return "".join(letters)


def make_batch(strings, tok, max_len=10):
    tokens = np.zeros((len(strings), max_len), dtype="int64")
    for i, text in enumerate(strings):
        if len(text) > max_len:
            raise ValueError(f"{text!r} is too long")
        tokens[i, : len(text)] = tok.encode(text)
    return np.ascontiguousarray(tokens[:, :-1]), np.ascontiguousarray(tokens[:, 1:])


def batches(x, y, size, rng):
    order = rng.permutation(x.shape[0])
    pieces = np.array_split(order, np.arange(size, len(order), size))
    for piece in pieces:
        yield x[piece], y[piece]


def train_val_split(strings, fraction, rng):
    unique = np.unique(np.array(strings, dtype=str))
    rng.shuffle(unique)
    held_back = set(unique[: round(fraction * len(unique))].tolist())
    kept = [s for s in strings if s not in held_back]
    val = [s for s in strings if s in held_back]
    return kept, val
