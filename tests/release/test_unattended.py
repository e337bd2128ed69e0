"""Gradescope's layout in a folder: the bundle's own script runs there, and results.json is there whatever happens."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tinygrade.release import unattended

NOT_GRADED = "NOT GRADED, and not zero either"


class Place:
    """`/autograder`, below a folder of the test."""

    def __init__(self, root, bundle):
        self.root, self.course = root, root / "source" / "course"
        self.submission, self.results = root / "submission", root / "results" / "results.json"
        self.submission.mkdir(parents=True)
        with zipfile.ZipFile(bundle) as archive:
            archive.extractall(root / "source")
        shutil.copy(root / "source" / "run_autograder", root)
        self.script = ["bash", str(root / "run_autograder")]
        self.environment = {
            **os.environ,
            "AUTOGRADER_ROOT": str(root),
            "AUTOGRADER_VENV": str(Path(sys.executable).parent.parent),
        }

    def run(self, **environment):
        """What is in results.json after the script, which always ends well."""
        done = subprocess.run(
            self.script, env={**self.environment, **environment}, capture_output=True, text=True, timeout=120
        )
        self.said = done.stdout + done.stderr
        assert done.returncode == 0, self.said
        found = json.loads(self.results.read_text("utf-8"))
        assert os.listdir(self.results.parent) == ["results.json"]
        return found


@pytest.fixture
def place(bundles, tmp_path):
    return Place(tmp_path / "autograder", bundles / "autograder" / "gradescope" / "two.zip")


@pytest.fixture
def solved(place):
    shutil.copytree(place.course / "reference" / "pack", place.submission / "pack")
    return place


def assert_not_graded(found, words):
    assert found["output"].startswith(NOT_GRADED)
    assert words in found["output"]
    assert "score" not in found
    assert found["tests"] == []


def test_a_submission_is_graded_with_hidden_checks(solved):
    found = solved.run()
    assert found["score"] == 10.0
    visible = {test["name"]: test["visibility"] for test in found["tests"]}
    assert list(visible.values()) == ["visible", "after_due_date"]
    assert found["extra_data"]["isolation"]["level"] in ("strong", "weak")
    assert "SCORE 10/10" in solved.said


def test_nothing_handed_in(place):
    assert_not_graded(place.run(), "your submission could not be graded")


def test_the_results_of_an_earlier_run_are_no_results_of_this_one(place):
    place.results.parent.mkdir()
    place.results.write_text('{"score": 100}')
    assert_not_graded(place.run(), "could not be graded")


def test_the_deadline(solved, edit, left_behind):
    edit(solved.course / "two/assignment.toml", "[limits]", "[platform]\ndeadline = 1.5\n[limits]")
    (solved.submission / "pack/second.py").write_text("while True:\n    pass\n")
    start = time.monotonic()
    assert_not_graded(solved.run(), "did not end within 1.5 seconds")
    assert time.monotonic() - start < 30
    assert not left_behind()


def test_a_course_that_is_not_in_order_is_our_fault(solved):
    (solved.course / "two/assignment.toml").write_text("points = ")
    assert_not_graded(solved.run(), "This is not your fault")
    assert "assignment.toml" in solved.said


def test_a_check_that_breaks_is_our_fault(solved, edit):
    edit(solved.course / "two/test_second.py", "items = ", "raise RuntimeError('ours')\n    items = ")
    found = solved.run()
    assert "score" not in found
    assert not any("score" in test for test in found["tests"])
    assert NOT_GRADED in found["output"]


def test_not_even_python_can_be_started(solved, tmp_path):
    found = solved.run(AUTOGRADER_VENV=str(tmp_path / "nowhere"))
    assert found["output"].startswith("not graded, not zero")
    assert "score" not in found


def test_tinygrade_is_broken(solved, tmp_path):
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert "score" not in solved.run(AUTOGRADER_VENV=str(tmp_path / "venv"))


def test_the_platform_ends_us(solved, left_behind):
    (solved.submission / "pack/second.py").write_text("while True:\n    pass\n")
    command = [sys.executable, "-P", "-s", "-m", "tinygrade.release.unattended", "two", "--course", solved.course]
    where = ["--submission", solved.submission, "--results", solved.results]
    process = subprocess.Popen([*map(str, [*command, *where])], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout.readline()  # the grading has begun
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 4
    assert_not_graded(json.loads(solved.results.read_text()), "the platform ended the grading")
    assert not left_behind()


# ---- endings that no machine of ours gives ------------------------------------------------------------


@pytest.fixture
def ended(solved, monkeypatch):
    """The results of a grading that is replaced by a little program."""

    def run(program, *options):
        monkeypatch.setattr(unattended, "_command", lambda *_: [sys.executable, "-c", program])
        places = ["--course", solved.course, "--submission", solved.submission, "--results", solved.results]
        code = unattended.main(["two", *map(str, places), *options])
        return code, json.loads(solved.results.read_text())

    before = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; sys.exit(4)", "does not confine code as it must"),
        ("import sys; sys.exit(3)", "the grader failed (exit code 3)"),
        ("import os; os.kill(os.getpid(), 9)", "the grader failed (exit code -9)"),
        ("import sys; sys.exit(0)", "the grader failed (exit code 0)"),
        ("import sys; sys.stderr.write('\\x1b[31m' + 'no folder ' * 9999); sys.exit(2)", "no folder"),
    ],
)
def test_an_exit_without_a_report(ended, program, words):
    code, found = ended(program)
    assert code == 4
    assert_not_graded(found, words)
    assert len(found["output"]) < 5000
    assert "\x1b" not in found["output"]


def test_a_grading_that_does_not_want_to_end(ended, monkeypatch, left_behind):
    monkeypatch.setattr(unattended, "GRACE_SECONDS", 0.5)
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    code, found = ended(program, "--deadline", "0.5")
    assert_not_graded(found, "did not end within 0.5 seconds")
    assert not left_behind()


def test_isolation_between_none_and_strong_is_held_against_what_the_assignment_asks_for():
    with pytest.raises(unattended.NotGraded, match="does not confine"):
        unattended._refuse_weak({"isolation": {"level": "none"}}, "weak")
    unattended._refuse_weak({"isolation": {"level": "weak"}}, "weak")
    unattended._refuse_weak({"isolation": {"level": "none"}}, "none")


# ---- the probe -----------------------------------------------------------------------------------------


def test_the_probe_shows_what_doctor_says(command, tmp_path):
    done = command("release", "--probe", "gradescope", "--out", tmp_path / "probe", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    place = Place(tmp_path / "autograder", tmp_path / "probe" / "gradescope-probe.zip")
    found = place.run()
    assert "isolation " in found["output"]
    assert [test["name"] for test in found["tests"]] == ["isolation is strong"]
    assert not place.course.exists()
