"""How far a class is: lines in a log, a few that are redrawn in a terminal; names steer nothing."""

from __future__ import annotations

import io

import pytest

from tinygrade.executor import Outcome, Task
from tinygrade.reporters.classview import ClassView


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def task(student="s1"):
    return Task(student, "/x", "0")


def failed(student="s1", problem="it is broken"):
    return Outcome(task(student), "unreadable", problem=problem, seconds=2.0)


def test_a_log_has_a_line_for_each_and_nothing_that_is_redrawn():
    stream = io.StringIO()
    with ClassView(stream, 100) as view:
        view.read(3, 3)
        view.planned(3, 1)
        view.started(task("s2"))
        view.finished(failed("s2"))
    assert stream.getvalue().splitlines() == [
        "3 submissions, 1 of them graded already",
        f"[1/2] {'s2':<24} UNREADABLE: it is broken",
    ]


def test_long_reading_is_told_in_a_log():
    stream = io.StringIO()
    with ClassView(stream, 100) as view:
        for number in range(1, 1201):
            view.read(number, 1200)
    assert stream.getvalue().splitlines() == [
        "reading submissions: 500 of 1200",
        "reading submissions: 1000 of 1200",
    ]


def test_a_terminal_shows_who_runs_how_long_it_takes_and_who_was_slow():
    with ClassView(Terminal(), 100) as view:
        view.planned(4, 0)
        for student in ("s1", "s2", "s3"):
            view.started(task(student))
        view.finished(failed("s1"))
        view.finished(failed("s2"))
        text = view._status().plain
    assert "2 of 4 done   1 running   2 not graded   about " in text
    assert "running   s3 0 s" in text
    assert "slowest   s2 2 s, s1 2 s" in text


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_hostile_text_steers_nothing(stream, hostile_texts):
    for hostile in hostile_texts:
        made = stream()
        with ClassView(made, 100) as view:
            view.planned(2, 0)
            view.started(task(hostile))
            status = view._status().plain
            view.finished(failed(hostile, hostile))
        shown = made.getvalue()
        assert "seen" in shown
        assert all(line.isprintable() for line in status.splitlines())
        if stream is io.StringIO:
            assert all(line.isprintable() for line in shown.splitlines())
            assert len(shown) < 2000
