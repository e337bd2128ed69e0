"""How many submissions a minute? `python -m benchmarks.grade_throughput [--submissions 200] [--slow N] [--together]`.

A mixed class for assignment 3 through the real command: four in ten right, four wrong (mutants that train at ordinary
speed), one broken (does not compile, stubs, a name is missing), one hostile (exits, floods, forged answers). `--slow`
adds submissions that use a whole limit: endless loops and sleep in every forward. Prints JSON: rate, CPU seconds of all
processes for each submission (which depends less on what else runs) over all and by kind, load before and after, and a
second run in which nothing has changed. Kinds are graded one after the other into one gradebook, so that the CPU of
each is known; `--together` grades all at once, as a class comes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygrade import config
from tinygrade.attacks.attack import corpus
from tinygrade.attacks.plant import plant
from tinygrade.audit import files, plan
from tinygrade.model import Assignment

ROOT = Path(__file__).resolve().parents[1]
#: Mutants that do not learn, and so use their whole training budget of five minutes.
NEVER_LEARN = {
    *("head_tied", "heads_mixed", "keys_for_values", "learning_rate_too_high", "learning_rate_too_low"),
    *("loss_after_step", "loss_summed", "mask_adds_one", "mask_after_softmax", "mask_all", "mask_ignored"),
    *("no_positions", "parallel_block", "position_zero", "positions_reversed", "post_norm"),
}
HOSTILE = ("exit_at_import", "hostile_text", "frames_of_nonsense", "patched_numpy", "crash_the_interpreter", "network")
LOOP = "        while True:\n            pass\n"
SLEEP = "        import time\n        time.sleep(3600)\n"
FORWARD = "        ids = np.asarray(ids)\n"


def sources(assignment: Assignment) -> dict[str, Iterator[dict[str, str]]]:
    """For each kind an endless row of packages: name of a file -> text."""
    solution = files.solution(assignment.course)
    mutants = [t.source for t in plan.plan(assignment, ("mutant",)) if t.name not in NEVER_LEARN]
    stubs = {path.name: path.read_text() for path in (assignment.course.template / "tinytorch").glob("*.py")}
    model = solution["transformer.py"]
    broken = [
        {**solution, "transformer.py": model + "\ndef (\n"},
        {**solution, **{name: stubs[name] for name in assignment.files}},
        {**solution, "transformer.py": model.replace("def causal_mask", "def causalmask")},
    ]
    assert model.count(FORWARD) == 1
    slow = [{**solution, "transformer.py": model.replace(FORWARD, what + FORWARD)} for what in (LOOP, SLEEP)]
    rows = {"right": [solution], "wrong": mutants, "broken": broken, "slow": slow, "hostile": attacks(assignment)}
    return {kind: repeated(row) for kind, row in rows.items()}


def attacks(assignment: Assignment) -> list[dict[str, str]]:
    chosen = [attack for attack in corpus() if attack.name in HOSTILE]
    assert len(chosen) == len(HOSTILE)
    places = ("canary", "hidden", "results", "neighbour", "course", "reference", "unix")
    facts: dict[str, str | int] = {
        **dict.fromkeys(places, "/nonexistent"),
        "tcp": 9,
        "udp": 9,
        "tag": "tinygrade-attack",
    }
    found = []
    for attack in chosen:
        with tempfile.TemporaryDirectory() as folder:
            plant(attack, assignment, facts, Path(folder))
            package = Path(folder) / assignment.course.package
            found.append({path.name: path.read_text() for path in package.glob("*.py")})
    return found


def repeated(row: list[Any]) -> Iterator[dict[str, str]]:
    while True:
        yield from row


def write_class(folder: Path, assignment: Assignment, size: int, slow: int) -> None:
    """Each submission is different: a comment has its number."""
    rows = sources(assignment)
    kinds = (["right", "wrong"] * 4 + ["broken", "hostile"]) * (size // 10 + 1)
    for number, kind in enumerate([*kinds[:size], *["slow"] * slow]):
        package = folder / f"s{number:04}-{kind}" / assignment.course.package
        package.mkdir(parents=True)
        for name, text in next(rows[kind]).items():
            (package / name).write_text(text)
        with open(package / "train.py", "a") as stream:
            stream.write(f"\n# {number}\n")


@dataclass
class Cost:
    """What a run of the command took."""

    seconds: float
    cpu_seconds: float
    output: str


def graded(students: list[Path], gradebook: Path, jobs: int) -> Cost:
    """One run of the command."""
    options = ["--gradebook", str(gradebook), "--course", str(ROOT / "assignments"), "--jobs", str(jobs)]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-P", "-m", "tinygrade", "grade", "assignment3", *map(str, students), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in (0, 4), done.stdout + done.stderr
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.monotonic() - start, cpu, done.stdout)


def by_kind(handed: list[Path], together: bool) -> dict[str, list[Path]]:
    """The submissions of each kind; all under one name when they are graded together."""
    found: dict[str, list[Path]] = {}
    for folder in handed:
        found.setdefault("all" if together else folder.name.partition("-")[2], []).append(folder)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--slow", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--together", action="store_true", help="all at once: no figures by kind")
    options = parser.parse_args()
    assignment = config.load_assignment(config.load_course(ROOT / "assignments"), "assignment3")
    size, load = options.submissions + options.slow, os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        gradebook = Path(folder) / "gradebook.db"
        write_class(Path(folder) / "class", assignment, options.submissions, options.slow)
        handed = sorted((Path(folder) / "class").iterdir())
        costs = {}
        for kind, some in by_kind(handed, options.together).items():
            costs[kind] = (len(some), graded(some, gradebook, options.jobs))
            print(costs[kind][1].output, file=sys.stderr)
        load_after = os.getloadavg()[0]
        again = graded(handed, gradebook, options.jobs)
    wall, cpu = (sum(getattr(cost, name) for _, cost in costs.values()) for name in ("seconds", "cpu_seconds"))
    figures = {
        "submissions": size,
        "jobs": options.jobs,
        "load": [round(load, 1), round(load_after, 1)],
        "seconds": round(wall, 1),
        "per_minute": round(60 * size / wall, 1),
        "cpu_seconds_each": round(cpu / size, 2),
        "per_minute_by_cpu": round(60 * options.jobs * size / cpu, 1),
        "kinds": {
            kind: {
                "submissions": number,
                "cpu_seconds_each": round(cost.cpu_seconds / number, 2),
                "share_of_cpu": round(cost.cpu_seconds / cpu, 3),
                "seconds": round(cost.seconds, 1),
            }
            for kind, (number, cost) in costs.items()
        },
        "not_graded": sum(cost.output.count("not graded, not zero") for _, cost in costs.values()),
        "again": {"seconds": round(again.seconds, 2), "cpu_seconds": round(again.cpu_seconds, 2)},
        "again_line": next((line for line in again.output.splitlines() if "graded already" in line), ""),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
