"""Pull a gradient back through a student's graph, also before its `backward` has been written.

A result knows its `_parents` and a function `_backward(g)` that gives one gradient per parent. That protocol is
enough to judge single operations while the walk over the whole graph is still a stub.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def pull_back(output: Any, cotangent: Any, method: str = "backward") -> None:
    """`output.backward(cotangent)`, or that `method`; where it is a stub, the same by the protocol.

    Raises:
        NotImplementedError: the backward rule of an operation is a stub itself.
    """
    try:
        getattr(output, method)(*(() if cotangent is None else (cotangent,)))
    except NotImplementedError:
        walk(output, np.ones_like(output.data) if cotangent is None else cotangent)


def walk(root: Any, cotangent: Any) -> None:
    """Add the gradient of `root` to the `grad` of every leaf below it."""
    arriving = {id(root): cotangent}
    for node in _consumers_first(root):
        g = arriving.pop(id(node), None)
        if g is None:
            continue
        if node._backward is None:
            node.grad = np.array(g) if node.grad is None else node.grad + g
            continue
        for parent, part in zip(node._parents, node._backward(g), strict=True):
            if part is not None and parent.requires_grad:
                known = arriving.get(id(parent))
                arriving[id(parent)] = part if known is None else known + part


def _consumers_first(root: Any) -> list[Any]:
    finished: list[Any] = []
    entered: set[int] = set()
    stack = [(root, False)]
    while stack:
        node, parents_finished = stack.pop()
        if parents_finished:
            finished.append(node)
        elif id(node) not in entered:
            entered.add(id(node))
            stack += [(node, True), *((parent, False) for parent in node._parents)]
    return finished[::-1]
