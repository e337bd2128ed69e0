"""A small course in a temp dir, and a grading that gives whatever report the test wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tinygrade.cli import run
from tinygrade.events import CheckFinished, CheckStarted, Finished, Started
from tinygrade.grading.run import Job
from tinygrade.model import CheckResult, Isolation, Report

FILES = {
    "course/course.toml": """
        name = "Tiny"
        package = "tinypkg"
        reference = "../solution"
        template = "../stubs"
        assignments = ["alpha", "beta"]
        """,
    "course/alpha/assignment.toml": """
        title = "First steps"
        points = 10
        files = ["ops.py"]

        [[groups]]
        file = "test_ops.py"
        title = "ops"
        points = 10
        """,
    "course/alpha/test_ops.py": "",
    "solution/tinypkg/__init__.py": "",
    "solution/tinypkg/ops.py": """
        def add(a, b):
            # BEGIN SOLUTION A1.1: the sum
            return a + b
            # END SOLUTION
        """,
    "stubs/README.md": "Start here.",
    "work/tinypkg/ops.py": "",
}


def _dedented(text: str) -> str:
    lines = text.lstrip("\n").splitlines()
    margin = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    return "".join(f"{line[margin:]}\n" for line in lines)


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The course's folder; the current folder is that of a student."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_dedented(text), encoding="utf-8")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path / "course"


def _check(name: str = "add", status: str = "passed", points: float | None = None, **more: Any) -> CheckResult:
    got = (10.0 if status == "passed" else 0.0) if points is None else points
    values = {"title": name, "group": "ops", **more}
    return CheckResult(id=f"test_ops.py::test_{name}", status=status, points=got, max_points=10.0, **values)  # type: ignore[arg-type]


def _report(*checks: CheckResult, **changes: Any) -> Report:
    checks = checks or (_check(),)
    values: dict[str, Any] = {
        "assignment": "alpha",
        "title": "First steps",
        "submission": {"source": ".", "sha256": "0"},
        "score": sum(c.points for c in checks),
        "max_score": sum(c.max_points for c in checks),
        "selected": False,
        "isolation": Isolation("strong"),
        "seed": 1,
        "environment": {"python": "3.11", "numpy": "2.4"},
        "started": "2026-01-01T00:00:00+00:00",
        "seconds": 1.0,
        "checks": checks,
        "secret": "5ec4e7",
    }
    return Report(**(values | changes))


@pytest.fixture
def check() -> Callable[..., CheckResult]:
    return _check


@pytest.fixture
def report() -> Callable[..., Report]:
    return _report


class Grading:
    """Stands in for `grading.run.start`; remembers the job, and gives or raises `result`."""

    def __init__(self) -> None:
        self.result: Report | BaseException = _report()
        self.jobs: list[Job] = []

    @property
    def job(self) -> Job:
        return self.jobs[-1]

    def __call__(self, job: Job) -> Grading:
        self.jobs.append(job)
        return self

    def close(self) -> None:
        pass

    def report(self, on_event: Callable[[Any], None]) -> Report:
        checks = self.result.checks if isinstance(self.result, Report) else ()
        on_event(Started(Isolation("strong"), {"python": "3.11"}, tuple((c.id, c.group) for c in checks)))
        if isinstance(self.result, BaseException):
            raise self.result
        for found in checks:
            on_event(CheckStarted(found.id))
            on_event(CheckFinished(found))
        result = replace(self.result, seed=self.job.seed)
        on_event(Finished(result))
        return result


@pytest.fixture
def grading(monkeypatch: pytest.MonkeyPatch) -> Grading:
    stand_in = Grading()
    monkeypatch.setattr("tinygrade.grading.run.start", stand_in)
    return stand_in


class Outcome:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def last_line(self) -> str:
        return self.out.splitlines()[-1]


@pytest.fixture
def tinygrade(capsys: pytest.CaptureFixture[str], course: Path) -> Callable[..., Outcome]:
    """`tinygrade("check", "alpha")` runs the real command line in the student's folder; `--course` is added."""

    def call(*args: str, in_course: bool = True, manager: Any = None) -> Outcome:
        capsys.readouterr()
        code = run([*args, *(["--course", str(course)] if in_course else [])], manager)
        return Outcome(code, *capsys.readouterr())

    return call
