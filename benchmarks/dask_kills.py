"""Is a class graded exactly once while Dask workers are killed? `python -m benchmarks.dask_kills`.

A scheduler and workers on loopback grade a class; at random moments a worker is ended by SIGKILL, and another takes its
place. At the end the gradebook must hold one complete result for every submission, with the right score, and nobody may
have been told twice. Prints JSON; exit code 1 when something was lost, graded twice, or wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
from dask_cluster import Cluster  # noqa: E402
from kill_grade import KINDS, stored  # noqa: E402
from tiny_class import POINTS, write_class, write_course  # noqa: E402

TOLD = re.compile(r"^\[ *\d+/\d+\] (s\d+) ", re.M)


@dataclass
class Found:
    """What a trial found."""

    submissions: int
    workers: int
    kills: int
    #: Kills that came while the command was grading.
    hit_at_work: int
    #: Students without, and with more than one, complete result.
    lost: list[str]
    twice: list[str]
    told_twice: list[str]
    wrong: list[str]
    load: float
    seconds: float

    @property
    def ok(self) -> bool:
        return not (self.lost or self.twice or self.told_twice or self.wrong)


def trial(folder: Path, size: int, kills: int, seed: int, workers: int = 2, longest: float = 6.0) -> Found:
    """Grade `size` submissions while a worker is killed `kills` times, at most `longest` seconds apart."""
    start, load = time.monotonic(), os.getloadavg()[0]
    chance = random.Random(seed)
    kinds = {f"s{number:04}": KINDS[number % len(KINDS)] for number in range(size)}
    course, handed = write_course(folder), write_class(folder / "class", kinds)
    url = f"{folder}/gradebook.db"
    with Cluster(folder / "cluster", workers) as cluster, open(folder / "output", "w+b") as output:
        command = [sys.executable, "-P", "-m", "tinygrade", "grade", "alpha", str(handed), "--course", str(course)]
        command += ["--gradebook", url, "--executor", "dask", "--scheduler", cluster.address]
        run = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        hit = _killing(cluster, run, Path(output.name), kills, chance, longest)
        code = run.wait()
        text = Path(output.name).read_text()
    assert code == 0, text
    counts, scores = stored(url)
    return Found(
        submissions=size,
        workers=workers,
        kills=kills,
        hit_at_work=hit,
        lost=[student for student in kinds if counts.get(student, 0) == 0],
        twice=[student for student in kinds if counts.get(student, 0) > 1],
        told_twice=[student for student, times in Counter(TOLD.findall(text)).items() if times > 1],
        wrong=[student for student, kind in kinds.items() if scores.get(student) != POINTS[kind]],
        load=round(load, 1),
        seconds=round(time.monotonic() - start, 1),
    )


def _killing(
    cluster: Cluster, run: subprocess.Popen[bytes], output: Path, kills: int, chance: random.Random, longest: float
) -> int:
    """Kill a worker again and again, from the first result on; how many kills came before the end."""
    while run.poll() is None and not TOLD.search(output.read_text()):
        time.sleep(0.05)
    hit = 0
    for _ in range(kills):
        time.sleep(chance.uniform(0, longest))
        # a new one first: the cluster is never empty for long, as where somebody looks after it
        cluster.add_worker()
        hit += run.poll() is None
        cluster.kill_worker(chance.choice(cluster.workers[:-1]))
    return hit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--submissions", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = trial(Path(folder), options.submissions, options.kills, options.seed, options.workers)
    print(json.dumps({**asdict(found), "ok": found.ok}, indent=1))
    sys.exit(0 if found.ok else 1)


if __name__ == "__main__":
    main()
