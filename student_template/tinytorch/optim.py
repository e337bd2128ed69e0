"""Optimisers: how parameters move along their gradients, and how far.

A step writes into `p.data` in place, so that everyone who holds the array sees it, and skips a parameter whose `grad`
is None. Change `lr` between steps by assigning to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from .tensor import Tensor


class Optimizer:
    """What all optimisers share: the list `params`, the learning rate `lr`, and zero_grad.

    Raises ValueError when there is no parameter.
    """

    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        self.params = list(params)
        if not self.params:
            raise ValueError("an optimiser needs at least one parameter")
        self.lr = lr

    def zero_grad(self) -> None:
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no step")


class SGD(Optimizer):
    """Stochastic gradient descent with heavy-ball momentum, in torch.optim.SGD's form.

    The velocity u = momentum * u + grad, one per parameter, starts at 0; p moves by -lr * u (Polyak 1964).

    Example: with lr 0.1 and momentum 0.9, a gradient of 1 moves p by -0.1, the next one by -0.19.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.0) -> None:
        super().__init__(params, lr)
        raise NotImplementedError("A2.4: what must be remembered from step to step")

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        raise NotImplementedError("A2.4: one step of SGD")


class AdamW(Optimizer):
    """Adam with decoupled weight decay: Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization.

    One step, in torch.optim.AdamW's order: first the decay p *= 1 - lr * weight_decay, then Algorithm 1 of Kingma & Ba
    2015, Adam (its last line, with eps outside the root). The step number t counts from 1, for all parameters together.

    Example: without decay the first step moves each entry by about lr against the sign of its gradient.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay
        raise NotImplementedError("A2.4: what must be remembered from step to step")

    def step(self) -> None:
        """Move every parameter that has a gradient; the others keep their value and their moments."""
        raise NotImplementedError("A2.4: one step of AdamW")


def clip_grad_norm(params: Iterable[Tensor], max_norm: float) -> float:
    """Shorten all gradients together, as one long vector, to the norm `max_norm` when they are longer.

    Works in place; parameters without gradient do not count. Returns the norm before clipping.
    Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks.

    Example: gradients [3] and [4] with max_norm 1 become [0.6] and [0.8]; the result is 5.
    """
    raise NotImplementedError("A2.5: measure once, scale all alike")


def lr_at(step: int, *, peak: float, warmup: int, total: int, floor: float = 0.0) -> float:
    """The learning rate of step 1, 2, ...: a straight line up to `peak`, then half a cosine down to `floor`.

    Step 1 has peak / warmup, step `warmup` has `peak`, step `total` and all later ones have `floor`.
    Cosine: Loshchilov & Hutter 2017, SGDR. Raises ValueError for step < 1.

    Example: peak 1, warmup 2, total 4 gives 0.5, 1, 0.5, 0.
    """
    raise NotImplementedError("A2.5: the two pieces of the schedule")
