"""Models of any size with the same random weights on both sides, for assignments that need more than one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from .weights import random_weights

VOCAB = 31


class Network:
    """A GPT of these sizes, with weights drawn once."""

    def __init__(self, rng: np.random.Generator, width: int, heads: int, mlp: int, layers: int, max_len: int) -> None:
        self.sizes = {"vocab": VOCAB, "width": width, "heads": heads, "mlp": mlp, "layers": layers, "max_len": max_len}
        self.width, self.heads, self.layers, self.max_len = width, heads, layers, max_len
        self.weights = random_weights(shapes(**self.sizes), rng)
        self._seed = int(rng.integers(1 << 62))

    def build(self, lib: Any) -> Any:
        """The model of `lib` with the drawn weights."""
        model = lib.transformer.GPT(**self.sizes, rng=lib.generator(self._seed))
        lib.write(model, self.weights)
        return model

    def cache(self, lib: Any) -> Any:
        """A new KVCache of `lib` for this model."""
        return lib.generate.KVCache(self.layers, self.heads, self.max_len, self.width // self.heads)


def shapes(vocab: int, width: int, heads: int, mlp: int, layers: int, max_len: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the parameters, in the order of assignment 3's handout."""
    found: dict[str, tuple[int, ...]] = {"tok_emb.weight": (vocab, width), "pos_emb.weight": (max_len, width)}
    for layer in range(layers):
        found |= {f"blocks.{layer}.{name}": shape for name, shape in _block(width, mlp).items()}
    return {**found, "ln_f.weight": (width,), "ln_f.bias": (width,), "head.weight": (vocab, width)}


def attention_shapes(width: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the parameters of CausalSelfAttention."""
    names = [(layer, kind) for layer in "qkvo" for kind in ("weight", "bias")]
    return {f"{layer}.{kind}": (width, width) if kind == "weight" else (width,) for layer, kind in names}


def _block(width: int, mlp: int) -> dict[str, tuple[int, ...]]:
    return {
        **{"ln1.weight": (width,), "ln1.bias": (width,)},
        **{f"attn.{name}": shape for name, shape in attention_shapes(width).items()},
        **{"ln2.weight": (width,), "ln2.bias": (width,)},
        **{"mlp.fc1.weight": (mlp, width), "mlp.fc1.bias": (mlp,)},
        **{"mlp.fc2.weight": (width, mlp), "mlp.fc2.bias": (width,)},
    }


@pytest.fixture
def network(rng: np.random.Generator) -> Callable[..., Network]:
    """`network(layers=2, max_len=16)`: a GPT of these sizes with weights drawn for this check."""

    def make(*, width: int = 12, heads: int = 3, mlp: int = 20, layers: int = 2, max_len: int = 16) -> Network:
        return Network(rng, width, heads, mlp, layers, max_len)

    return make
