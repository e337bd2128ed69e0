"""From strings to batches: ids, the end mark, and targets that are the inputs one position later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import ValueMismatch

from .formulas import Call, Claims, values

BATCH, ENCODE, DECODE = "data.make_batch", "data.CharTokenizer.encode", "data.CharTokenizer.decode"


def _tokens(call: Call) -> np.ndarray:
    """The padded strings (N, max_len), put together again from the right inputs and targets."""
    x, y = (np.asarray(part) for part in call.seen.expected)
    return np.concatenate([x, y[:, -1:]], axis=1)


def _unshifted(call: Call) -> Claims:
    tokens = _tokens(call)
    x, y = call.seen.expected
    yield {"targets": "the inputs"}, lambda: (x, x)
    yield {"inputs": "the targets"}, lambda: (y, y)
    yield {"both": "all tokens"}, lambda: (tokens, tokens)
    for shift in (-1, 2, 3):
        yield {"targets_moved_by": shift}, lambda shift=shift: (x, np.roll(tokens, -shift, axis=1)[:, : x.shape[1]])


def _exchanged(call: Call) -> Claims:
    x, y = call.seen.expected
    yield {}, lambda: (y, x)


def _padded_in_front(call: Call) -> Claims:
    tokens = _tokens(call)
    turned = np.array([np.concatenate([row[row == 0], row[row != 0]]) for row in tokens])
    yield {"padding": "in front"}, lambda: (turned[:, :-1], turned[:, 1:])


def _length(call: Call) -> Claims:
    tokens = _tokens(call)
    x, y = call.seen.expected
    yield {"tokens": "one too many"}, lambda: (np.pad(x, ((0, 0), (0, 1))), np.pad(y, ((0, 0), (0, 1))))
    yield {"tokens": "one too few"}, lambda: (x[:, :-1], y[:, :-1])
    longest = int((tokens != 0).sum(axis=1).max())
    for width in (longest, longest + 1):
        cut = tokens[:, :width]
        yield {"tokens": "as many as the longest string"}, lambda cut=cut: (cut[:, :-1], cut[:, 1:])


def _ids_off(call: Call) -> Claims:
    """All ids of the right order, counted from another number."""
    for shift in (-1, 1, 2):
        yield {"ids_start_at": 1 + shift}, lambda shift=shift: _moved(call.seen.expected, shift)


def _moved(ids: Any, shift: int) -> Any:
    if isinstance(ids, list | tuple):
        return [_moved(item, shift) for item in ids]
    return np.asarray(ids) + shift if isinstance(ids, np.ndarray) else int(ids) + shift


def _unsorted(call: Call) -> Claims:
    """Ids in the order in which characters first occur, or in reverse."""
    texts = list(call.strings)
    first = {char: i for i, char in enumerate(dict.fromkeys("".join(texts)), start=1)}
    turned = {char: i for i, char in enumerate(sorted(set("".join(texts)), reverse=True), start=1)}
    for name, ids in {"in order of first use": first, "backwards": turned}.items():
        yield {"ids": name}, lambda ids=ids: [[ids[char] for char in text] for text in texts]


def _past_end(seen: ValueMismatch) -> Mapping[str, Any] | None:
    """The right text, and then more."""
    got, expected = seen.got, seen.expected
    if not isinstance(got, str) or not isinstance(expected, str) or len(got) <= len(expected):
        return None
    return {"expected_length": len(expected), "length": len(got)} if got.startswith(expected) else None


RULES: list[Rule] = [
    Rule("decode-past-end", ValueMismatch, _past_end, Rank.STRUCTURE, (DECODE,)),
    values("targets-not-shifted", BATCH, _unshifted),
    values("targets-exchanged", BATCH, _exchanged),
    values("padding-side", BATCH, _padded_in_front),
    values("batch-length", BATCH, _length),
    values("ids-from-zero", ENCODE, _ids_off),
    values("characters-not-sorted", ENCODE, _unsorted),
]
