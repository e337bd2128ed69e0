"""What the tests of several modules need: the repository, and small courses made for one test."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Run
from tests.order import arranged
from tests.sharing import Sharing
from tinygrade import cli
from tinygrade.grading import run as starting
from tinygrade.grading.child import Child
from tinygrade.grading.forkserver import Forkserver, started
from tinygrade.grading.run import Job

#: Courses that tests grade with: their checks are no tests of ours.
collect_ignore = ["courses"]

COURSE_TOML = """
name = "tiny"
package = "tinytorch"
reference = "../reference"
template = "../template"
assignments = ["assignment1"]
"""
ASSIGNMENT_TOML = """
title = "First steps"
points = 10
files = ["tensor.py"]
[[groups]]
file = "test_1.py"
title = "one"
points = 10
"""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    processes = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    items[:] = arranged(items, [item.nodeid for item in items], processes)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Who starts us in the background has us ignore interrupts, and every command that a test starts would, too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def make_course(tmp_path: Path) -> Callable[..., Path]:
    """Write a course below `tmp_path` and give its folder; the texts of the two files may be replaced."""

    def make(course: str | bytes = COURSE_TOML, assignment: str | bytes = ASSIGNMENT_TOML) -> Path:
        root = tmp_path / "assignments"
        (root / "assignment1").mkdir(parents=True, exist_ok=True)
        for file, text in ((root / "course.toml", course), (root / "assignment1/assignment.toml", assignment)):
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        (root / "assignment1/test_1.py").write_text("")
        return root

    return make


@pytest.fixture
def check(repository: Path, tmp_path: Path) -> Callable[..., Run]:
    """`check(folder, *options)`: run `tinygrade check assignment3` on a submission, as a user would."""

    def run(folder: Path, *options: str, seed: int = 7, assignment: str = "assignment3", **environment: str) -> Run:
        report = tmp_path / "report.json"
        report.unlink(missing_ok=True)
        arguments = ["check", assignment, "--submission", str(folder), "--seed", str(seed), *options]
        output = ["--report", f"json={report}", "--instructor"]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tinygrade", *arguments, *output],
            capture_output=True,
            text=True,
            cwd=repository,
            env={**os.environ, **environment},
            timeout=600,
            check=False,
        )
        tree = json.loads(report.read_text()) if report.exists() else None
        return Run(done.returncode, done.stdout, done.stderr, tree)

    return run


@pytest.fixture(scope="session")
def forkserver() -> Iterator[Forkserver | None]:
    server = started()
    yield server
    if server is not None:
        server.close()


class Kept:
    """A server for commands that start one and end it: each would load everything anew."""

    def __init__(self, server: Forkserver) -> None:
        self.fork = server.fork

    def close(self) -> None:
        pass


@pytest.fixture
def kept_forkserver(forkserver: Forkserver | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in this process that grade many fork from the server of all tests."""
    for module in ("audit.run", "coordinator.grader"):
        monkeypatch.setattr(f"tinygrade.{module}.started", lambda: forkserver and Kept(forkserver))


@pytest.fixture(scope="session")
def sharing(forkserver: Forkserver | None, repository: Path) -> Iterator[Sharing | None]:
    made = forkserver and Sharing(forkserver, repository / "assignments")
    yield made
    if made is not None:
        made.close()


@pytest.fixture
def forked_command(
    forkserver: Forkserver | None, kept_forkserver: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`forked_command(words, folder)`: `tinygrade WORDS` in this process, its gradings forked from a loaded one.

    Each grading has processes of its own as ever, down to the zygote; only the start of two interpreters is left out,
    which is most of what a small one costs. What gives it a process may be replaced by `start`.
    """
    real = starting.start

    def forked(job: Job, server: Forkserver | None = None, *more: Any) -> Child:
        return real(job, server or forkserver, *more)

    def run(words: Sequence[str], folder: Path, start: Callable = forked) -> subprocess.CompletedProcess[str]:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
        with monkeypatch.context() as patched, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patched.setattr(starting, "start", start)
            patched.setenv("COLUMNS", "80")
            patched.chdir(folder)
            code = cli.run(list(map(str, words)))
        return subprocess.CompletedProcess(words, code, *(_written(stream) for stream in (out, err)))

    return run


@pytest.fixture
def forked_check(check: Callable, forked_command: Callable, repository: Path, tmp_path: Path) -> Callable[..., Run]:
    """As `check`, by `forked_command`; where a test changes the environment, by the real one."""
    return functools.partial(_checked, check, forked_command, repository, tmp_path / "report.json")


@pytest.fixture
def shared_check(
    check: Callable, forked_command: Callable, repository: Path, tmp_path: Path, sharing: Sharing | None
) -> Callable[..., Run]:
    """As `forked_check`, and gradings of one assignment share a sandbox (`tests/sharing.py`)."""
    command = functools.partial(forked_command, start=sharing.start) if sharing else forked_command
    return functools.partial(_checked, check, command, repository, tmp_path / "report.json")


def _checked(
    check: Callable,
    command: Callable,
    repository: Path,
    report: Path,
    folder: Path,
    *options: str,
    seed: int = 7,
    assignment: str = "assignment3",
    **environment: str,
) -> Run:
    if environment:
        return check(folder, *options, seed=seed, assignment=assignment, **environment)
    report.unlink(missing_ok=True)
    words = ["check", assignment, "--submission", str(folder), "--seed", str(seed), *options]
    done = command([*words, "--report", f"json={report}", "--instructor"], repository)
    tree = json.loads(report.read_text()) if report.exists() else None
    return Run(done.returncode, done.stdout, done.stderr, tree)


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()


@pytest.fixture
def variant(repository: Path, tmp_path: Path) -> Callable[..., Path]:
    """`variant((file, old, new), ...)`: the reference with these edits, as a submission."""

    def make(*edits: tuple[str, str, str]) -> Path:
        folder = tmp_path / "submission"
        shutil.rmtree(folder, ignore_errors=True)
        source = repository / "reference" / "tinytorch"
        shutil.copytree(source, folder / "tinytorch", ignore=shutil.ignore_patterns("__pycache__"))
        for file, old, new in edits:
            path = folder / "tinytorch" / file
            text = path.read_text() if path.exists() else ""
            assert text.count(old) == 1 or not old, f"{file}: {old!r} stands there {text.count(old)} times"
            path.write_text(text.replace(old, new) if old else text + new)
        return folder

    return make


@pytest.fixture
def mutant(variant: Callable[..., Path]) -> Callable[[Path], tuple[Path, dict[str, Any]]]:
    """`mutant(file)`: a wrong submission from a mutant file, and what the file says about it."""

    def make(file: Path) -> tuple[Path, dict[str, Any]]:
        facts = tomllib.loads(file.read_text())
        return variant(*((edit["file"], edit["old"], edit["new"]) for edit in facts["edit"])), facts

    return make


PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture
def left_behind() -> Callable[[], list[int]]:
    """Processes that the commands of this test started and that still live three seconds after they ended.

    Orphans become our children, whoever started them, so that tests that run beside this one do not count.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = set(_children())

    def living() -> list[int]:
        deadline = time.monotonic() + 3
        while (found := [pid for pid in _children() if pid not in before]) and time.monotonic() < deadline:
            for pid in found:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.05)
        return found

    return living


def _children() -> list[int]:
    text = "".join(path.read_text() for path in Path("/proc/self/task").glob("*/children"))
    return [int(word) for word in text.split()]


@pytest.fixture
def hostile_texts() -> list[str]:
    """What a student may write to steer a terminal, each with the word `seen` that must stay readable."""
    return [
        "seen\x1b[31m red\x1b[0m",
        "\x1b]0;title\x07seen",
        "\x1b]8;;http://evil\x1b\\seen\x1b]8;;\x1b\\",
        "\x1bP+q544e\x1b\\seen",
        "\x9b2Jseen\x9d0;x\x9c",
        "seen\rSCORE 100/100",
        "seen\x00\x08\x08\x08\x08\x7f",
        "seen \u202egnp.exe\u2066\u200f",
        "seen \ud800\udfff",
        "\x1b\x1b[2J[2Jseen\x1b",
        "seen" + "A" * 1_000_000,
        "seen" + "\x1b]0;" * 250_000,
        "seen\u2028SCORE\x85100/100\x0b\x0c",
        "[bold]seen[/bold] :smile:",
    ]
