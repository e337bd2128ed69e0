"""Does the bundle grade where Gradescope would? `python -m benchmarks.live_gradescope --bundle DIR ASSIGNMENT`.

Needs root and debootstrap. Builds a Debian system in --root (kept for the next run), lays the bundle out as Gradescope
does, and runs its own `setup.sh` and `run_autograder` in a chroot, with the processor and memory that Gradescope gives
by default (cgroups of version 1, where the kernel lets us make them). pip gets its packages from a folder that is
filled beforehand, so the system needs no network. Prints a table on standard error, JSON on standard output.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

#: What Gradescope gives: CPUs, bytes, seconds.
CPUS, MEMORY, TIMEOUT = 0.5, 768 * 1024**2, 600
#: The deadline of the case that waits for it.
SHORT_DEADLINE = 20
PACKAGES = "python3,python3-venv,ca-certificates"
#: More than the container has and less than a worker may ask for.
HUNGRY = "import numpy\n\nnumpy.ones(110 * 1024**2)\n"
SLEEPS = "import time\n\n\ndef __getattr__(name):\n    time.sleep(3600)\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignment")
    parser.add_argument("--bundle", type=Path, required=True, help="what `tinygrade release --out` wrote")
    parser.add_argument("--root", type=Path, default=Path("/tmp/tinygrade-live"), help="the system to make or use")
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--only", help="one case")
    options = parser.parse_args()
    if not (options.root / "usr").is_dir():
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", options.suite, str(options.root))
    live = Live(options.root, options.bundle, options.assignment)
    live.lay_out()
    with live.mounted(), live.limited():
        found: dict[str, Any] = {"limits": live.limits, "setup": live.setup()}
        for name, prepare in CASES.items():
            if options.only in (None, name):
                found[name] = live.case(prepare)
                print(f"{name:<24} {json.dumps(found[name])[:150]}", file=sys.stderr, flush=True)
    print(json.dumps(found, indent=2))


class Live:
    """The layout of Gradescope below `root`."""

    def __init__(self, root: Path, bundle: Path, assignment: str) -> None:
        self.root, self.assignment = root, assignment
        self.student = bundle / "student"
        self.solution = bundle / "autograder" / "grader" / "course" / "reference"
        self.zip = bundle / "autograder" / "gradescope" / f"{assignment}.zip"
        self.autograder = root / "autograder"
        self.package = next(folder.name for folder in self.solution.iterdir())
        self.limits: list[str] = []

    def lay_out(self) -> None:
        shutil.rmtree(self.autograder, ignore_errors=True)
        source = self.autograder / "source"
        (self.autograder / "results").mkdir(parents=True)
        with zipfile.ZipFile(self.zip) as archive:
            archive.extractall(source)
        for name in ("setup.sh", "run_autograder"):
            os.chmod(source / name, 0o755)
        shutil.copy(source / "run_autograder", self.autograder)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(self.root / "wheels")]
        run(*pip, "--constraint", str(source / "constraints.txt"), *map(str, (source / "wheels").iterdir()))

    @contextlib.contextmanager
    def mounted(self) -> Iterator[None]:
        run("mount", "-t", "proc", "proc", str(self.root / "proc"))
        try:
            yield
        finally:
            run("umount", str(self.root / "proc"))

    @contextlib.contextmanager
    def limited(self) -> Iterator[None]:
        """Put this process, and so all that it starts, under the platform's limits."""
        groups = []
        try:
            for kind, values in (
                ("cpu", {"cpu.cfs_period_us": 100_000, "cpu.cfs_quota_us": int(CPUS * 100_000)}),
                ("memory", {"memory.limit_in_bytes": MEMORY}),
            ):
                with contextlib.suppress(OSError):
                    groups.append(self._group(kind, values))
                    self.limits.append(kind)
            yield
        finally:
            for group, before in groups:
                (before / "cgroup.procs").write_text(str(os.getpid()))
                with contextlib.suppress(OSError):
                    group.rmdir()

    def _group(self, kind: str, values: dict[str, int]) -> tuple[Path, Path]:
        base = Path("/sys/fs/cgroup") / kind
        line = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if f":{kind}:" in line)
        before = base / line.split(":", 2)[2].lstrip("/")
        group = before / f"tinygrade-live-{os.getpid()}"
        group.mkdir()
        for name, value in values.items():
            (group / name).write_text(str(value))
        (group / "cgroup.procs").write_text(str(os.getpid()))
        return group, before

    def chroot(self, *command: str) -> tuple[int, float, str]:
        """Exit code, seconds, and what it wrote."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        start = time.monotonic()
        done = subprocess.run(
            ["timeout", str(TIMEOUT), "chroot", str(self.root), *command],
            env={**environment, **pip},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return done.returncode, round(time.monotonic() - start, 1), done.stdout.decode("utf-8", "replace")

    def setup(self) -> dict[str, Any]:
        shutil.rmtree(self.root / "opt/tinygrade", ignore_errors=True)
        code, seconds, text = self.chroot("/autograder/source/setup.sh")
        if code:
            sys.exit(f"setup.sh ended with {code}:\n{text}")
        return {"code": code, "seconds": seconds, "said": text.strip().splitlines()[-1]}

    def case(self, prepare: Callable[[Live, Path], None]) -> dict[str, Any]:
        submission, results = self.autograder / "submission", self.autograder / "results" / "results.json"
        shutil.rmtree(submission, ignore_errors=True)
        submission.mkdir()
        prepare(self, submission)
        code, seconds, text = self.chroot("/autograder/run_autograder")
        found = json.loads(results.read_text("utf-8"))
        (self.autograder / "results" / "stdout").write_text(text)
        return {
            "code": code,
            "seconds": seconds,
            "score": found.get("score"),
            "isolation": found.get("extra_data", {}).get("isolation", {}).get("level"),
            "tests": len(found["tests"]),
            "output": found["output"].strip().splitlines()[0][:200],
            "left_processes": self.left(),
        }

    def left(self) -> int:
        """Processes that still run in the chroot."""
        roots = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                roots.append(os.readlink(folder / "root"))
        return roots.count(str(self.root))

    def deadline(self, seconds: float) -> None:
        file = self.autograder / "source" / "course" / self.assignment / "assignment.toml"
        text, count = re.subn(r"(?m)^deadline = .*$", f"deadline = {seconds}", file.read_text("utf-8"))
        file.write_text(text if count else f"{text}\n[platform]\ndeadline = {seconds}\n", "utf-8")


def solution(live: Live, submission: Path) -> None:
    shutil.copytree(live.solution / live.package, submission / live.package)


def stubs(live: Live, submission: Path) -> None:
    shutil.copytree(live.student / live.package, submission / live.package)


def nothing(live: Live, submission: Path) -> None:
    (submission / "notes.txt").write_text("I forgot to hand in my package.\n")


def broken(live: Live, submission: Path) -> None:
    solution(live, submission)
    for file in (submission / live.package).glob("[!_]*.py"):
        file.write_text("def f(:\n")


def hungry(live: Live, submission: Path) -> None:
    """One module takes more memory than there is."""
    solution(live, submission)
    file = next((submission / live.package).glob("[!_]*.py"))
    file.write_text(file.read_text("utf-8") + HUNGRY, "utf-8")


def sleeping(live: Live, submission: Path) -> None:
    """Every module waits; nothing but the deadline of the bundle ends it in time."""
    live.deadline(SHORT_DEADLINE)
    solution(live, submission)
    for file in (submission / live.package).glob("[!_]*.py"):
        file.write_text(SLEEPS)


def no_course(live: Live, submission: Path) -> None:
    solution(live, submission)
    shutil.rmtree(live.autograder / "source" / "course")


CASES: dict[str, Callable[[Live, Path], None]] = {
    "solution": solution,
    "stubs": stubs,
    "nothing handed in": nothing,
    "no Python": broken,
    "takes all memory": hungry,
    "sleeps, short deadline": sleeping,
    "damaged bundle": no_course,
}


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
