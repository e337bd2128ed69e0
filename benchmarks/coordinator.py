"""What does the coordinator of a class cost by itself? `python -m benchmarks.coordinator [--submissions 2000]`.

The submissions of a class are read, hashed and stored for real; only the grading is left out: each gets the report of
one real grading of the reference solution. Prints memory, rates and bytes as JSON, and how long a run takes in which
nothing has changed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinygrade import config, plugins
from tinygrade.coordinator.classrun import Settings, grade_class
from tinygrade.coordinator.intake import handed_in
from tinygrade.executor import Outcome, Task
from tinygrade.gradebook import publishing
from tinygrade.gradebook.book import Gradebook
from tinygrade.gradebook.database import Database
from tinygrade.grading.run import Job, grade
from tinygrade.model import Report

ROOT = Path(__file__).resolve().parents[1]


class Copies:
    """An executor that gives the same report to everybody, and looks at our memory meanwhile."""

    here = True

    def __init__(self, report: Report) -> None:
        self._report = report
        self.memory: list[float] = []

    def run(
        self, tasks: Sequence[Task], grade: Callable[[Task], Outcome], on_start: Callable[[Task], None]
    ) -> Iterator[Outcome]:
        for number, task in enumerate(tasks):
            if number % max(1, len(tasks) // 10) == 0:
                self.memory.append(round(resident_mib(), 1))
            on_start(task)
            report = replace(self._report, submission={"source": task.source, "sha256": task.sha256})
            yield Outcome(task, "complete", report, "", 1.0)

    def close(self) -> None:
        pass


class Silent:
    """A view that shows nothing."""

    def read(self, done: int, total: int) -> None: ...
    def planned(self, total: int, kept: int) -> None: ...
    def started(self, task: Task) -> None: ...
    def finished(self, outcome: Outcome) -> None: ...


def resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / (1 << 20)


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = act()
    return round(time.perf_counter() - start, 2), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--assignment", default="assignment3")
    parser.add_argument("--gradebook", default="", help="an empty PostgreSQL database, for example [default: a file]")
    options = parser.parse_args()
    manager = plugins.make_plugin_manager()
    course = config.load_course(ROOT / "assignments")
    plugins.load_course_plugin(manager, course)
    assignment = config.load_assignment(course, options.assignment)
    report = grade(Job(assignment, str(ROOT / "reference"), 1), lambda event: None)
    with tempfile.TemporaryDirectory() as folder:
        students = Path(folder) / "class"
        for number in range(options.submissions):
            package = students / f"s{number:05}" / course.package
            shutil.copytree(course.reference / course.package, package, ignore=shutil.ignore_patterns("__pycache__"))
            with open(package / "train.py", "a") as stream:
                stream.write(f"# {number}\n")
        handed = handed_in([str(students)], [], Path(), course.package)
        database = Database(options.gradebook or str(Path(folder) / "gradebook.db"))
        book, copies = Gradebook(database), Copies(report)

        def run() -> Any:
            how = (copies, lambda: report.isolation, Settings(), Silent())
            return grade_class(assignment, manager, book, handed, *how)

        first, _ = timed(run)
        entry = book.entry(assignment)
        compared, found = timed(lambda: list(publishing.changes(database, entry, manager, {})))
        published, _ = timed(lambda: publishing.publish(database, entry, found))
        database._locks.pop().close()
        again, summary = timed(run)
        assert summary.kept == options.submissions
        size = os.path.getsize(Path(folder) / "gradebook.db") if not options.gradebook else None
        database.close()
    figures = {
        "submissions": options.submissions,
        "load": os.getloadavg()[0],
        "memory_mib": copies.memory,
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "seconds": {"all": first, "diff": compared, "publish": published, "nothing changed": again},
        "milliseconds_each": round(1000 * first / options.submissions, 2),
        "gradebook_bytes_each": size // options.submissions if size else None,
        "report_bytes": len(json.dumps(report.to_json())),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    sys.exit(main())
