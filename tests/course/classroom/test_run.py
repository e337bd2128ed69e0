"""A run knows when to look and when to stop; and what is drawn of it fits."""

from __future__ import annotations

import json

import numpy as np
import pytest


@pytest.fixture
def exam(room):
    return room.exam.Exam(room.data.strings_for(None))


@pytest.fixture
def flat(exam):
    """Logits of a model that knows nothing."""
    return np.zeros((*exam.x.shape, 31))


def go(run, losses, logits):
    run.begin(logits)
    for loss in losses:
        if run.after_step(loss, lambda: logits):
            break
    run.finish(logits)
    return run


@pytest.mark.parametrize(
    ("given", "losses", "stopped", "step"),
    [
        ({"steps": 7}, [1.0] * 20, "steps", 7),
        ({}, [1.0] * 20, "steps", 20),
        ({}, [1.0, 1.0, float("nan"), 1.0], "not a number", 3),
        ({}, [1.0, float("inf")], "not a number", 2),
        ({"seconds": 0.0}, [1.0] * 20, "budget", 1),
    ],
)
def test_ends(room, exam, flat, given, losses, stopped, step):
    run = go(room.run.Run(exam, **{"seconds": 60.0, **given}), losses, flat)
    assert (run.stopped, run.step) == (stopped, step)
    assert run.now.step == step
    json.dumps(run.to_json(), allow_nan=False)


def test_it_converges_only_when_all_is_learned(trained):
    assert trained.stopped == "converged"
    assert trained.now.learned == 15
    assert trained.now.loss < trained.exam.floor + 0.02
    assert trained.best.loss <= trained.now.loss
    assert 0.9 < trained.to_json()["training"]["improvement"] < 1.0
    assert {name for name, _ in trained.order()} == {"repetition", "short", "alphabet", "number"}


def test_a_pace_is_kept(room, exam, flat):
    import time

    start = time.monotonic()
    run = go(room.run.Run(exam, 60.0, pace=50.0), [1.0] * 10, flat)
    assert time.monotonic() - start >= 0.18
    assert run.used < 0.18  # waiting is no training


@pytest.mark.parametrize(("width", "height"), [(40, 10), (60, 23), (79, 23), (119, 39), (300, 100)])
def test_the_picture_fits(room, trained, width, height):
    title = "a title that is longer than sixty columns, as titles may well be"
    lines = room.picture.picture(trained, title, width, height)
    assert len(lines) <= height
    assert max(sum(len(text) for text, _ in line) for line in lines) <= width


def test_the_picture_of_a_run_that_has_not_begun(room, exam, flat):
    run = room.run.Run(exam, 60.0)
    run.begin(flat)
    assert room.picture.picture(run, "t", 79, 23)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e308])
def test_models_that_broke_can_be_judged_and_drawn(room, exam, bad):
    run = go(room.run.Run(exam, 60.0), [1.0], np.full((*exam.x.shape, 31), bad))
    assert room.picture.picture(run, "t", 79, 23)
    assert room.tables.report(run, room.models.Size(), "x")
    json.dumps(run.to_json(), allow_nan=False)


def test_strings_without_any_doubt_have_a_floor_of_zero(room):
    exam = room.exam.Exam(("AB",))
    run = go(room.run.Run(exam, 60.0), [1.0], np.zeros((1, 9, 31)))
    assert exam.floor == 0.0
    assert room.picture.picture(run, "t", 79, 23)
