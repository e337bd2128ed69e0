"""`tinygrade compare`: real runs of a few steps; what they amount to, and that none is done twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinygrade import UsageError

ROOT = Path(__file__).resolve().parents[3]

SHORT = ("compare", "--steps", "15", "--recipe", "fast", "--jobs", "2")


def made(stopped="steps", loss=0.06, seconds=1.0, exact=10):
    training = {"steps": 100, "steps_per_second": 50.0, "improvement": 0.9, "best_loss": loss}
    training |= {"seconds_to_floor": seconds, "stopped": stopped, "curve": [[0, 3.4], [10, loss]]}
    return {"training": training, "exact": exact, "learned": 15}


def test_both_models_side_by_side_and_nothing_twice(tinygrade, tmp_path):
    files = ("--log", "runs.jsonl", "--json", "all.json", "--plot", "c.png")
    done = tinygrade(*SHORT, "--seeds", "2", *files)
    assert done.code == 0, done.err
    assert "4/4  " in done.out
    for row in ("ultra-tiny 1x16 4,464", "small 2x20 11,600", "seed's small 11,600 0.43 129"):
        assert row in " ".join(done.out.split())
    assert "too few to be sure" in done.out
    tree = json.loads((tmp_path / "all.json").read_text())
    assert len(tree["runs"]) == 4
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    log = (tmp_path / "runs.jsonl").read_text()
    assert log.count("\n") == 4
    again = tinygrade(*SHORT, "--seeds", "2", *files)
    assert again.code == 0
    assert (tmp_path / "runs.jsonl").read_text() == log
    assert json.loads((tmp_path / "all.json").read_text()) == tree


def test_a_killed_comparison_goes_on(tinygrade, tmp_path):
    """A line that was cut off is done again, the others are not."""
    grid = ("--grid", "lr=0.01,0.02", "--seeds", "1", "--log", "runs.jsonl")
    tinygrade(*SHORT, *grid)
    first, second = (tmp_path / "runs.jsonl").read_text().splitlines()
    (tmp_path / "runs.jsonl").write_text(f"{first}\n{second[:50]}")
    done = tinygrade(*SHORT, *grid)
    assert done.code == 0, done.err
    lines = (tmp_path / "runs.jsonl").read_text().splitlines()
    assert lines[0] == first
    assert json.loads(lines[-1])["key"] == json.loads(second)["key"]
    assert "best: ultra-tiny 1x16 lr 0.0" in done.out


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_an_end_leaves_no_process_and_keeps_what_was_done(tmp_path, left_behind, sign, code):
    log = tmp_path / "runs.jsonl"
    options = ["--seeds", "1", "--jobs", "1", "--steps", "500", "--minutes", "5", "--log", str(log)]
    words = ["compare", "--course", str(ROOT), "--model", "1x16", "--model", "8x128", *options]
    command = [sys.executable, "-P", "-m", "tinygrade", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("1/2  ultra-tiny")
    time.sleep(0.5)
    process.send_signal(sign)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in err
    assert left_behind() == []
    assert log.read_text().count("\n") == 1
    if code > 0:
        assert "what was done so far" in out
        assert "ultra-tiny 1x16" in out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--model", "huge"], "--model huge"),
        (["--grid", "lr=x"], "lr takes numbers"),
        (["--seeds", "0"], "--seeds"),
        (["--minutes", "0"], "nothing can be learned"),
        (["--data", "nowhere"], "nowhere: cannot be read"),
        (["--log", "nowhere/log"], "--log nowhere/log: No such file"),
        (["--json", "nowhere/x"], "cannot be written"),
        (["--plot", "x.gif"], "must end in"),
    ],
)
def test_bad_input_is_one_clear_message(tinygrade, args, message):
    done = tinygrade("compare", *args)
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_log_of_something_else(room, tmp_path):
    file = tmp_path / "log"
    file.write_text('{"a": 1}\n{"key": {}, "result": {}}\n')
    with pytest.raises(UsageError, match="log:1: is no run of a comparison"):
        room.runs.Log(file)


def test_the_best_is_told_with_its_uncertainty(room):
    first, second = room.grid.configs(["ultra-tiny", "small"], [], room.grid.Config(1, 16, 2, "seed"))
    results = {first: {s: made(loss=0.06 + 0.001 * s) for s in range(5)}}
    results[second] = {s: made(loss=0.08) for s in range(5)}
    assert room.comparison.ranking(results) == [first, second]
    text = "\n".join(line.text for line in room.comparison.verdict(results))
    assert "best: ultra-tiny 1x16, loss 0.0620 (0.0600..0.0640, 5 seeds)" in text
    assert "with 5 of 5 seeds: hardly chance" in text
    results[second][0] = made(loss=0.01)
    assert "4 of 5 seeds: may be chance" in room.comparison.verdict(results)[1].text


def test_runs_that_diverged_are_named_and_come_last(room):
    first, second = room.grid.configs(["ultra-tiny", "small"], [], room.grid.Config(1, 16, 2, "seed"))
    broken = made("not a number", loss=None, seconds=None)
    broken["training"]["improvement"] = None
    results = {first: {0: broken}, second: {0: made()}}
    assert room.comparison.ranking(results) == [second, first]
    assert room.comparison.diverged(results)[0].text == "diverged: ultra-tiny 1x16, 1 of its runs"
    assert "not reached" in "\n".join(line.text for line in room.comparison.lines(results, True))
    assert "loss inf" not in room.comparison.verdict(results)[0].text


def test_the_table_fits_eighty_columns(room):
    config = room.grid.Config(1, 16, 2, "seed")
    results = {config: {s: made(loss=0.06 + 0.001 * s, seconds=1.0 + s, exact=9 + s) for s in range(3)}}
    assert max(len(line.text) for line in room.comparison.lines(results, True)) <= 80
