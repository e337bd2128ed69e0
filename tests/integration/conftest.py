"""The command in this process, and its gradings forked from one that has everything loaded.

Each grading has processes of its own as ever, down to the zygote; only the start of two interpreters is left out, which
is most of what a small one costs. A class is graded in the same way. The command as a user starts it is tried in `cli`,
in `hostile`, and here where a test changes the environment or brings a course.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands import Run
from tinygrade import cli, grading
from tinygrade.forkserver import Forkserver, is_available


@pytest.fixture(scope="session")
def forkserver() -> Iterator[Forkserver | None]:
    server = Forkserver() if is_available() else None
    yield server
    if server is not None:
        server.close()


@pytest.fixture
def check(
    check: Callable, forkserver: Forkserver | None, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Run]:
    """As the fixture that it replaces: `check(folder, *options)` gives a `Run`."""
    start = grading._start

    def run(folder: Path, *options: str, seed: int = 7, assignment: str = "assignment3", **environment: str) -> Run:
        if environment or "--course" in options:
            return check(folder, *options, seed=seed, assignment=assignment, **environment)
        report = tmp_path / "report.json"
        report.unlink(missing_ok=True)
        words = ["check", assignment, "--submission", str(folder), "--seed", str(seed), *options]
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
        with monkeypatch.context() as patched, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patched.setattr(grading, "_start", functools.partial(_forked, start, forkserver))
            patched.setenv("COLUMNS", "80")
            patched.chdir(repository)
            code = cli.run([*words, "--report", f"json={report}", "--instructor"])
        tree = json.loads(report.read_text()) if report.exists() else None
        return Run(code, *(_written(stream) for stream in (out, err)), tree)

    return run


def _forked(start: Callable, server: Forkserver | None, job: object, work: Path, none: None) -> object:
    return start(job, work, server)


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()
