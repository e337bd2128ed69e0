"""`tinygrade grade --executor dask` on real workers; `python -m benchmarks.dask_kills` kills them ten times."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import dask_kills
import kill_grade
import psutil
from dask_cluster import Cluster
from kill_grade import stored
from tiny_class import write_class, write_course


def test_a_worker_is_killed(tmp_path, left_behind):
    found = dask_kills.trial(tmp_path, size=8, kills=1, seed=1, longest=1.0)
    assert found.ok, found
    assert found.hit_at_work, "the kill came after the end"
    assert not left_behind()


def test_the_command_is_killed(tmp_path, left_behind):
    """Its workers live on, and may be in the middle of something when it comes back."""
    with Cluster(tmp_path / "cluster", 1) as cluster:
        more = ("--executor", "dask", "--scheduler", cluster.address)
        found = kill_grade.trial(tmp_path, str(tmp_path / "gradebook.db"), 8, kills=2, seed=1, longest=5.0, more=more)
    assert found.ok, found
    assert found.hit_at_work, "no kill came while it was at work"
    assert not left_behind()


def test_an_interrupt_ends_what_runs_elsewhere(tmp_path):
    """Nothing grades on, and the same command goes on where it was."""
    course, handed = write_course(tmp_path), write_class(tmp_path / "class", {"s1": "right", "s2": "sleep"})
    url = str(tmp_path / "gradebook.db")
    with Cluster(tmp_path / "cluster", 1) as cluster:
        command = [sys.executable, "-P", "-m", "tinygrade", "grade", "alpha", str(handed), "--course", str(course)]
        command += ["--gradebook", url, "--executor", "dask", "--scheduler", cluster.address]
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert run.stdout is not None
        for line in run.stdout:
            if "s1" in line:
                break
        worker = psutil.Process(cluster.workers[0].pid)
        assert eventually(lambda: len(worker.children(recursive=True)) >= 3), "s2 is graded by child, zygote, worker"
        run.send_signal(signal.SIGINT)
        output, _ = run.communicate(timeout=30)
        assert run.returncode == 130, output
        assert "run the same command again" in output
        assert eventually(lambda: not worker.children(recursive=True))
        write_class(tmp_path / "class", {"s1": "right", "s2": "wrong"})
        again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "1 of them graded already" in again.stdout
    assert stored(url) == ({"s1": 1, "s2": 1}, {"s1": 10, "s2": 6})


def eventually(holds, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()
