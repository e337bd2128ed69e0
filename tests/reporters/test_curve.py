"""The curve of block characters, and the status line that holds it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrade.reporters.curve import BLOCKS, sparkline
from tinygrade.reporters.status import Now, status_line
from tinygrade.text import cells

points = st.lists(st.tuples(st.integers(), st.floats() | st.none() | st.just(10**400)), max_size=60)


@given(points, st.integers(-3, 30), st.none() | st.floats())
def test_any_curve_fits(curve: list, width: int, floor: float | None) -> None:
    shown = sparkline(curve, width, floor)
    assert len(shown) <= max(width, 0)
    assert set(shown) <= set(BLOCKS)


def test_a_falling_loss_falls_from_the_highest_to_the_lowest() -> None:
    shown = sparkline([[i, 3.0 * 0.5**i] for i in range(8)], 8)
    assert shown == BLOCKS[::-1]


def test_the_floor_makes_the_end_visible() -> None:
    curve = [[i, 3.0 * 0.5**i + 0.044] for i in range(16)]
    assert len(set(sparkline(curve, 16, 0.044)[8:])) > 3
    assert len(set(sparkline(curve, 16)[8:])) == 1


def test_a_flat_curve_is_flat() -> None:
    assert sparkline([[0, 1.0], [1, 1.0]], 5) == BLOCKS[0] * 2


@given(st.integers(20, 120), points)
def test_the_status_line_fits(width: int, curve: list) -> None:
    now = Now(total=3).running("test_a.py::test_" + "x" * 90, "training")
    assert cells(status_line(now, width)) <= width
    assert cells(status_line(now.progressed({"step": 10**9, "loss": math.pi, "curve": curve}), width)) <= width


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"step": 1200}, "g  step 1,200"),
        ({"loss": float("inf")}, "g  loss not finite"),
        ({"fraction": 0.25}, "g  25% of the budget"),
        ({"label": "train", "seconds_left": 61.4}, "train  1:01 left"),
    ],
)
def test_progress(data: dict, shown: str) -> None:
    assert status_line(Now(total=3).running("t", "g").progressed(data), 80) == shown


def test_nothing_runs_nothing_is_shown() -> None:
    assert status_line(Now(total=3), 80) == ""
    assert status_line(Now(total=3).running("t", "g").finished(), 80) == ""
