"""A real scheduler and real workers: each task ends once, whatever becomes of them."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from dask_cluster import Cluster

from tests.executors.elsewhere import UNFIT, Grading
from tinygrade.errors import RefusedError, UsageError
from tinygrade.executor import Task
from tinygrade.executors import dask
from tinygrade.executors.dask import DaskExecutor


def nothing(task):
    pass


def made(count, source=""):
    return [Task(f"s{number}", source, "") for number in range(count)]


@pytest.fixture
def cluster(tmp_path, repository, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(repository))
    with Cluster(tmp_path / "cluster", 0) as cluster:
        yield cluster


@pytest.fixture
def grading(tmp_path):
    folder = tmp_path / "who"
    folder.mkdir()
    return Grading(folder)


@pytest.fixture
def executor(cluster):
    made = DaskExecutor(scheduler=cluster.address)
    yield made
    made.close()


def kill_once_begun(cluster, log):
    """Another worker comes, and the first is ended in the middle of the task that writes `log`."""
    deadline = time.monotonic() + 30
    while not log.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    cluster.add_worker()
    cluster.kill_worker(cluster.workers[0])


def test_a_worker_that_is_lost(cluster, executor, grading, tmp_path, capsys):
    """Killed in the middle of a task, with an unfit worker beside: another does it, and each task ends once."""
    cluster.add_worker()
    cluster.add_worker({UNFIT: "isolation is weak"})
    began, log = [], tmp_path / "who" / "slow"
    tasks = [Task("slow", "sleep", ""), Task("absent", "gone", ""), *made(6)]
    with ThreadPoolExecutor() as beside:
        killing = beside.submit(kill_once_begun, cluster, log)
        found = list(executor.run(tasks, grading, began.append))
        killing.result()
    kinds = {"absent": "unreadable"}
    assert Counter(outcome.task.student for outcome in found) == Counter(task.student for task in tasks)
    assert all(outcome.kind == kinds.get(outcome.task.student, "complete") for outcome in found)
    assert [task.student for task in began] == [task.student for task in tasks], "begun once, also when sent twice"
    workers = log.read_text().split()
    assert len(set(workers)) == len(workers) == 2
    unfit = str(cluster.workers[0].pid)
    assert not [path for path in (tmp_path / "who").iterdir() if unfit in path.read_text().split()]
    assert "grades nothing: isolation is weak" in capsys.readouterr().err


def test_what_kills_every_worker_is_given_up(cluster, executor, grading, tmp_path, monkeypatch):
    monkeypatch.setattr(dask, "MOST_LOSSES", 2)
    for _ in range(3):
        cluster.add_worker()
    found = {o.task.student: o for o in executor.run([Task("poison", "kill", ""), *made(3)], grading, nothing)}
    assert found["poison"].kind == "fault"
    assert "each of 2 workers was lost" in found["poison"].problem
    assert all(found[task.student].kind == "complete" for task in made(3))
    assert len((tmp_path / "who" / "poison").read_text().split()) == 2


def test_nobody_may_grade(cluster, executor, grading, monkeypatch):
    monkeypatch.setattr(dask, "REFUSED_SECONDS", 0)
    cluster.add_worker({UNFIT: "isolation is weak"})
    with pytest.raises(RefusedError, match="isolation is weak"):
        list(executor.run(made(1), grading, nothing))


def test_nobody_is_there(executor, grading, monkeypatch):
    monkeypatch.setattr(dask, "PATIENCE_SECONDS", 0)
    with pytest.raises(UsageError, match="no worker"):
        list(executor.run(made(1), grading, nothing))


def test_the_scheduler_is_lost(cluster, executor, grading):
    cluster.add_worker()
    outcomes = executor.run([*made(1), Task("slow", "sleep", "")], grading, nothing)
    assert next(outcomes).kind == "complete"
    os.kill(cluster.scheduler.pid, signal.SIGKILL)
    with pytest.raises(UsageError, match="what was graded is stored"):
        list(outcomes)
    start = time.monotonic()
    executor.close()
    assert time.monotonic() - start < 5, "nobody is there to be told"


@pytest.mark.parametrize("address", ["", "tcp://127.0.0.1:9", "nonsense://x"])
def test_no_scheduler(address, monkeypatch):
    monkeypatch.setattr(dask, "CONNECT_SECONDS", 1)
    with pytest.raises(UsageError, match="--scheduler"):
        DaskExecutor(scheduler=address)
