"""The task of assignment 5: some symbols in random order, then the same ones again, from anywhere in the circle.

What comes next can be known in one way only: find where the last symbol stood before, and read what stood behind it.
That takes two steps, one after the other. Students have the same function in their package, with the other half of
their tools; this one draws what they are judged on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

SYMBOLS, CIRCLE, AGAIN = 8, 5, 5
#: What a model may have, and see in its training: rows, counted as often as they are drawn.
MOST_PARAMETERS, MOST_ROWS = 12_500, 9_600


def rows(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets, int (count, CIRCLE + AGAIN); targets are 0 where nothing is asked."""
    circle = rng.permuted(np.tile(np.arange(1, SYMBOLS + 1), (count, 1)), axis=1)[:, :CIRCLE]
    places = (rng.integers(CIRCLE, size=(count, 1)) + np.arange(AGAIN + 1)) % CIRCLE
    again = np.take_along_axis(circle, places, axis=1)
    x = np.concatenate([circle, again[:, :-1]], axis=1)
    y = np.concatenate([np.zeros_like(circle), again[:, 1:]], axis=1)
    return x, y


def data(rng: np.random.Generator, sizes: tuple[int, int, int]) -> dict[str, Any]:
    """What an experiment takes: "vocab" and the splits "train", "validation" and "test" of these sizes."""
    names = ("train", "validation", "test")
    return {"vocab": SYMBOLS + 1, **{name: rows(count, rng) for name, count in zip(names, sizes, strict=True)}}


def sizes(config: Mapping[str, Any]) -> dict[str, int]:
    """The arguments of the model of a configuration."""
    width = config["width"]
    own = {name: config[name] for name in ("width", "heads", "layers")}
    return {"vocab": SYMBOLS + 1, "mlp": 4 * width, "max_len": CIRCLE + AGAIN, **own}


def shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the parameters of the model of a configuration, as in the handout of assignment 3."""
    width, vocab, length = config["width"], SYMBOLS + 1, CIRCLE + AGAIN
    block: dict[str, tuple[int, ...]] = {}
    for name in ("ln1", "ln2"):
        block |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    for name in ("q", "k", "v", "o"):
        block |= {f"attn.{name}.weight": (width, width), f"attn.{name}.bias": (width,)}
    for name, out, into in (("fc1", 4 * width, width), ("fc2", width, 4 * width)):
        block |= {f"mlp.{name}.weight": (out, into), f"mlp.{name}.bias": (out,)}
    layers = {f"blocks.{i}.{name}": shape for i in range(config["layers"]) for name, shape in block.items()}
    ends = {"tok_emb.weight": (vocab, width), "pos_emb.weight": (length, width)}
    return {**ends, **layers, "ln_f.weight": (width,), "ln_f.bias": (width,), "head.weight": (vocab, width)}


def parameters(config: Mapping[str, Any]) -> int:
    """How many numbers the model of a configuration has."""
    return sum(math.prod(shape) for shape in shapes(config).values())
