import numpy as np


class CharTokenizer:
    def __init__(self, characters):
        self.characters = characters

    @classmethod
    def from_strings(cls, strings):
        found = []
        for s in strings:
            for c in s:
                if c not in found:
                    found.append(c)
        found.sort()
        return cls(found)

    @property
    def vocab_size(self):
        return len(self.characters) + 1

    def encode(self, s):
        ids = []
        for c in s:
            ids.append(self.characters.index(c) + 1)
        return ids

    def decode(self, ids):
        s = ""
        for i in ids:
            if i == 0:
                return s
            s = s + self.characters[i - 1]
        return s


def make_batch(strings, tok, max_len=10):
    x = np.zeros((len(strings), max_len - 1), dtype=int)
    y = np.zeros((len(strings), max_len - 1), dtype=int)
    for n in range(len(strings)):
        ids = tok.encode(strings[n])
        if len(ids) > max_len:
            raise ValueError("string too long: " + strings[n])
        while len(ids) < max_len:
            ids.append(0)
        for t in range(max_len - 1):
            x[n, t] = ids[t]
            y[n, t] = ids[t + 1]
    return x, y


def batches(x, y, size, rng):
    order = list(range(len(x)))
    rng.shuffle(order)
    begin = 0
    while begin < len(order):
        chosen = order[begin : begin + size]
        yield x[chosen], y[chosen]
        begin += size


def train_val_split(strings, fraction, rng):
    different = []
    for s in strings:
        if s not in different:
            different.append(s)
    rng.shuffle(different)
    validation_strings = different[: round(fraction * len(different))]
    training = []
    validation = []
    for s in strings:
        if s in validation_strings:
            validation.append(s)
        else:
            training.append(s)
    return training, validation
