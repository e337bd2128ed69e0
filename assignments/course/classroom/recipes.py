"""How to train: the seed's recipe, and one that reaches the floor in a hundred steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .models import Reference


@dataclass(frozen=True)
class Recipe:
    """Settings of Adam and of the batches.

    Attributes:
        batch: strings a step, drawn with replacement; 0 for all of them, every step.
        steps: where the schedule ends, and training with it; 0 for a constant rate without an end.
        clip: bound on every entry of the gradient; 0 for none.
    """

    name: str
    lr: float
    batch: int = 0
    steps: int = 0
    clip: float = 0.0
    betas: tuple[float, float] = (0.9, 0.99)
    warmup: int = 20
    floor: float = 0.0

    def with_settings(self, lr: float | None, batch: int | None, steps: int | None) -> Recipe:
        """The same with what was set on the command line."""
        changed = replace(
            self,
            lr=self.lr if lr is None else lr,
            batch=self.batch if batch is None else batch,
            steps=steps if steps and self.steps else self.steps,
        )
        return changed if lr is None else replace(changed, floor=self.floor * lr / self.lr)

    def words(self) -> str:
        batch = "all strings" if not self.batch else f"{self.batch} string{'s' if self.batch > 1 else ''}"
        return f"Adam, lr {self.lr:g}, {batch} a step{f', clipped at {self.clip:g}' if self.clip else ''}"


#: The seed's: Adam with its usual constants, one random string a step, each gradient entry clipped to [-1, 1].
SEED = Recipe("seed", 1e-3, batch=1, clip=1.0, betas=(0.9, 0.999))
#: The reference's own of assignment 3: all strings every step, a short warm-up, half a cosine.
FAST = Recipe("fast", 2e-2, steps=600, floor=1e-3)
#: From a trained model: gentler, and shorter.
TUNE = Recipe("tune", 1e-2, steps=200, warmup=5, floor=1e-3)
RECIPES = {recipe.name: recipe for recipe in (SEED, FAST)}


def losses(
    reference: Reference, model: Any, recipe: Recipe, data: tuple[np.ndarray, np.ndarray], rng: np.random.Generator
) -> Iterator[float]:
    """Train `model` in place; the loss of each step, before it, as it is asked for. Ends with the schedule."""
    optim, cross_entropy = reference.module("optim"), reference.module("functional").cross_entropy
    optimizer = optim.AdamW(model.parameters(), lr=recipe.lr, betas=recipe.betas)
    x, y = data
    np.empty(1 << 20, dtype=np.uint8)  # keeps freed memory in the process: see reference/tinytorch/train.py
    step = 0
    while not recipe.steps or step < recipe.steps:
        step += 1
        if recipe.steps:
            schedule = {"peak": recipe.lr, "warmup": recipe.warmup, "total": recipe.steps, "floor": recipe.floor}
            optimizer.lr = optim.lr_at(step, **schedule)
        rows = rng.integers(len(x), size=recipe.batch) if recipe.batch else slice(None)
        loss = cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        if recipe.clip:
            _clip(optimizer.params, recipe.clip)
        optimizer.step()
        yield loss.item()


def _clip(parameters: list[Any], bound: float) -> None:
    """Bound every entry of every gradient, in place."""
    gradients = [parameter.grad for parameter in parameters]
    # After the first steps hardly any entry is that large: one look at all is a third of the time of clipping each.
    if np.abs(np.concatenate(gradients, axis=None)).max() <= bound:
        return
    for g in gradients:
        np.minimum(np.maximum(g, -bound, out=g), bound, out=g)  # a third of the time of np.clip on small arrays
