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
        # BEGIN SOLUTION A2.4: what must be remembered from step to step
        self.momentum = momentum
        self.velocities = [np.zeros_like(p.data) for p in self.params]
        # END SOLUTION

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        # BEGIN SOLUTION A2.4: one step of SGD
        for p, u in zip(self.params, self.velocities, strict=True):
            if p.grad is not None:
                u *= self.momentum
                u += p.grad
                p.data -= self.lr * u
        # END SOLUTION


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
        # BEGIN SOLUTION A2.4: what must be remembered from step to step
        self.t = 0
        # The moments and moves of all parameters lie in long vectors, one part for each parameter: ten numpy calls
        # a step instead of ten per parameter.
        ends = np.cumsum([p.data.size for p in self.params])
        self.parts = [slice(end - p.data.size, end) for p, end in zip(self.params, ends, strict=True)]
        self.m = np.zeros(ends[-1], dtype=self.params[0].data.dtype)
        self.v = np.zeros_like(self.m)
        self.moves = np.zeros_like(self.m)
        self.moves_of = [self.moves[part].reshape(p.shape) for p, part in zip(self.params, self.parts, strict=True)]
        # END SOLUTION

    def step(self) -> None:
        """Move every parameter that has a gradient; the others keep their value and their moments."""
        # BEGIN SOLUTION A2.4: one step of AdamW
        self.t += 1
        moving = [i for i, p in enumerate(self.params) if p.grad is not None]
        gradients = [self.params[i].grad for i in moving]
        if len(moving) == len(self.params):
            _adam(self, slice(None), np.concatenate(gradients, axis=None))
        else:
            for i, g in zip(moving, gradients, strict=True):
                _adam(self, self.parts[i], g.reshape(-1))
        for i in moving:
            p = self.params[i]
            if self.weight_decay:
                p.data *= 1.0 - self.lr * self.weight_decay
            p.data -= self.moves_of[i]
        # END SOLUTION


# BEGIN SOLUTION A2.4: the arithmetic of one step
def _adam(state: AdamW, part: slice, g: np.ndarray) -> None:
    """Update one part of the moments with the gradient g, and leave the moves that follow in state.moves."""
    beta1, beta2 = state.betas
    m, v, move = state.m[part], state.v[part], state.moves[part]
    m *= beta1
    m += np.multiply(g, 1.0 - beta1, out=move)
    v *= beta2
    v += np.multiply(np.multiply(g, g, out=move), 1.0 - beta2, out=move)

    np.sqrt(v, out=move)
    move /= math.sqrt(1.0 - beta2**state.t)
    move += state.eps
    np.divide(m, move, out=move)
    move *= state.lr / (1.0 - beta1**state.t)


# END SOLUTION


def clip_grad_norm(params: Iterable[Tensor], max_norm: float) -> float:
    """Shorten all gradients together, as one long vector, to the norm `max_norm` when they are longer.

    Works in place; parameters without gradient do not count. Returns the norm before clipping.
    Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks.

    Example: gradients [3] and [4] with max_norm 1 become [0.6] and [0.8]; the result is 5.
    """
    # BEGIN SOLUTION A2.5: measure once, scale all alike
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g *= max_norm / norm
    return norm
    # END SOLUTION


def lr_at(step: int, *, peak: float, warmup: int, total: int, floor: float = 0.0) -> float:
    """The learning rate of step 1, 2, ...: a straight line up to `peak`, then half a cosine down to `floor`.

    Step 1 has peak / warmup, step `warmup` has `peak`, step `total` and all later ones have `floor`.
    Cosine: Loshchilov & Hutter 2017, SGDR. Raises ValueError for step < 1.

    Example: peak 1, warmup 2, total 4 gives 0.5, 1, 0.5, 0.
    """
    # BEGIN SOLUTION A2.5: the two pieces of the schedule
    if step < 1:
        raise ValueError(f"steps count from 1, got {step}")
    if step <= warmup:
        return peak * step / warmup
    if step >= total:
        return floor
    progress = (step - warmup) / (total - warmup)
    return floor + (peak - floor) * 0.5 * (1.0 + math.cos(math.pi * progress))
    # END SOLUTION
