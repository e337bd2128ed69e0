"""From strings to arrays of ids: tokenizer, padding, batches and the split for validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np


class CharTokenizer:
    """Characters to ids and back: the sorted characters have ids from 1; id 0 is the end mark and the padding."""

    def __init__(self, characters: Sequence[str]) -> None:
        self.characters = list(characters)
        self.ids = {character: i for i, character in enumerate(self.characters, start=1)}

    @property
    def vocab_size(self) -> int:
        """The number of ids, with id 0."""
        return len(self.characters) + 1

    @classmethod
    def from_strings(cls, strings: Iterable[str]) -> CharTokenizer:
        """The tokenizer of all characters that occur in `strings`.

        Example: from_strings(["BA", "1A"]) has 1 -> "1", 2 -> "A", 3 -> "B".
        """
        # BEGIN SOLUTION A2.6: collect the characters
        return cls(sorted(set("".join(strings))))
        # END SOLUTION

    def encode(self, text: str) -> list[int]:
        """The id of each character. Raises ValueError for a character that the tokenizer does not know."""
        # BEGIN SOLUTION A2.6: look the characters up
        unknown = set(text) - set(self.ids)
        if unknown:
            raise ValueError(f"unknown characters: {sorted(unknown)}")
        return [self.ids[character] for character in text]
        # END SOLUTION

    def decode(self, ids: Iterable[int]) -> str:
        """The text before the first end mark. Raises ValueError for an id that the tokenizer does not know."""
        # BEGIN SOLUTION A2.6: look the ids up
        text = ""
        for i in ids:
            if not 0 <= i <= len(self.characters):
                raise ValueError(f"unknown id: {i}")
            if i == 0:
                break
            text += self.characters[i - 1]
        return text
        # END SOLUTION


def make_batch(strings: Sequence[str], tok: CharTokenizer, max_len: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets for predicting each next token: x and y, both int64 (len(strings), max_len - 1).

    Each string is padded with 0 on the right to `max_len` tokens. Position t of x is a token of the string, position
    t of y the token after it. Raises ValueError for a string of more than `max_len` characters.

    Example: "AB" with ids 1 and 2 and max_len 4 gives x = [1, 2, 0] and y = [2, 0, 0].
    """
    # BEGIN SOLUTION A2.6: pad, then cut inputs and targets
    tokens = np.zeros((len(strings), max_len), dtype=np.int64)
    for row, text in zip(tokens, strings, strict=True):
        if len(text) > max_len:
            raise ValueError(f"{text!r} has more than {max_len} characters")
        row[: len(text)] = tok.encode(text)
    return tokens[:, :-1], tokens[:, 1:]
    # END SOLUTION


def batches(
    x: np.ndarray, y: np.ndarray, size: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All rows of x and y once, in random order, `size` at a time; the last batch may be smaller.

    Raises ValueError for size < 1 or when x and y have different numbers of rows.
    """
    # BEGIN SOLUTION A2.6: shuffle inputs and targets together, then cut
    if size < 1 or len(x) != len(y):
        raise ValueError(f"cannot cut {len(x)} inputs and {len(y)} targets into batches of {size}")
    order = rng.permutation(len(x))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        yield x[chosen], y[chosen]
    # END SOLUTION


def train_val_split(strings: Sequence[str], fraction: float, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Strings to train on and strings to validate on; about `fraction` of the different strings go to validation.

    All copies of a string stay on the same side: otherwise validation would ask for what was trained.
    Raises ValueError unless 0 <= fraction <= 1.
    """
    # BEGIN SOLUTION A2.6: split the different strings, keep the order of `strings`
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(f"fraction must be between 0 and 1, got {fraction}")
    different = sorted(set(strings))
    held_out = {different[i] for i in rng.permutation(len(different))[: round(fraction * len(different))]}
    return [s for s in strings if s not in held_out], [s for s in strings if s in held_out]
    # END SOLUTION
