"""Which gradient checker accepts which wrong backward? `python -m benchmarks.gradient_checkers [--seeds 50]`.

Every checker sees the same operations, inputs and backward rules (`wrong_backwards.py`), in one run:

* ours: the fixture `gradcheck`, with its default tolerances;
* torch: `torch.autograd.gradcheck` with its defaults, fast and slow;
* HIPS autograd: `check_grads` of every argument, with its default tolerances, reverse mode, first order (these rules
  have no second);
* ones: what courses paste: central differences of the sum of the result, whose cotangent is ones; the sum of the
  lengths of all differences must stay below 1e-6.

A checker that raises has caught the mistake. Peers that are not installed are named and left out. torch's engine sums
a gradient of a larger shape to the right one by itself: what it accepts of those is harmless there.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinygrade.checks.gradcheck import GradCheck
from tinygrade.failures import StudentFailure

sys.path.append(str(Path(__file__).parent))
from wrong_backwards import OPS, WRONG, Library  # noqa: E402

#: Takes forward, the backward to try, the right one, inputs and a seed; tells whether the backward is accepted.
Checker = Callable[[Any, Any, Any, list[np.ndarray], int], bool]


def ours(forward: Any, backward: Any, right: Any, inputs: list[np.ndarray], seed: int) -> bool:
    check = GradCheck(Library(forward, backward), Library(forward, right), np.random.default_rng([seed, 1]))
    try:
        check(lambda lib: lib.forward, inputs, wrt=range(len(inputs)), name="it")
    except StudentFailure:
        return False
    return True


def ones(forward: Any, backward: Any, right: Any, inputs: list[np.ndarray], seed: int, h: float = 1e-4) -> bool:
    grads = backward(np.ones_like(np.asarray(forward(*inputs))), *inputs)
    error = 0.0
    for i, x in enumerate(inputs):
        numerical = np.zeros_like(x)
        for at in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[at] += h
            down[at] -= h
            moved = [[*inputs[:i], y, *inputs[i + 1 :]] for y in (up, down)]
            numerical[at] = (np.sum(forward(*moved[0])) - np.sum(forward(*moved[1]))) / (2 * h)
        error += float(np.linalg.norm(grads[i] - numerical))
    return error < 1e-6


def torch_gradcheck(fast: bool) -> Checker:
    import torch

    def accepted(forward: Any, backward: Any, right: Any, inputs: list[np.ndarray], seed: int) -> bool:
        class Operation(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *xs: Any) -> Any:
                ctx.save_for_backward(*xs)
                return torch.as_tensor(forward(*(x.detach().numpy() for x in xs)))

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                grads = backward(g.numpy(), *(x.detach().numpy() for x in ctx.saved_tensors))
                return tuple(torch.as_tensor(dx) if isinstance(dx, np.ndarray | np.generic) else dx for dx in grads)

        torch.manual_seed(seed)
        leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
        return bool(torch.autograd.gradcheck(Operation.apply, leaves, fast_mode=fast, raise_exception=False))

    return accepted


def hips(forward: Any, backward: Any, right: Any, inputs: list[np.ndarray], seed: int) -> bool:
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    operation = primitive(lambda *xs: forward(*xs))
    rules = [lambda value, *xs, i=i: lambda g: backward(np.asarray(g), *xs)[i] for i in range(len(inputs))]
    defvjp(operation, *rules)
    np.random.seed(seed)
    for i in range(len(inputs)):
        check_grads(operation, i, modes=["rev"], order=1)(*inputs)
    return True


def checkers() -> tuple[dict[str, Checker], list[str]]:
    """The checkers that can run here, and the names of those that cannot."""
    found: dict[str, Checker] = {"ours": ours}
    missing = []
    if importlib.util.find_spec("torch"):
        found |= {"torch slow": torch_gradcheck(False), "torch fast": torch_gradcheck(True)}
    else:
        missing.append("torch")
    if importlib.util.find_spec("autograd"):
        found["HIPS autograd"] = hips
    else:
        missing.append("autograd")
    return {**found, "ones": ones}, missing


def accepts(checker: Checker, op: str, backward: Any, seed: int) -> bool:
    forward, right, shapes = OPS[op]
    rng = np.random.default_rng(seed)
    inputs = [np.asarray(rng.standard_normal(shape)) for shape in shapes]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return checker(forward, backward or right, right, inputs, seed)
        except Exception:  # whatever it is: the mistake did not pass
            return False


def measure(seeds: int) -> dict[str, Any]:
    found, missing = checkers()
    result: dict[str, Any] = {"seeds": seeds, "wrong_backwards": len(WRONG), "not_installed": missing, "checkers": {}}
    for name, checker in found.items():
        start = time.process_time()
        accepted = {mistake: _count(checker, op, backward, seeds) for mistake, (op, backward) in WRONG.items()}
        accused = {op: seeds - _count(checker, op, None, seeds) for op in OPS}
        result["checkers"][name] = {
            "wrong_ever_accepted": sum(count > 0 for count in accepted.values()),
            "wrong_always_accepted": sum(count == seeds for count in accepted.values()),
            "wrong_trials_accepted": sum(accepted.values()),
            "right_trials_accused": sum(accused.values()),
            "right_accused": {op: count for op, count in accused.items() if count},
            "accepted": {mistake: count for mistake, count in accepted.items() if count},
            "cpu_seconds": round(time.process_time() - start, 1),
        }
    return result


def _count(checker: Checker, op: str, backward: Any, seeds: int) -> int:
    return sum(accepts(checker, op, backward, seed) for seed in range(seeds))


def table(result: dict[str, Any]) -> str:
    """The result as a Markdown table: what README shows."""
    seeds, wrong, right = result["seeds"], result["wrong_backwards"], len(OPS)
    lines = [
        f"| checker | wrong backwards that it ever accepts, of {wrong} | wrong trials accepted, of {wrong * seeds:,} "
        f"| right trials accused, of {right * seeds:,} |",
        "| --- | --- | --- | --- |",
    ]
    for name, row in result["checkers"].items():
        counts = [row["wrong_ever_accepted"], row["wrong_trials_accepted"], row["right_trials_accused"]]
        lines.append(f"| {name} | " + " | ".join(f"{count:,}" for count in counts) + " |")
    lines += [f"{name} is not installed" for name in result["not_installed"]]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    result = measure(parser.parse_args().seeds)
    print(table(result), file=sys.stderr)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
