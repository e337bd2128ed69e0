"""The reference's transformer in PyTorch (float32, its default), for benchmarks/train_step.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

VERSION = torch.__version__
torch.set_num_threads(1)


class Block(nn.Module):
    def __init__(self, width: int, heads: int, mlp: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.ModuleDict({name: nn.Linear(width, width) for name in "qkvo"})
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, mlp), "fc2": nn.Linear(mlp, width)})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, time, width = x.shape
        normal = self.ln1(x)
        q, k, v = (self.attn[name](normal).view(batch, time, self.heads, -1).transpose(1, 2) for name in "qkv")
        read = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn["o"](read.transpose(1, 2).reshape(batch, time, width))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.ln2(x)), approximate="tanh"))


class GPT(nn.Module):
    """Parameters have the names of the reference's."""

    def __init__(self, *, width: int, heads: int, mlp: int, layers: int, vocab: int = 31, max_len: int = 10) -> None:
        super().__init__()
        self.tok_emb, self.pos_emb = nn.Embedding(vocab, width), nn.Embedding(max_len, width)
        self.blocks = nn.ModuleList(Block(width, heads, mlp) for _ in range(layers))
        self.ln_f, self.head = nn.LayerNorm(width), nn.Linear(width, vocab, bias=False)

    def forward(self, ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        x = self.tok_emb(ids) + self.pos_emb(torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return F.cross_entropy(self.head(self.ln_f(x)).flatten(0, 1), targets.flatten())


def trainers(
    size: dict[str, int], weights: dict[str, np.ndarray], batches: list[tuple[np.ndarray, np.ndarray]]
) -> Iterator[tuple[str, Callable[[int], float]]]:
    """(name, train): `train(steps)` takes that many steps and returns the last loss. AdamW, lr 1e-3, no decay."""
    data = [(torch.from_numpy(np.array(x)), torch.from_numpy(np.array(y))) for x, y in batches]
    for name, compiled, settings in (
        ("torch eager, foreach", False, {"foreach": True}),
        ("torch eager, fused", False, {"fused": True}),
        ("torch.compile, fused", True, {"fused": True}),
    ):
        model = GPT(**size)
        model.load_state_dict({key: torch.from_numpy(value).float() for key, value in weights.items()})
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, **settings)
        yield name, _train(torch.compile(model) if compiled else model, optimizer, data)


def _train(model: Any, optimizer: Any, data: list[Any]) -> Callable[[int], float]:
    def train(steps: int) -> float:
        for step in range(steps):
            loss = model(*data[step % len(data)])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            last = loss.item()
        return last

    return train
