"""The worker that is ready before it is needed: it is nobody's, and whatever becomes of it, no check notices."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tinygrade.errors import GraderError
from tinygrade.model import Limits
from tinygrade.sandboxes import clock
from tinygrade.sandboxes.local import LocalSandbox

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
USUAL = Limits().cpu_seconds


@pytest.fixture
def sandbox():
    sandbox = LocalSandbox(Limits())
    yield sandbox
    sandbox.close()


def workers(sandbox):
    """Process ids of what the zygote has forked, soon after it was asked to."""
    time.sleep(0.1)
    pid = sandbox._zygote.pid
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def ended(pid):
    deadline = time.monotonic() + 5
    while clock.is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not clock.is_alive(pid)


def answers(worker):
    return "value" in worker.ask({"do": "generator", "args": [1]}, cpu_seconds=5.0)


def test_the_next_one_is_ready_and_is_taken_once(sandbox):
    first = sandbox.open(cpu_seconds=USUAL)
    (spare,) = workers(sandbox) - {first._process.pid}
    second = sandbox.open(cpu_seconds=USUAL)
    assert second._process.pid == spare
    third = sandbox.open(cpu_seconds=USUAL)
    assert len({first._process.pid, second._process.pid, third._process.pid}) == 3
    assert all(map(answers, (first, second, third)))


def test_other_limits_get_another_worker(sandbox):
    first = sandbox.open(cpu_seconds=USUAL)
    before = workers(sandbox)
    other = sandbox.open(cpu_seconds=USUAL + 1)
    assert other._process.pid not in before
    assert sandbox.open(cpu_seconds=USUAL)._process.pid in before - {first._process.pid}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_was_killed_is_replaced(sandbox, number):
    first = sandbox.open(cpu_seconds=USUAL)
    (spare,) = workers(sandbox) - {first._process.pid}
    os.kill(spare, number)
    assert ended(spare)
    assert answers(sandbox.open(cpu_seconds=USUAL))
    assert answers(first)


def test_one_whose_parent_was_killed_is_replaced(sandbox):
    both = sandbox.open(cpu_seconds=USUAL)._process.pid, *workers(sandbox)
    sandbox._zygote.kill()
    sandbox._zygote.wait()
    assert all(map(ended, both))
    assert answers(sandbox.open(cpu_seconds=USUAL))


def test_one_that_is_confined_less_is_not_taken(sandbox):
    sandbox.isolation()
    sandbox.open(cpu_seconds=USUAL)
    sandbox._gate.applied = {**sandbox._gate.applied, "seccomp": "other"}
    with pytest.raises(GraderError, match="confined differently"):
        sandbox.open(cpu_seconds=USUAL)


def test_a_fork_of_the_grader_keeps_none(sandbox):
    """Several gradings on one sandbox, one after the other: none takes what another one asked for."""
    for _ in range(3):
        if (pid := os.fork()) == 0:
            mine = sandbox.open(cpu_seconds=USUAL)
            fine = answers(mine) and sandbox._spare is None
            mine.close()
            os._exit(0 if fine else 1)
        assert os.waitpid(pid, 0)[1] == 0
    assert answers(sandbox.open(cpu_seconds=USUAL))


def test_closing_leaves_nothing(left_behind):
    sandbox = LocalSandbox(Limits())
    sandbox.open(cpu_seconds=USUAL)
    sandbox.close()
    sandbox.close()
    assert left_behind() == []
