"""Is a class graded exactly once when the command is killed again and again? `python -m benchmarks.kill_grade`.

The command is killed by SIGKILL at a random moment, started again, and so on; at the end it may finish. Counts what the
gradebook holds: every submission must have exactly one complete result, everything that was told as graded must have
been stored, and the scores must be right. With `--postgres` on a database server, with `--dask` by the workers of a
cluster. Prints JSON; exit code 1 when something was lost or graded twice.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import select

sys.path.append(str(Path(__file__).parent))
import postgres  # noqa: E402
from dask_cluster import Cluster  # noqa: E402
from tiny_class import POINTS, write_class, write_course  # noqa: E402

from tinygrade.gradebook.database import Database  # noqa: E402
from tinygrade.gradebook.schema import results, students, submissions  # noqa: E402

KINDS = ("right", "wrong", "crash", "syntax")
TOLD = re.compile(r"^\[ *\d+/\d+\] (s\d+) +[\d.]+/10", re.M)


@dataclass
class Found:
    """What a trial found."""

    submissions: int
    kills: int
    #: Runs that the signal found at work, not before the first result or after the end.
    hit_at_work: int
    #: Students without, and with more than one, complete result.
    lost: list[str]
    twice: list[str]
    #: Told as graded, and not in the gradebook.
    told_only: list[str]
    wrong: list[str]
    seconds: float

    @property
    def ok(self) -> bool:
        return not (self.lost or self.twice or self.told_only or self.wrong)


def trial(
    folder: Path, url: str, size: int, kills: int, seed: int, longest: float = 4.0, more: Sequence[str] = ()
) -> Found:
    """Grade `size` submissions while being killed `kills` times, each within `longest` seconds of the start.

    `more` are words for the command.
    """
    start = time.monotonic()
    chance = random.Random(seed)
    course = write_course(folder)
    kinds = {f"s{number:04}": KINDS[number % len(KINDS)] for number in range(size)}
    handed = write_class(folder / "class", kinds)
    command = [sys.executable, "-P", "-m", "tinygrade", "grade", "alpha", str(handed), "--course", str(course)]
    command += ["--gradebook", url, *more]
    told: set[str] = set()
    hit = 0
    for _ in range(kills):
        # far more often at work than at the end
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(chance.uniform(0.2, longest))
        hit += run.poll() is None
        run.kill()
        output, _ = run.communicate()
        told |= set(TOLD.findall(output))
    last = subprocess.run(command, capture_output=True, text=True, check=False)
    told |= set(TOLD.findall(last.stdout))
    assert last.returncode == 0, last.stdout + last.stderr
    counts, scores = stored(url)
    return Found(
        submissions=size,
        kills=kills,
        hit_at_work=hit,
        lost=[student for student in kinds if counts.get(student, 0) == 0],
        twice=[student for student in kinds if counts.get(student, 0) > 1],
        told_only=sorted(told - set(counts)),
        wrong=[student for student, kind in kinds.items() if scores.get(student) != POINTS[kind]],
        seconds=round(time.monotonic() - start, 1),
    )


def stored(url: str) -> tuple[dict[str, int], dict[str, float]]:
    """Complete results, and the last score, by student."""
    query = (
        select(students.c.key, results.c.score)
        .join(submissions, submissions.c.student_id == students.c.id)
        .join(results, results.c.submission_id == submissions.c.id)
        .where(results.c.complete)
        .order_by(results.c.id)
    )
    counts: dict[str, int] = {}
    scores: dict[str, float] = {}
    database = Database(url)
    try:
        with database.reading() as connection:
            for student, score in connection.execute(query):
                counts[student] = counts.get(student, 0) + 1
                scores[student] = score
    finally:
        database.close()
    return counts, scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--submissions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dask", action="store_true", help="on a Dask cluster on loopback: two workers that live on")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server of its own instead of a file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = f"{folder}/gradebook.db"
        if options.postgres:
            url = postgres.new_database(stack.enter_context(postgres.server()), "kills")
        longest, more = 4.0, list[str]()
        if options.dask:
            cluster = stack.enter_context(Cluster(Path(folder) / "cluster", 2))
            longest, more = 12.0, ["--executor", "dask", "--scheduler", cluster.address]
        found = trial(Path(folder), url, options.submissions, options.kills, options.seed, longest, more)
    print(json.dumps({**asdict(found), "ok": found.ok}, indent=1))
    sys.exit(0 if found.ok else 1)


if __name__ == "__main__":
    main()
