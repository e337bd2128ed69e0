"""Fixtures for the tests of plugins and assignments: real gradings, real loaders, reports made for one test.

A pytest plugin for whoever asks for it, in a test file or in `conftest.py`:

    pytest_plugins = "tinygrade.testing"

Nothing here is a mock. `grade` starts the child process and the confined workers that a student's run has; only the
course is small, and written in the test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tinygrade.model import CheckResult, Isolation, Report

if TYPE_CHECKING:
    import pluggy

    from tinygrade.model import Submission

#: What a student may write to steer whatever shows it. Each holds the word `seen`, which must stay readable.
HOSTILE_TEXTS = (
    "seen\x1b[31m red\x1b[0m",
    "\x1b]8;;http://evil\x1b\\seen\x1b]8;;\x1b\\",
    "seen\rSCORE 100/100\x00\x08\x7f",
    "seen \u202egnp.exe\u2066\u200f\ud800",
    "seen <script>alert(1)</script> <img src=x onerror=alert(1)> &amp;",
    "seen | cell ``` [link](http://evil) @name #12",
    '=HYPERLINK("http://evil","seen")',
    "::error::seen\n::set-output name=x::1",
    "seen" + "A" * 100_000,
)

COURSE = """
name = "{package}"
package = "{package}"
reference = "reference"
template = "template"
{plugin}assignments = ["assignment1"]
"""
ASSIGNMENT = """
title = "Made for a test"
points = {points}
files = [{files}]
minimum_isolation = "none"

[[groups]]
file = "test_checks.py"
title = "checks"
points = {points}
"""


# ---- courses and gradings --------------------------------------------------------------------------


@pytest.fixture
def make_small_course(tmp_path: Path) -> Callable[..., Path]:
    """`make_small_course(checks, solution, points=1, plugin="", package="work")`: the folder of a course.

    `checks` is the source of a test file, `solution` the files of the solved package by name, `plugin` the source of
    the course's plugin; `points` is what the checks have together. The course has one assignment, `assignment1`.
    """

    def make(
        checks: str, solution: Mapping[str, str], *, points: float = 1, plugin: str = "", package: str = "work"
    ) -> Path:
        root = tmp_path / "course"
        files = ", ".join(f'"{name}"' for name in solution)
        texts = {
            "course.toml": COURSE.format(package=package, plugin='plugin = "plugin"\n' if plugin else ""),
            "assignment1/assignment.toml": ASSIGNMENT.format(points=points, files=files),
            "assignment1/test_checks.py": checks,
            **{f"reference/{package}/{name}": text for name, text in solution.items()},
            **({"plugin/__init__.py": plugin} if plugin else {}),
        }
        return write_files(root, texts)

    return make


@pytest.fixture
def grade(tmp_path: Path) -> Callable[..., Report]:
    """`grade(course, submission, assignment="assignment1", seed=1, **options)`: the report of a real grading.

    `submission` is a source as `--submission` takes it, or the files of the package by name. `options` are fields of
    `tinygrade.grading.run.Job`. Plugins take part as they do for everybody: those that are installed, and the course's
    own.
    """

    def run(
        course: Path, submission: str | Path | Mapping[str, str], assignment: str = "assignment1", **options: Any
    ) -> Report:
        from tinygrade.config import load_assignment, load_course
        from tinygrade.grading.run import Job
        from tinygrade.grading.run import grade as graded

        found = load_course(course)
        job = Job(
            load_assignment(found, assignment), _source(submission, tmp_path, found.package), **{"seed": 1, **options}
        )
        return graded(job, lambda event: None)

    return run


@pytest.fixture
def run_check(make_small_course: Callable[..., Path], grade: Callable[..., Report]) -> Callable[..., CheckResult]:
    """`run_check(check, solution, submission, **options)`: the result of the one check in the source `check`.

    `solution` and `submission` are the files of either package by name; `options` are those of `make_small_course`.
    """

    def run(check: str, solution: Mapping[str, str], submission: Mapping[str, str], **options: Any) -> CheckResult:
        (result,) = grade(make_small_course(check, solution, **options), submission).checks
        return result

    return run


# ---- plugins ---------------------------------------------------------------------------------------


@pytest.fixture
def plugin_manager() -> Callable[..., pluggy.PluginManager]:
    """`plugin_manager(*plugins)`: the built-ins and these plugins (modules or objects), and nothing that is installed.

    A plugin that breaks the contract is an error here, and not left out with a warning.
    """

    def make(*plugins: object) -> pluggy.PluginManager:
        from tinygrade.plugins import make_plugin_manager, register

        manager = make_plugin_manager(installed=False)
        for number, plugin in enumerate(plugins):
            register(manager, plugin, str(getattr(plugin, "__name__", f"plugin{number}")))
        return manager

    return make


@pytest.fixture
def load(plugin_manager: Callable[..., pluggy.PluginManager], tmp_path: Path) -> Callable[..., Submission]:
    """`load(source, course, *plugins)`: the copy that the first loader makes of whose kind this source is.

    `course` is a course's folder, such as `make_small_course` gives; the assignment is its first.
    """

    def run(source: str | Path, course: Path, *plugins: object) -> Submission:
        from tinygrade.config import load_assignment, load_course

        into = tmp_path / "loaded"
        into.mkdir()
        found = load_course(course)
        assignment = load_assignment(found, found.assignments[0])
        submission = plugin_manager(*plugins).hook.tinygrade_load_submission(
            source=str(source), assignment=assignment, into=into
        )
        assert submission is not None, f"no loader reads {source}"
        result: Submission = submission
        return result

    return run


@pytest.fixture
def adjust(plugin_manager: Callable[..., pluggy.PluginManager]) -> Callable[..., Report]:
    """`adjust(report, *plugins, **context)`: the report as policies see it in this context."""

    def run(report: Report, *plugins: object, **context: Any) -> Report:
        from tinygrade.adjusting import adjusted

        def fail(text: str) -> None:
            pytest.fail(text)

        return adjusted(plugin_manager(*plugins), report, context, fail)

    return run


@pytest.fixture
def render(plugin_manager: Callable[..., pluggy.PluginManager]) -> Callable[..., str]:
    """`render(format, report, *plugins, instructor=False)`: a report in a registered format, in the student's view."""

    def run(format: str, report: Report, *plugins: object, instructor: bool = False) -> str:
        from tinygrade.plugins import reporters

        text: str = (
            reporters(plugin_manager(*plugins)).get(format)().render(report if instructor else report.student_view())
        )
        assert isinstance(text, str), f"render gave a {type(text).__name__}"
        return text

    return run


# ---- reports ---------------------------------------------------------------------------------------


@pytest.fixture
def make_result() -> Callable[..., CheckResult]:
    """`make_result(**fields)`: a passed check of one point, but for these fields of `CheckResult`."""

    def make(**fields: Any) -> CheckResult:
        plain = {"id": "test_checks.py::test_one", "title": "one", "group": "checks", "status": "passed"}
        return CheckResult(**{**plain, "points": 1.0, "max_points": 1.0, **fields})

    return make


@pytest.fixture
def make_report(make_result: Callable[..., CheckResult]) -> Callable[..., Report]:
    """`make_report(*checks, **fields)`: a report of these results (by default one that passed) with its score."""

    def make(*checks: CheckResult, **fields: Any) -> Report:
        from tinygrade import __version__, scoring

        found = checks or (make_result(),)
        most = sum(check.max_points for check in found)
        plain = {
            "assignment": "assignment1",
            "title": "Made for a test",
            "submission": {"source": "s001", "sha256": "0" * 64},
            "score": scoring.score(found, most, False),
            "max_score": most,
            "selected": False,
            "isolation": Isolation("strong", ()),
            "seed": 1,
            "environment": {"system": "Linux", "python": "3.11.0", "numpy": "2.0.0"},
            "started": "2026-11-20T12:00:00+00:00",
            "seconds": 1.5,
            "checks": found,
            "tinygrade": __version__,
        }
        return Report(**{**plain, **fields})

    return make


@pytest.fixture
def hostile_report(make_result: Callable[..., CheckResult], make_report: Callable[..., Report]) -> Report:
    """A report in which everything that a student may choose is one of `HOSTILE_TEXTS`."""
    results = [
        make_result(id=f"test_checks.py::test_{i}", status="failed", points=0.0, message=text, where=text, output=text)
        for i, text in enumerate(HOSTILE_TEXTS)
    ]
    report: Report = make_report(*results, submission={"source": HOSTILE_TEXTS[0], "sha256": "0" * 64})
    return report


# ---- files -----------------------------------------------------------------------------------------


def write_files(root: Path, texts: Mapping[str, str]) -> Path:
    """Write these files below `root`, which is given back."""
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def _source(submission: str | Path | Mapping[str, str], folder: Path, package: str) -> str:
    if isinstance(submission, Mapping):
        return str(write_files(folder / "submission", {f"{package}/{name}": text for name, text in submission.items()}))
    return str(submission)
