"""Grading elsewhere, without the cluster in between: what is sent suffices, and whoever differs grades nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_class import write_class, write_course

from tinygrade import config
from tinygrade.coordinator import remote
from tinygrade.coordinator.apart import prints
from tinygrade.coordinator.grader import nothing
from tinygrade.coordinator.intake import handed_in, tasks
from tinygrade.coordinator.shipping import ShippingGrader
from tinygrade.errors import CourseError
from tinygrade.executor import Outcome
from tinygrade.grading.run import Reuse
from tinygrade.isolation import Isolation
from tinygrade.plugins import make_plugin_manager


@pytest.fixture(scope="module")
def manager():
    return make_plugin_manager()


@pytest.fixture
def assignment(tmp_path):
    root = write_course(tmp_path)
    (root / "alpha/mutants").mkdir()
    (root / "alpha/mutants/one.toml").write_text("x = 1\n")
    return config.load_assignment(config.load_course(root), "alpha")


@pytest.fixture
def task(tmp_path, assignment, manager):
    write_class(tmp_path / "class", {"s1": "wrong"})
    return next(tasks(handed_in([str(tmp_path / "class")], [], Path(), "tinypkg"), assignment, manager))


@pytest.fixture
def previous():
    """Earlier results by student."""
    return {}


@pytest.fixture
def grader(assignment, manager, previous):
    reuse = {"prints": prints(assignment), "previous": lambda student: previous.get(student, nothing(student))}
    made = ShippingGrader(assignment, manager, seed=3, secret="ab" * 32, deadline=60, here=False, **reuse)
    yield made
    made.close()


@pytest.fixture
def shipping(grader):
    made = grader.shipping()
    yield made
    made.end(made.key)


def test_the_same_report_as_here(grader, shipping, task, previous, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "there"))
    (tmp_path / "there").mkdir()
    parcel = shipping.parcel(task)
    assert shipping.grade(shipping.key, parcel) == "", "not prepared"
    assert shipping.prepare(shipping.key, shipping.common) == ""
    assert not [path for path in (tmp_path / "there").rglob("*") if path.name in ("mutants", "job.json")]
    far = shipping.outcome(task, shipping.grade(shipping.key, parcel))
    near = grader(task)
    assert far.task == near.task
    assert far.kind == near.kind == "complete"
    assert timeless(far) == timeless(near)
    previous["s1"] = Reuse({}, near.report.to_json(), "run 1")
    again = shipping.outcome(task, shipping.grade(shipping.key, shipping.parcel(task)))
    assert [check.taken_from for check in again.report.checks] == ["run 1", "run 1"]
    assert again.report.score == near.report.score
    shipping.end(shipping.key)
    assert not list((tmp_path / "there").iterdir()), "nothing is left behind"


def timeless(outcome: Outcome) -> dict:
    """The report without what a clock says."""
    checks = tuple(replace(check, seconds=0.0) for check in outcome.report.checks)
    return replace(outcome.report, started="", seconds=0.0, checks=checks).to_json()


def test_another_version(shipping, monkeypatch):
    monkeypatch.setattr(remote, "__version__", "0.0.1")
    assert shipping.prepare(shipping.key, shipping.common).startswith("tinygrade is 0.0.1 there, and ")
    assert shipping.grade(shipping.key, b"") == ""


def test_weak_isolation(shipping, monkeypatch):
    monkeypatch.setattr(remote, "measured", lambda *_: Isolation("weak", ("network",)))
    problem = shipping.prepare(shipping.key, shipping.common)
    assert "not graded, not zero: isolation strong is asked for, and weak is what there is" in problem
    assert shipping.grade(shipping.key, b"") == ""


def test_another_course(grader, monkeypatch):
    monkeypatch.setattr("tinygrade.coordinator.shipping.fingerprint", lambda assignment: "0" * 64)
    shipping = grader.shipping()
    assert "the course is another one there" in shipping.prepare(shipping.key, shipping.common)


def test_what_is_no_longer_what_it_was(shipping, task):
    (Path(task.source) / "tinypkg/ops.py").write_text("def add(a, b): ...\n")
    assert "changed while it was graded" in shipping.parcel(task).problem
    (Path(task.source) / "tinypkg/ops.py").unlink()
    (Path(task.source) / "tinypkg/__init__.py").unlink()
    assert shipping.parcel(task).kind == "unreadable"


def test_what_concerns_the_whole_run_is_raised(shipping, task):
    with pytest.raises(CourseError, match="broken"):
        shipping.outcome(task, json.dumps({"error": "CourseError", "message": "broken"}))
