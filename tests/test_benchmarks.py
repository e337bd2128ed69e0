"""The benchmarks of the reference still run and print what they promise; their figures are nobody's to test."""

import json
import subprocess
import sys

import pytest

COMMANDS = {
    "train_step": ["--repeats", "1", "--slot", "0.001", "--models", "1x16", "--batches", "1", "--peers"],
    "time_to_floor": ["--seeds", "1"],
    "gradcheck_cost": ["--repeats", "1", "--peers"],
}


def run(repository, name):
    command = [sys.executable, "-m", f"benchmarks.{name}", *COMMANDS[name]]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module", params=COMMANDS)
def result(request, repository):
    return request.param, *run(repository, request.param)


def test_one_object_and_a_table(result):
    name, found, table = result
    key, rows = {"train_step": ("trainer", 1), "time_to_floor": ("seed", 1), "gradcheck_cost": ("op", 27)}[name]
    measured = found.get("rows") or found.get("runs") or found.get("ops")
    assert len(measured) == rows
    assert all(str(row[key]) in table for row in measured)
    assert found["load"] >= 0
    if name == "time_to_floor":
        assert found["reached"] == 1
