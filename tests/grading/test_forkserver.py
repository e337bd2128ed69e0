"""Gradings that are forked from one process: the same reports, the same walls, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tinygrade.errors import GraderError
from tinygrade.grading.forkserver import Forkserver, is_available
from tinygrade.grading.run import grade

pytestmark = pytest.mark.skipif(not is_available(), reason="gradings are forked on Linux only")
WITH_THREAD = "threading.Thread(target=time.sleep, args=(30,), daemon=True).start(); main()"
CHECK = "test_causal_mask or test_logits"


def graded(job, server, **more):
    return grade(job, lambda event: None, server=server, **more)


def test_the_report_is_that_of_a_fresh_process(job, server, facts):
    assert facts(graded(job, server)) == facts(graded(job, None))


def test_nothing_in_the_environment_configures_a_grading(job, monkeypatch, tmp_path):
    (tmp_path / "intruder.py").write_text("raise SystemExit('an intruder was loaded')")
    (tmp_path / "numpy.py").write_text("raise SystemExit('an intruder was loaded')")
    monkeypatch.setenv("PYTEST_PLUGINS", "intruder")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with Forkserver() as server:
        assert {check.status for check in graded(job, server).checks} == {"passed"}


def test_a_grading_that_is_killed_is_our_fault_and_touches_no_other(job, server):
    with pytest.raises(GraderError, match="ended without a report"):
        graded(job, server, on_start=lambda process: process.kill())
    assert graded(job, server).checks


def test_a_server_that_is_killed_is_replaced(job):
    with Forkserver() as server:
        graded(job, server)
        server._process.kill()
        assert graded(job, server).checks


def test_what_a_submission_breaks_stays_its_own(job, server, variant):
    folder = variant(("transformer.py", "", "\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"))
    broken = graded(replace(job, source=str(folder)), server)
    assert not any(check.ok for check in broken.checks)
    assert all(check.ok for check in graded(job, server).checks)


def test_a_process_with_threads_is_not_forked(monkeypatch):
    """A numerical library that ignores our variables leaves threads behind; then each grading is a fresh process."""
    import tinygrade.grading.forkserver as module

    monkeypatch.setattr(module, "ENTRY", module.ENTRY.replace("main()", "import threading, time; ") + WITH_THREAD)
    assert module.started() is None


def test_closed_is_closed(job):
    server = Forkserver()
    server.close()
    with pytest.raises(GraderError, match="no grading can be started"):
        graded(job, server)


ENDLESS = """
import sys
from tinygrade import config
from tinygrade.grading.run import Job, grade
from tinygrade.grading.forkserver import Forkserver
course = config.load_course(__import__("pathlib").Path(sys.argv[1]) / "assignments")
job = Job(config.load_assignment(course, "assignment3"), sys.argv[2], 7, select="test_causal_mask")
grade(job, lambda event: print(event.kind, flush=True), server=Forkserver())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_everything_ends_with_the_command(repository: Path, variant, left_behind, number):
    folder = variant(("transformer.py", "", "\nwhile True: pass\n"))
    command = [sys.executable, "-c", ENDLESS, str(repository), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as run:
        assert run.stdout.readline()
        time.sleep(0.3)
        os.kill(run.pid, number)
        run.wait(10)
    assert not left_behind()
