"""What the trained model attends to: the weights of its heads on a few strings, for the report.

Computed on the trusted side by the reference's model with the weights that were judged. Attention reads a weighted mean
of the values; from the rows of an identity matrix it reads the weights themselves, so no formula is written twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .strings import encode

#: One string of each kind.
SHOWN = ("AAAA", "ABCD", "1234", "AB")
DECIMALS = 3


def attention_section(lib: Any, weights: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The report's section `attention`: for each shown string `heads[h][query][key]`, null where the key is hidden.

    Args:
        lib: the reference; of a model with one block, as that of assignment 3 is.
        weights: the canonical parameters of the judged snapshot.
    """
    model = lib.transformer.GPT(rng=lib.generator(0))
    lib.write(model, weights)
    strings = [{"string": string, "heads": _heads(lib, model, string)} for string in SHOWN]
    return {"strings": strings}


def _heads(lib: Any, model: Any, string: str) -> list[list[list[float | None]]]:
    ids = encode([string])[:, : len(string)]  # (1,T)
    time = ids.shape[1]
    block = model.blocks[0]
    x = block.ln1(model.tok_emb(ids) + model.pos_emb(np.arange(time)))  # (1,T,C)
    heads = int(np.asarray(lib.fetch(block.attn.heads)))
    q, k = (_by_head(np.array(lib.fetch(project(x))), heads) for project in (block.attn.q, block.attn.k))
    values = np.broadcast_to(np.eye(time), (1, heads, time, time)).copy()
    mask = np.array(lib.fetch(lib.transformer.causal_mask(time)))
    read = lib.transformer.scaled_dot_product_attention(*map(lib.as_tensor, (q, k, values)), mask)
    found = np.array(lib.fetch(read))[0]  # (H,T,T)
    return [[_row(row, seen) for row, seen in zip(head, mask, strict=True)] for head in found]


def _by_head(x: np.ndarray, heads: int) -> np.ndarray:
    """(1,T,C) -> (1,H,T,D)"""
    return x.reshape(1, x.shape[1], heads, -1).swapaxes(1, 2).copy()


def _row(row: np.ndarray, seen: np.ndarray) -> list[float | None]:
    return [round(float(weight), DECIMALS) if may else None for weight, may in zip(row, seen, strict=True)]
