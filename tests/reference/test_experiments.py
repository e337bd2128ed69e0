"""Sweeps, choices and comparisons of the reference: what is true of them without a second implementation."""

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.reference.conftest import FOLDER

GRID = {"lr": [0.1, 0.2, 0.3], "width": [8, 16]}
SEEDS = [4, 2]


@pytest.fixture
def lab(lib):
    return lib.experiments


@pytest.fixture
def made(lab):
    """`made.run(config, seed)` makes a run, and `made.calls` says which."""

    class Made:
        calls = []

        def run(self, config, seed):
            self.calls.append((config["lr"], config["width"], seed))
            metric = math.nan if config["lr"] == 0.3 else config["lr"] * seed
            return lab.Run(config, seed, [1.0, math.inf], 2.0, metric)

    Made.calls = []
    return Made()


def test_a_sweep_makes_each_run_once_and_reads_back_what_it_wrote(lab, made, tmp_path):
    log = str(tmp_path / "log")
    first = lab.sweep(GRID, made.run, SEEDS, 1e9, log)
    assert [run.seed for run in first] == [4] * 6 + [2] * 6
    assert len(set(made.calls)) == len(made.calls) == 12
    assert len((tmp_path / "log").read_text().splitlines()) == 12
    again = lab.sweep(GRID, made.run, SEEDS, 1e9, log)
    assert len(made.calls) == 12
    assert list(map(str, again)) == list(map(str, first))  # NaN is not equal to itself


def test_a_log_that_ends_anywhere_is_mended(lab, made, tmp_path):
    log = tmp_path / "log"
    whole = lab.sweep(GRID, made.run, SEEDS, 1e9, str(log))
    content = log.read_bytes()
    for cut in range(0, len(content), 7):
        log.write_bytes(content[:cut])
        made.calls.clear()
        assert list(map(str, lab.sweep(GRID, made.run, SEEDS, 1e9, str(log)))) == list(map(str, whole))
        assert len(made.calls) == 12 - content[:cut].count(b"\n")
        assert log.read_bytes().count(b"\n") == 12


def test_a_sweep_that_is_killed_loses_no_finished_run(tmp_path):
    """SIGKILL at any moment, again and again: the runs that a log tells are never made twice."""
    script = f"""
        import sys, time
        sys.path.insert(0, {str(FOLDER.parent)!r})
        from tinytorch.experiments import Run, sweep

        def make_run(config, seed):
            print(config["lr"], seed, flush=True)
            time.sleep(0.02)
            return Run(config, seed, [1.0] * 300, 1.0, 0.5)

        sweep({{"lr": list(range(20))}}, make_run, [1], 1e9, "log")
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    started, kills = [], 0
    while True:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(4):
            if line := process.stdout.readline():
                started.append(line)
        time.sleep(0.001 * kills)
        os.kill(process.pid, signal.SIGKILL)
        started += process.stdout.readlines()
        process.stdout.close()
        if process.wait() == 0 or kills > 20:
            break
        kills += 1
    finished = [json.loads(line)["config"]["lr"] for line in (tmp_path / "log").read_text().splitlines()]
    assert kills >= 3
    assert sorted(finished) == list(range(20))
    # A run that was begun and not finished is begun again; each kill costs one at the most.
    assert len(started) - len(set(started)) <= kills


def test_the_budget_holds_for_all_beginnings_together(lab, made, tmp_path):
    log = str(tmp_path / "log")
    assert lab.sweep(GRID, made.run, SEEDS, 0.0, log) == []
    assert len(lab.sweep(GRID, made.run, SEEDS, 5.0, log)) == 3
    assert len(lab.sweep(GRID, made.run, SEEDS, 6.0, log)) == 3
    assert len(lab.sweep(GRID, made.run, SEEDS, 6.1, log)) == 4
    # what another sweep has cost is not counted
    assert len(lab.sweep({"lr": [0.9], "width": [8]}, made.run, [1], 2.0, log)) == 1


def test_half_of_the_runs_that_diverged_are_a_lost_configuration(lab):
    runs = [lab.Run({"lr": lr}, seed, [], 1.0, metric) for lr in (1, 2) for seed, metric in enumerate([0.1, 0.2])]
    runs[0] = replace(runs[0], metric=math.nan)
    assert lab.best_config(runs) == {"lr": 2}
    with pytest.raises(ValueError, match="every seed"):
        lab.best_config([replace(run, metric=math.inf) for run in runs])


def test_a_comparison_is_turned_around_with_its_sides(lab):
    rng = np.random.default_rng(0)
    luck = 10 * rng.standard_normal(40)
    a = [lab.Run({}, seed, [], 1.0, luck[seed] + 0.5 + 0.1 * rng.standard_normal()) for seed in range(40)]
    b = [lab.Run({}, seed, [], 1.0, luck[seed]) for seed in reversed(range(40))]
    there, back = (lab.paired_comparison(*sides, np.random.default_rng(1)) for sides in ((a, b), (b, a)))
    assert there["n"] == 40
    assert there["difference"] == pytest.approx(-back["difference"])
    assert 0.4 < there["low"] < there["difference"] < there["high"] < 0.6
    assert (back["low"], back["high"]) == pytest.approx((-there["high"], -there["low"]), abs=0.01)


def test_one_run_is_made_again_from_its_seed(lab):
    data = lab.induction_data(np.random.default_rng(2), 30, 10, 10)
    config = {"layers": 1, "width": 8, "heads": 2, "lr": 0.01, "batch": 4, "steps": 5}
    first, again, other = (lab.experiment(config, seed, data) for seed in (1, 1, 2))
    assert first.losses == again.losses
    assert first.losses != other.losses
    assert first.metric == lab.measure(trained(lab, config, 1, data), data["validation"])


def trained(lab, config, seed, data):
    weights, batches = lab.streams(seed)
    model = lab.build(config, data, weights)
    lab.train_model(model, config, data, batches)
    return model
