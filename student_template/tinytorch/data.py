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
        raise NotImplementedError("A2.6: collect the characters")

    def encode(self, text: str) -> list[int]:
        """The id of each character. Raises ValueError for a character that the tokenizer does not know."""
        raise NotImplementedError("A2.6: look the characters up")

    def decode(self, ids: Iterable[int]) -> str:
        """The text before the first end mark. Raises ValueError for an id that the tokenizer does not know."""
        raise NotImplementedError("A2.6: look the ids up")


def make_batch(strings: Sequence[str], tok: CharTokenizer, max_len: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets for predicting each next token: x and y, both int64 (len(strings), max_len - 1).

    Each string is padded with 0 on the right to `max_len` tokens. Position t of x is a token of the string, position
    t of y the token after it. Raises ValueError for a string of more than `max_len` characters.

    Example: "AB" with ids 1 and 2 and max_len 4 gives x = [1, 2, 0] and y = [2, 0, 0].
    """
    raise NotImplementedError("A2.6: pad, then cut inputs and targets")


def batches(
    x: np.ndarray, y: np.ndarray, size: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All rows of x and y once, in random order, `size` at a time; the last batch may be smaller.

    Raises ValueError for size < 1 or when x and y have different numbers of rows.
    """
    raise NotImplementedError("A2.6: shuffle inputs and targets together, then cut")


def train_val_split(strings: Sequence[str], fraction: float, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Strings to train on and strings to validate on; about `fraction` of the different strings go to validation.

    All copies of a string stay on the same side: otherwise validation would ask for what was trained.
    Raises ValueError unless 0 <= fraction <= 1.
    """
    raise NotImplementedError("A2.6: split the different strings, keep the order of `strings`")
