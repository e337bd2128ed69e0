"""How many sandboxed checks a second, one at a time? `python -m benchmarks.fork_rate [--seconds 3] [--rounds 6]`.

One check is a worker that is forked, confined, loads the reference package, imports a module, answers one call, and
is ended. Rounds with and without confinement take turns, so that a busy machine is busy for both; CPU time of all
processes stands beside, because it depends less on what else runs. Prints a table on standard error, JSON on standard
output.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tinygrade.model import Limits
from tinygrade.sandboxes import clock
from tinygrade.sandboxes.local import LocalSandbox
from tinygrade.worker.confinement import STEPS
from tinygrade.worker.packing import packed

PACKAGE = Path(__file__).resolve().parents[1] / "reference" / "tinytorch"
KINDS: dict[str, tuple[str, ...]] = {"confined": (), "without Landlock, seccomp, privileges": STEPS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one round")
    parser.add_argument("--rounds", type=int, default=6, help="rounds of each kind")
    options = parser.parse_args()
    sandboxes = {name: LocalSandbox(Limits(), without=without) for name, without in KINDS.items()}
    try:
        report = {
            "empty worker": compare(sandboxes, empty, options),
            "worker with one call": compare(sandboxes, one_call, options),
        }
    finally:
        levels = {name: sandbox.isolation().level for name, sandbox in sandboxes.items()}
        for sandbox in sandboxes.values():
            sandbox.close()
    print(json.dumps({"levels": levels, "load": os.getloadavg()[0], "per_second": report}, indent=1))


def compare(sandboxes: dict[str, LocalSandbox], check: Callable[[LocalSandbox], None], options: Any) -> dict[str, Any]:
    """Checks a second and CPU milliseconds a check by kind, from rounds that take turns."""
    rates: dict[str, list[float]] = {name: [] for name in sandboxes}
    costs: dict[str, list[float]] = {name: [] for name in sandboxes}
    for sandbox in sandboxes.values():
        check(sandbox)
    for _ in range(options.rounds):
        for name, sandbox in sandboxes.items():
            per_second, cpu = rate(sandbox, check, options.seconds)
            rates[name].append(per_second)
            costs[name].append(cpu)
    table = {name: summary(rates[name], costs[name]) for name in sandboxes}
    for name, row in table.items():
        figures = ", ".join(f"{key} {value:7.1f}" for key, value in row.items())
        print(f"{check.__name__:10} {name:40} {figures}", file=sys.stderr)
    return table


def summary(rates: list[float], costs: list[float]) -> dict[str, float]:
    median = statistics.median
    return {"median": round(median(rates), 1), "worst": round(min(rates), 1), "cpu_ms": round(median(costs), 1)}


def rate(sandbox: LocalSandbox, check: Callable[[LocalSandbox], None], seconds: float) -> tuple[float, float]:
    """Checks a second, and CPU milliseconds a check."""
    count = 0
    cpu = cpu_seconds(sandbox)
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        check(sandbox)
        count += 1
    return count / (time.perf_counter() - start), 1000 * (cpu_seconds(sandbox) - cpu) / count


def cpu_seconds(sandbox: LocalSandbox) -> float:
    """Of this process, the zygote and its workers so far."""
    return time.process_time() + clock.cpu_seconds(sandbox._zygote.pid)


def empty(sandbox: LocalSandbox) -> None:
    """Fork, confinement, end."""
    sandbox.open(cpu_seconds=10.0).close()


def one_call(sandbox: LocalSandbox) -> None:
    """The same with the package, `transformer.causal_mask(4)` and its array."""
    worker = sandbox.open(cpu_seconds=10.0)
    try:
        open_package(worker)
        module = ask(worker, "module", "transformer")
        mask = ask(worker, "call", ask(worker, "get", module, "causal_mask"), [4], {})
        assert ask(worker, "fetch", mask).shape == (4, 4)
    finally:
        worker.close()


def open_package(worker: Any) -> None:
    files = packed({path.name: path.read_bytes() for path in PACKAGE.glob("*.py")})
    surface = {"tensor": "tensor.Tensor", "parameters": [], "names": {}}
    ask(worker, "open", "tinytorch", "/tinytorch", files, surface, [], packed({}))


def ask(worker: Any, do: str, *args: Any) -> Any:
    reply = worker.ask({"do": do, "args": list(args)}, cpu_seconds=10.0)
    assert "value" in reply, reply
    return reply["value"]


if __name__ == "__main__":
    main()
