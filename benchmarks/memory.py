"""How much memory does a grading take? `python -m benchmarks.memory [--assignments assignment1 assignment3]`.

Every 5 ms the processes of one real command are looked at: the command itself, the grader's child, the parent of the
workers, and the workers. The peak of each kind is told in MiB: resident memory as the kernel counts its peak (VmHWM),
and, for workers, what is theirs alone (Pss: pages that they share with their parent are divided among those who do).
Prints a table on standard error and JSON on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measured import ROOT, TINYGRADE

#: MiB that are allowed: a worker, and the grader's child.
GOALS = {"worker": 120, "grader": 200}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignments", nargs="+", default=["assignment1", "assignment2", "assignment3"])
    options = parser.parse_args()
    found = {name: peaks(["check", name, "--submission", "reference", "--seed", "41"]) for name in options.assignments}
    for name, kinds in found.items():
        for kind, figures in kinds.items():
            shown = "  ".join(f"{key} {value:6.1f} MiB" for key, value in figures.items())
            print(f"{name:12} {kind:8} {shown}  (at most {GOALS.get(kind, '-')})", file=sys.stderr)
    print(json.dumps({"mib": found, "load": os.getloadavg()[0]}, indent=1))


def peaks(words: list[str]) -> dict[str, dict[str, float]]:
    """By kind of process the largest of each figure that was seen."""
    most: dict[str, dict[str, float]] = {}
    with subprocess.Popen([*TINYGRADE, *words], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for kind, pid in descendants(process.pid):
                for key, value in figures(pid, kind).items():
                    most.setdefault(kind, {})[key] = max(value, most.get(kind, {}).get(key, 0.0))
            time.sleep(0.005)
    assert process.returncode == 0
    return most


def descendants(command: int) -> list[tuple[str, int]]:
    """The processes of a running command with what they are: each is the child of the one before."""
    found, parents = [("command", command)], [command]
    for kind in ("grader", "zygote", "worker"):
        parents = [child for parent in parents for child in children(parent)]
        found += [(kind, child) for child in parents]
    return found


def children(pid: int) -> list[int]:
    return [int(word) for word in read(pid, f"task/{pid}/children").split()]


def figures(pid: int, kind: str) -> dict[str, float]:
    """MiB; nothing of a process that has just ended."""
    lines = [*read(pid, "status").splitlines(), *(read(pid, "smaps_rollup").splitlines() if kind == "worker" else [])]
    wanted = {"VmHWM:": "peak", "Pss:": "own_share"}
    words = [line.split() for line in lines]
    return {wanted[word[0]]: round(int(word[1]) / 1024, 1) for word in words if word and word[0] in wanted}


def read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


if __name__ == "__main__":
    main()
