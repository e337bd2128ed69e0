"""What does a large class cost? `python -m benchmarks.scale [--submissions 2000] [--assignment NAME] [--minutes M]`.

Grades synthetic submissions through the real command and looks at its processes meanwhile: CPU and memory of the
coordinator (first and last tenth, peak), memory of everything below it, and for each submission CPU seconds and bytes
of the gradebook. With `--minutes` it stops early, by the signal that Ctrl-C sends: the figures are of what was graded
by then. Without `--assignment` the checks take no time: what is measured then is the grader around them. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

sys.path.append(str(Path(__file__).parent))
import tiny_class  # noqa: E402
from kill_grade import stored  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20
#: Seconds between two looks at the processes.
LOOK_SECONDS = 2
#: Seconds between two looks at everything below the coordinator, which take longer.
TREE_SECONDS = 10


@dataclass
class Seen:
    """Memory in MiB, over time."""

    #: CPU seconds of the coordinator itself, so far.
    cpu: float = 0.0
    coordinator: list[float] = field(default_factory=list)
    #: Of all processes below it, shared pages divided among those that share them.
    below: list[float] = field(default_factory=list)

    def look(self, pid: int, tree: bool) -> None:
        try:
            process = psutil.Process(pid)
            times = process.cpu_times()
            self.cpu = times.user + times.system
            self.coordinator.append(process.memory_info().rss / MIB)
            if tree:
                self.below.append(sum(_pss(child) for child in process.children(recursive=True)) / MIB)
        except psutil.NoSuchProcess:
            pass  # it has just ended

    def figures(self) -> dict[str, Any]:
        tenth = max(1, len(self.coordinator) // 10)
        first, last = self.coordinator[:tenth], self.coordinator[-tenth:]
        return {
            "coordinator_mib": {
                "first_tenth": round(statistics.median(first), 1),
                "last_tenth": round(statistics.median(last), 1),
                "peak": round(max(self.coordinator), 1),
            },
            "below_mib": {
                "median": round(statistics.median(self.below), 1) if self.below else None,
                "peak": round(max(self.below), 1) if self.below else None,
            },
        }


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def write(folder: Path, assignment: str, size: int) -> tuple[Path, Path, str]:
    """Write a class; its folder, the course's, and the assignment."""
    handed = folder / "class"
    if not assignment:
        kinds = {f"s{number:06}": ("right", "wrong")[number % 2] for number in range(size)}
        return tiny_class.write_class(handed, kinds), tiny_class.write_course(folder), "alpha"
    solution = {path.name: path.read_text() for path in (ROOT / "reference/tinytorch").glob("*.py")}
    for number in range(size):
        package = handed / f"s{number:06}" / "tinytorch"
        package.mkdir(parents=True)
        for name, text in solution.items():
            (package / name).write_text(text)
        (package / "__init__.py").write_text(f"{solution['__init__.py']}\n# {number}\n")
    return handed, ROOT / "assignments", assignment


def graded(command: list[str], log: Path, minutes: float | None) -> tuple[Seen, bool]:
    """What was seen until it ended, and was it stopped early?"""
    seen, end = Seen(), time.monotonic() + 60 * minutes if minutes else None
    next_tree = time.monotonic() + TREE_SECONDS / 2
    with open(log, "wb") as stream:
        run = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
        while run.poll() is None:
            now = time.monotonic()
            if end is not None and now > end:
                run.send_signal(signal.SIGINT)
                run.wait()
                return seen, True
            seen.look(run.pid, now > next_tree)
            next_tree = now + TREE_SECONDS if now > next_tree else next_tree
            time.sleep(LOOK_SECONDS)
    assert run.returncode in (0, 4), log.read_text()[-2000:]
    return seen, False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--assignment", default="", help="of this repository's course [default: checks without work]")
    parser.add_argument("--minutes", type=float, help="stop early")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    load, before = os.getloadavg()[0], resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        handed, course, assignment = write(folder, options.assignment, options.submissions)
        command = [sys.executable, "-P", "-m", "tinygrade", "grade", assignment, str(handed), "--course", str(course)]
        command += ["--gradebook", str(folder / "gradebook.db"), "--jobs", str(options.jobs)]
        start = time.monotonic()
        seen, stopped = graded(command, folder / "log", options.minutes)
        wall = time.monotonic() - start
        done = len(stored(str(folder / "gradebook.db"))[0])
        bytes_ = sum(file.stat().st_size for file in folder.glob("gradebook.db*"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done, "nothing was graded"
    figures = {
        "assignment": options.assignment or "checks without work",
        "submissions": options.submissions,
        "graded": done,
        "stopped_early": stopped,
        "jobs": options.jobs,
        "load_before": round(load, 1),
        "seconds": round(wall, 1),
        "per_minute": round(60 * done / wall, 1),
        "cpu_seconds_each": round((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / done, 3),
        "coordinator_cpu_seconds_each": round(seen.cpu / done, 4),
        "gradebook_bytes_each": bytes_ // done,
        **seen.figures(),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
