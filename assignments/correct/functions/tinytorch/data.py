from __future__ import annotations

import numpy as np

END = 0


class CharTokenizer:
    def __init__(self, characters):
        self.to_id = {}
        for character in sorted(set(characters)):
            self.to_id[character] = len(self.to_id) + 1
        self.to_char = {i: c for c, i in self.to_id.items()}

    @classmethod
    def from_strings(cls, strings):
        characters = set()
        for string in strings:
            characters.update(string)
        return cls(characters)

    @property
    def vocab_size(self):
        return 1 + len(self.to_id)

    def encode(self, string):
        try:
            return [self.to_id[c] for c in string]
        except KeyError as error:
            raise ValueError(f"never saw the character {error}") from None

    def decode(self, ids):
        text = ""
        for i in ids:
            if int(i) == END:
                break
            text += self.to_char[int(i)]
        return text


def make_batch(strings, tok, max_len=10):
    tokens = np.full((len(strings), max_len), END)
    for row, string in enumerate(strings):
        ids = tok.encode(string)
        if len(ids) > max_len:
            raise ValueError(f"{string} does not fit into {max_len}")
        tokens[row, : len(ids)] = ids
    x, y = tokens[:, :-1], tokens[:, 1:]
    return x, y


def batches(x, y, size, rng):
    order = np.arange(len(x))
    rng.shuffle(order)
    while len(order):
        now, order = order[:size], order[size:]
        yield x[now], y[now]


def train_val_split(strings, fraction, rng):
    distinct = list(dict.fromkeys(strings))
    shuffled = [distinct[i] for i in rng.permutation(len(distinct))]
    validation = set(shuffled[: int(round(fraction * len(distinct)))])
    train = [string for string in strings if string not in validation]
    return train, [string for string in strings if string in validation]
