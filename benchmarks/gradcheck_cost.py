"""What do our gradient checks cost beside torch's slow ones? `python -m benchmarks.gradcheck_cost [--repeats 15]`.

Every operation of assignments 1 and 2 on the same shapes: the fixture `gradcheck` (values, gradients, repeatability,
aliasing; with the solved package on both sides, without a worker in between), and `torch.autograd.gradcheck` with
`fast_mode=False` on torch's own operation in float64. They take turns; a figure is the median of CPU seconds. What
each of them misses is measured by `gradient_checkers`. Prints a table on standard error, JSON on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from tinygrade.checks.gradcheck import GradCheck
from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.model import Surface

IDS, TARGETS, MASK = np.array([[1, 0, 3], [3, 3, 2]]), np.array([[1, 4, 0], [2, 2, 3]]), np.eye(3, 4, dtype=bool)
#: Operation -> shapes of the inputs (which are positive), how our library computes it, and how torch does.
OPS: dict[str, tuple[Sequence[tuple[int, ...]], Any, Any]] = {
    "add": ([(3, 4), (4,)], lambda lib: lambda a, b: a + b, lambda t, F: lambda a, b: a + b),
    "sub": ([(3, 4), (3, 1)], lambda lib: lambda a, b: a - b, lambda t, F: lambda a, b: a - b),
    "mul": ([(3, 4), (3, 4)], lambda lib: lambda a, b: a * b, lambda t, F: lambda a, b: a * b),
    "div": ([(3, 4), (1, 4)], lambda lib: lambda a, b: a / b, lambda t, F: lambda a, b: a / b),
    "neg": ([(3, 4)], lambda lib: lambda x: -x, lambda t, F: lambda x: -x),
    "power": ([(3, 4), (4,)], lambda lib: lambda a, b: a**b, lambda t, F: lambda a, b: a**b),
    "exp": ([(3, 4)], "ops.exp", lambda t, F: t.exp),
    "log": ([(3, 4)], "ops.log", lambda t, F: t.log),
    "tanh": ([(3, 4)], "ops.tanh", lambda t, F: t.tanh),
    "relu": ([(3, 4)], "ops.relu", lambda t, F: t.relu),
    "maximum": ([(3, 4), (4,)], "ops.maximum", lambda t, F: t.maximum),
    "where": (
        [(3, 4), (4,)],
        lambda lib: lambda a, b: lib.ops.where(MASK, a, b),
        lambda t, F: lambda a, b: t.where(t.from_numpy(MASK), a, b),
    ),
    "matmul": ([(3, 4), (4, 5)], "ops.matmul", lambda t, F: t.matmul),
    "batched matmul": ([(2, 3, 4), (4, 5)], "ops.matmul", lambda t, F: t.matmul),
    "sum": ([(2, 3, 4)], lambda lib: lambda x: x.sum(axis=1), lambda t, F: lambda x: x.sum(dim=1)),
    "mean": ([(2, 3, 4)], lambda lib: lambda x: x.mean(axis=-1), lambda t, F: lambda x: x.mean(dim=-1)),
    "reshape": ([(3, 4)], lambda lib: lambda x: x.reshape(2, 6), lambda t, F: lambda x: x.reshape(2, 6)),
    "transpose": ([(2, 3, 4)], lambda lib: lambda x: x.transpose(1, 2, 0), lambda t, F: lambda x: x.permute(1, 2, 0)),
    "getitem": ([(4, 3)], lambda lib: lambda x: x[IDS], lambda t, F: lambda x: x[t.from_numpy(IDS)]),
    "concat": (
        [(2, 3), (4, 3)],
        lambda lib: lambda a, b: lib.ops.concat([a, b]),
        lambda t, F: lambda a, b: t.cat([a, b]),
    ),
    "take_rows": (
        [(5, 4)],
        lambda lib: lambda w: lib.ops.take_rows(w, IDS),
        lambda t, F: lambda w: F.embedding(t.from_numpy(IDS), w),
    ),
    "softmax": ([(2, 3, 4)], "functional.softmax", lambda t, F: lambda x: F.softmax(x, -1)),
    "log_softmax": ([(2, 3, 4)], "functional.log_softmax", lambda t, F: lambda x: F.log_softmax(x, -1)),
    "gelu": ([(3, 4)], "functional.gelu", lambda t, F: lambda x: F.gelu(x, approximate="tanh")),
    "cross_entropy": (
        [(2, 3, 5)],
        lambda lib: lambda x: lib.functional.cross_entropy(x, TARGETS),
        lambda t, F: lambda x: F.cross_entropy(x.flatten(0, 1), t.from_numpy(TARGETS).flatten()),
    ),
    "layer_norm": (
        [(2, 3, 5), (5,), (5,)],
        "functional.layer_norm",
        lambda t, F: lambda x, w, b: F.layer_norm(x, (5,), w, b),
    ),
    "linear": ([(2, 3, 4), (5, 4), (5,)], "functional.linear", lambda t, F: F.linear),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--peers", nargs="*", choices=["torch"], default=["torch"])
    options = parser.parse_args()
    peer = _torch() if options.peers else None
    root = Path(__file__).resolve().parents[1]
    library = ReferenceLibrary(root / "reference" / "tinytorch", Surface(tensor="tensor.Tensor"))
    rows = [measure(name, library, peer, options.repeats) for name in OPS]
    total: dict[str, float | None] = {"ours_ms": round(sum(row["ours_ms"] for row in rows), 2)}
    total["torch_ms"] = round(sum(row["torch_ms"] for row in rows), 2) if peer else None
    missing = ["torch"] if options.peers and not peer else []
    print(_line("all", total), file=sys.stderr)
    print(json.dumps({"total": total, "not_installed": missing, "load": os.getloadavg()[0], "ops": rows}, indent=1))


def _torch() -> Any:
    try:
        import torch
    except ModuleNotFoundError:
        print("torch is not installed: our own figures only (pip install torch)", file=sys.stderr)
        return None
    torch.set_num_threads(1)
    return torch


def measure(name: str, library: Any, torch: Any, repeats: int) -> dict[str, Any]:
    """Median CPU milliseconds of one check on either side. Both must accept: a check that fails ends the command."""
    shapes, op, theirs = OPS[name]
    rng = np.random.default_rng(7)
    inputs = [rng.uniform(0.5, 1.5, shape) for shape in shapes]
    check = GradCheck(library, library, rng)
    sides: dict[str, Callable[[], Any]] = {
        "ours_ms": lambda: check(op, inputs, wrt=range(len(inputs)), name=name, allow=("gradient-aliased",))
    }
    if torch:
        leaves = [torch.tensor(x, requires_grad=True) for x in inputs]
        function = theirs(torch, torch.nn.functional)
        sides["torch_ms"] = lambda: torch.autograd.gradcheck(function, leaves, fast_mode=False)
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(repeats + 1):  # the first turn warms up
        for side, run in sides.items():
            start = time.process_time()
            run()
            times[side].append(1e3 * (time.process_time() - start))
    medians = {side: round(statistics.median(values[1:]), 3) for side, values in times.items()}
    row = {"op": name, "ours_ms": medians["ours_ms"], "torch_ms": medians.get("torch_ms")}
    print(_line(name, row), file=sys.stderr, flush=True)
    return row


def _line(name: str, row: dict[str, Any]) -> str:
    """Both figures in ms, and how many times cheaper ours is."""
    ours, theirs = row["ours_ms"], row["torch_ms"]
    return f"{name:16} {ours:9.2f}" + (f" {theirs:9.2f} {theirs / ours:6.1f}x" if theirs else "")


if __name__ == "__main__":
    main()
