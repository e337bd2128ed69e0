"""What the trained model attends to: the weights of its heads on a few strings, for the report.

Computed with the weights that were judged, by the reference's model on the trusted side. Without the solution it is the
student's own, whose forward was found to be equal. Attention reads a weighted mean of the values; from the rows of an
identity matrix it reads the weights themselves, so no formula is written twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrade import StudentFailure

from .strings import encode

#: One string of each kind.
SHOWN = ("AAAA", "ABCD", "1234", "AB")
DECIMALS = 3
#: Of the model of assignment 3, which has one block.
HEADS, WIDTH = 2, 16


def attention_section(lib: Any, weights: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The report's section `attention`, by its name: for each shown string `heads[h][query][key]`, null where hidden.

    Empty where a student's own model has parts of other names: this is to look at, and earns no points.

    Args:
        lib: either library.
        weights: the canonical parameters of the judged snapshot.
    """
    try:
        model = lib.transformer.GPT(rng=lib.generator(0))
        lib.write(model, weights)
        strings = [{"string": string, "heads": _heads(lib, model, string)} for string in SHOWN]
    except StudentFailure:
        return {}
    return {"attention": {"strings": strings}}


def _heads(lib: Any, model: Any, string: str) -> list[list[list[float | None]]]:
    ids = encode([string])[:, : len(string)]  # (1,T)
    time = ids.shape[1]
    block = model.blocks[0]
    x = block.ln1(model.tok_emb(ids) + model.pos_emb(np.arange(time)))  # (1,T,C)
    projected = (lib.fetch(part(x), shape=(1, time, WIDTH), dtype="f") for part in (block.attn.q, block.attn.k))
    q, k = (_by_head(np.array(value)) for value in projected)
    values = np.broadcast_to(np.eye(time), (1, HEADS, time, time)).copy()
    mask = np.tri(time, dtype=bool)
    read = lib.transformer.scaled_dot_product_attention(*map(lib.tensor.Tensor, (q, k, values)), mask)
    found = np.array(lib.fetch(read, shape=(1, HEADS, time, time), dtype="f"))[0]
    return [[_row(row, seen) for row, seen in zip(head, mask, strict=True)] for head in found]


def _by_head(x: np.ndarray) -> np.ndarray:
    """(1,T,C) -> (1,H,T,D)"""
    return x.reshape(1, x.shape[1], HEADS, -1).swapaxes(1, 2).copy()


def _row(row: np.ndarray, seen: np.ndarray) -> list[float | None]:
    return [round(float(weight), DECIMALS) if may else None for weight, may in zip(row, seen, strict=True)]
