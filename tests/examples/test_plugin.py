"""The example plugin, installed as anybody's and found by its entry point alone."""

import json
import re
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def environment(make_environment, pip, repository, tmp_path_factory):
    made = make_environment()
    copy = tmp_path_factory.mktemp("source") / "plugin"  # a build leaves files beside the source
    shutil.copytree(repository / "examples/plugin", copy)
    pip(made, copy)
    return made


def test_its_own_tests_pass(environment, repository, tmp_path):
    tests = shutil.copytree(repository / "examples/plugin/tests", tmp_path / "tests")
    done = environment("-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", tests, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE), done.stdout


def test_it_is_listed(environment, tmp_path):
    done = environment("-P", "-m", "tinygrade", "plugins", cwd=tmp_path)
    assert re.search(r"^example +hooks +adjust_score, load_submission, register_reporters$", done.stdout, re.MULTILINE)
    assert re.search(r"^ +reporters +oneline$", done.stdout, re.MULTILINE)


def test_its_loader_and_its_reporter_work_together(environment, repository, tmp_path):
    """One file of the example course, graded from the command line."""
    file = Path("summary.py")
    solution = (repository / "examples/course/reference/tinystats/summary.py").read_text()
    (tmp_path / file).write_text(solution.replace("(len(values) - 1)", "len(values)"))
    course = ("--course", repository / "examples/course", "--submission", file, "--seed", "1")
    reports = ("--report", "oneline", "--report", f"json={tmp_path / 'r.json'}")
    done = environment("-P", "-m", "tinygrade", "check", "summary", *course, *reports, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stdout.endswith("   summary   15/20   first: variance\n")
    assert done.stdout.count("\n") == 1
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["adjustments"] == []
