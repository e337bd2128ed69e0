"""Does a score depend on who grades? `python -m benchmarks.same_scores [--submissions 200]`.

The same mixed class for assignment 3 (that of `grade_throughput`) is graded one after the other, several at a time, on
a Dask cluster on loopback, and beside processes that keep every core busy; always afresh, into one gradebook, so that
seed and secret are the same. Points and status of every check must be equal. Prints JSON that names each difference;
exit code 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

sys.path.append(str(Path(__file__).parent))
from dask_cluster import Cluster  # noqa: E402
from grade_throughput import ROOT, write_class  # noqa: E402

from tinygrade import config  # noqa: E402
from tinygrade.gradebook import stored  # noqa: E402
from tinygrade.gradebook.database import Database  # noqa: E402
from tinygrade.gradebook.schema import results, students, submissions  # noqa: E402

#: Of one submission: its score, and status and points of each check.
Scores = dict[str, tuple[Any, ...]]
ASSIGNMENT = "assignment3"
BUSY = "while True: sum(range(10000))"


def graded(handed: Path, gradebook: Path, *more: str) -> tuple[dict[str, Scores], float]:
    """Grade all of the class again; the results by student, and wall seconds."""
    command = [sys.executable, "-P", "-m", "tinygrade", "grade", ASSIGNMENT, str(handed), "--again"]
    command += ["--gradebook", str(gradebook), "--course", str(ROOT / "assignments"), *more]
    start = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode in (0, 4), done.stdout
    return newest(gradebook), round(time.monotonic() - start, 1)


def newest(gradebook: Path) -> dict[str, Scores]:
    """What the last run found."""
    query = (
        select(students.c.key, results.c.kind, results.c.report)
        .join(submissions, submissions.c.student_id == students.c.id)
        .join(results, results.c.submission_id == submissions.c.id)
        .where(results.c.run_id == select(func.max(results.c.run_id)).scalar_subquery())
    )
    found: dict[str, Scores] = {}
    database = Database(str(gradebook))
    try:
        with database.reading() as connection:
            for student, kind, packed in connection.execute(query):
                report = stored.unpacked(packed) if packed else None
                found[student] = {"": (kind, report.score if report else None)}
                for check in report.checks if report else ():
                    found[student][check.id] = (check.status, check.points)
    finally:
        database.close()
    return found


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Processes that only take time."""
    running = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def differences(first: dict[str, Scores], other: dict[str, Scores]) -> list[str]:
    """`student check: ... -> ...`, for each that is not the same."""
    found = []
    for student in sorted({*first, *other}):
        one, two = first.get(student, {}), other.get(student, {})
        differ = [check for check in sorted({*one, *two}) if one.get(check) != two.get(check)]
        found += [f"{student} {check or 'score'}: {one.get(check)} -> {two.get(check)}" for check in differ]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1), help="in parallel, and Dask workers")
    parser.add_argument("--busy", type=int, default=2 * (os.cpu_count() or 1), help="busy processes beside")
    options = parser.parse_args()
    assignment = config.load_assignment(config.load_course(ROOT / "assignments"), ASSIGNMENT)
    load, jobs = os.getloadavg()[0], str(options.jobs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        handed, gradebook = folder / "class", folder / "gradebook.db"
        write_class(handed, assignment, options.submissions, 0)
        serial, seconds = graded(handed, gradebook, "--jobs", "1")
        assert len(serial) == options.submissions
        ways = {"serial": {"seconds": seconds}}

        def compare(way: str, *more: str) -> None:
            found, took = graded(handed, gradebook, *more)
            ways[way] = {"seconds": took, "differences": differences(serial, found)}
            print(f"{way}: {len(ways[way]['differences'])} differences in {took} s", file=sys.stderr)

        compare("parallel", "--jobs", jobs)
        with Cluster(folder / "cluster", options.jobs) as cluster:
            compare("dask", "--executor", "dask", "--scheduler", cluster.address)
        with busy(options.busy):
            compare("under load", "--jobs", jobs)
    same = not any(way.get("differences") for way in ways.values())
    kinds = {"submissions": options.submissions, "checks": sum(map(len, serial.values())), "jobs": options.jobs}
    print(json.dumps({**kinds, "load_before": round(load, 1), "ways": ways, "same": same}, indent=1))
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
