"""What does a large class cost? `python -m benchmarks.scale [--submissions 2000] [--assignment NAME]`.

Grades synthetic submissions through the real command and looks at its processes meanwhile: CPU and memory of the
coordinator (first and last tenth, peak), memory of everything below it, and for each submission CPU seconds and bytes
of the gradebook. Without `--assignment` the checks take no time: what is measured then is the grader around them.

It may run in pieces: with `--folder DIR` the class, the gradebook and the figures of each piece stay there. `--minutes`
ends a piece by the signal that Ctrl-C sends, Ctrl-C does so at once, and the same command goes on; figures are of all
pieces. How far it is goes to standard error; the figures, as JSON, to standard output.
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
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
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
#: Seconds between two words on how far it is.
WORD_SECONDS = 30


@dataclass
class Piece:
    """What was seen of one run of the command; memory in MiB."""

    seconds: float = 0.0
    #: Of all processes.
    cpu: float = 0.0
    #: Of the coordinator itself.
    coordinator_cpu: float = 0.0
    #: Results in the gradebook at the end.
    graded: int = 0
    load: list[float] = field(default_factory=list)
    coordinator: list[float] = field(default_factory=list)
    #: Of all processes below it, shared pages divided among those that share them.
    below: list[float] = field(default_factory=list)

    def look(self, pid: int, tree: bool) -> None:
        try:
            process = psutil.Process(pid)
            times = process.cpu_times()
            self.coordinator_cpu = round(times.user + times.system, 2)
            self.coordinator.append(round(process.memory_info().rss / MIB, 1))
            if tree:
                self.below.append(round(sum(_pss(child) for child in process.children(recursive=True)) / MIB, 1))
        except psutil.NoSuchProcess:
            pass  # it has just ended


def figures(pieces: list[Piece], database_bytes: int) -> dict[str, Any]:
    """Of all pieces together; memory over time of the longest one."""
    done, wall = pieces[-1].graded, sum(piece.seconds for piece in pieces)
    seen = max(pieces, key=lambda piece: piece.seconds).coordinator
    tenth = max(1, len(seen) // 10)
    below = [value for piece in pieces for value in piece.below]
    return {
        "graded": done,
        "pieces": len(pieces),
        "load": [pieces[0].load[0], pieces[-1].load[-1]],
        "seconds": round(wall, 1),
        "per_minute": round(60 * done / wall, 1),
        "cpu_seconds_each": round(sum(piece.cpu for piece in pieces) / done, 3),
        "coordinator_cpu_seconds_each": round(sum(piece.coordinator_cpu for piece in pieces) / done, 4),
        "gradebook_bytes_each": database_bytes // done,
        "coordinator_mib": {
            "first_tenth": round(statistics.median(seen[:tenth]), 1) if seen else None,
            "last_tenth": round(statistics.median(seen[-tenth:]), 1) if seen else None,
            "peak": max((value for piece in pieces for value in piece.coordinator), default=None),
        },
        "below_mib": {"median": statistics.median(below) if below else None, "peak": max(below, default=None)},
    }


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def write(folder: Path, assignment: str, size: int) -> None:
    """Write a class, and a course where none is named."""
    handed = folder / "class"
    if not assignment:
        kinds = {f"s{number:06}": ("right", "wrong")[number % 2] for number in range(size)}
        tiny_class.write_class(handed, kinds)
        tiny_class.write_course(folder)
        return
    solution = {path.name: path.read_text() for path in (ROOT / "reference/tinytorch").glob("*.py")}
    for number in range(size):
        package = handed / f"s{number:06}" / "tinytorch"
        package.mkdir(parents=True)
        for name, text in solution.items():
            (package / name).write_text(text)
        (package / "__init__.py").write_text(f"{solution['__init__.py']}\n# {number}\n")


def run(command: list[str], log: Path, minutes: float | None) -> Piece:
    """One run of the command, until it ends, its time is over, or somebody presses Ctrl-C."""
    piece, before, start = Piece(load=[round(os.getloadavg()[0], 1)]), used(), time.monotonic()
    with open(log, "wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            watch(process, piece, log, start + 60 * minutes if minutes else None)
        except KeyboardInterrupt:
            print("stopping; the same command goes on", file=sys.stderr)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait()
    assert process.returncode in (0, 4, 130), log.read_text()[-2000:]
    piece.seconds, piece.cpu = round(time.monotonic() - start, 1), round(used() - before, 2)
    piece.load.append(round(os.getloadavg()[0], 1))
    return piece


def watch(process: subprocess.Popen[bytes], piece: Piece, log: Path, end: float | None) -> None:
    next_tree, next_word = time.monotonic() + TREE_SECONDS / 2, time.monotonic()
    while process.poll() is None and (end is None or time.monotonic() < end):
        time.sleep(LOOK_SECONDS)  # also before the first look: it has to start
        now = time.monotonic()
        piece.look(process.pid, now > next_tree)
        next_tree = now + TREE_SECONDS if now > next_tree else next_tree
        if now > next_word and (lines := log.read_text(errors="replace").splitlines()):
            print(lines[-1][:100], file=sys.stderr, flush=True)
            next_word = now + WORD_SECONDS


def used() -> float:
    """CPU seconds of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--assignment", default="", help="of this repository's course [default: checks without work]")
    parser.add_argument("--minutes", type=float, help="end this piece early")
    parser.add_argument("--folder", type=Path, help="keep everything there, to go on later")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        print(json.dumps(measured(folder.absolute(), options), indent=1))


def measured(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Go on with the class in `folder`, which is written when it is not there."""
    kept, gradebook = folder / "pieces.json", folder / "gradebook.db"
    wanted = {"assignment": options.assignment or "checks without work", "submissions": options.submissions}
    if not kept.exists():
        write(folder, options.assignment, options.submissions)
        kept.write_text(json.dumps({"class": wanted, "pieces": []}))
    state = json.loads(kept.read_text())
    if state["class"] != wanted:
        sys.exit(f"{folder} holds another class: {state['class']}")
    pieces = [Piece(**piece) for piece in state["pieces"]]
    if not pieces or pieces[-1].graded < options.submissions:
        course = ROOT / "assignments" if options.assignment else folder / "course"
        assignment = options.assignment or "alpha"
        command = [sys.executable, "-P", "-m", "tinygrade", "grade", assignment, str(folder / "class")]
        command += ["--course", str(course), "--gradebook", str(gradebook), "--jobs", str(options.jobs)]
        pieces.append(run(command, folder / "log", options.minutes))
        counts = stored(str(gradebook))[0]
        assert set(counts.values()) == {1}, "graded twice"
        pieces[-1].graded = len(counts)
        kept.write_text(json.dumps({"class": wanted, "pieces": [asdict(piece) for piece in pieces]}))
    size = sum(file.stat().st_size for file in folder.glob("gradebook.db*"))
    return {**wanted, "jobs": options.jobs, **figures(pieces, size)}


if __name__ == "__main__":
    main()
