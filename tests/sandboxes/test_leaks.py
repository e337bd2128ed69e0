"""A short form of `python -m benchmarks.leaks`: checks in a row leave nothing behind."""

import json
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("sandbox", "checks"), [("local", 60), ("portable", 6)])
def test_checks_in_a_row_leave_nothing_behind(repository, sandbox, checks):
    command = [sys.executable, "-m", "benchmarks.leaks", "--checks", str(checks), "--sandbox", sandbox]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["leaked"] == []
    assert report["after"]["processes"] <= report["before"]["processes"]
