"""The live view, driven by a scripted list of events: in a pipe, in a terminal, in ASCII."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import pytest

from tinygrade.events import CheckFinished, CheckStarted, Event, Finished, Progress, Started, Swapped
from tinygrade.model import Isolation, Report, Swap
from tinygrade.reporters.advice import Commands
from tinygrade.reporters.live import Headline, LiveView
from tinygrade.reporters.terminal import render

COMMANDS = Commands("tinygrade check assignment3", "tinygrade check assignment3 --seed 41", 41)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def script(report: Report, progress: Sequence[dict[str, Any]] = ()) -> list[Event]:
    """The events of a run that ends with `report`."""
    ids = tuple((check.id, check.group) for check in report.checks)
    events: list[Event] = [Started(report.isolation, report.environment, ids), Swapped(report.swaps)]
    for check in report.checks:
        events += [CheckStarted(check.id), *(Progress(check.id, data) for data in progress), CheckFinished(check)]
    return [*events, Finished(report)]


def show(report: Report, stream: Any, progress: Sequence[dict[str, Any]] = (), **options: Any) -> LiveView:
    headline = Headline(report.assignment, report.title, COMMANDS)
    with LiveView(stream, headline, width=80, **options) as view:
        for event in script(report, progress):
            view.handle(event)
            if view._live is not None:
                view._live.refresh()
        view.close()
    return view


@pytest.fixture
def report(make_check, make_report) -> Report:
    return make_report(
        make_check("census", group="census", message="4,464 parameters"),
        make_check("mask", "failed", group="parity", message="Output 0 changed", task="A3.1", output="hi"),
        make_check("logits", group="parity"),
        make_check("fresh", "failed", group="predictions", visibility="hidden", message="TELLTALE"),
        swaps=(Swap("assignment2", "released", "its smoke check fails"),),
        isolation=Isolation("weak", ("seccomp",)),
    )


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_pipe_gets_the_text_of_the_finished_report(report: Report) -> None:
    stream = io.StringIO()
    show(report, stream)
    assert stream.getvalue() == render(report.student_view())


def test_a_group_is_printed_as_its_last_check_ends(report: Report) -> None:
    stream = io.StringIO()
    seen = []
    with LiveView(stream, Headline("a", "b", COMMANDS), width=80) as view:
        for event in script(report):
            view.handle(event)
            if isinstance(event, CheckFinished):
                seen.append(stream.getvalue())
    assert ["census" in text for text in seen] == [True] * 4
    assert [" 2 parity" in text for text in seen] == [False, False, True, True]


def test_checks_of_a_group_may_end_apart(make_check, make_report) -> None:
    checks = (make_check("a", group="one"), make_check("b", group="two"), make_check("c", group="one"))
    stream = io.StringIO()
    show(make_report(*checks), stream)
    assert stream.getvalue().index(" 2 two") < stream.getvalue().index(" 1 one")
    assert "10/10" in stream.getvalue()


def test_hidden_checks_stay_hidden_unless_an_instructor_looks(report: Report) -> None:
    student, instructor = io.StringIO(), io.StringIO()
    show(report, student)
    show(report, instructor, instructor=True)
    assert "TELLTALE" not in student.getvalue()
    assert "fresh (hidden)" in student.getvalue()


def test_a_pipe_gets_no_control_character_even_with_progress(report: Report) -> None:
    stream = io.StringIO()
    show(report, stream, progress=[{"step": 1, "loss": 3.0, "curve": [[1, 3.0]]}])
    assert all(char.isprintable() or char == "\n" for char in stream.getvalue())
    assert "step" not in stream.getvalue()


def test_force_color_colours_a_pipe_but_redraws_nothing(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    show(report, stream)
    assert "\x1b[" in stream.getvalue()
    assert re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()) == render(report.student_view())


def test_a_terminal_shows_the_training_while_it_runs(report: Report) -> None:
    stream = Terminal()
    curve = [[i, 3.4 * 0.8**i + 0.044] for i in range(30)]
    progress = [
        {"label": "training", "step": 170, "loss": 0.046, "seconds_left": 252.0, "curve": curve, "floor": 0.044}
    ]
    show(report, stream, progress)
    shown = stream.getvalue()
    assert "training  step 170  loss 0.0460 (floor 0.044)  4:12 left" in shown
    assert "█" in shown
    assert "▁" in shown
    assert "check 2 of 4: parity, test_mask" in shown
    assert shown.rstrip().endswith("tinygrade check assignment3 --seed 41")


def test_no_color_has_no_colours(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    show(report, stream)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", stream.getvalue())


def test_a_dumb_terminal_is_treated_like_a_pipe(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    show(report, stream)
    assert stream.getvalue() == render(report.student_view())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8"])
def test_any_encoding_can_take_it(
    report: Report, encoding: str, hostile_texts: list[str], make_check, make_report
) -> None:
    checks = [
        make_check(f"t{i}", "failed", message=f"→ 深 {text}", output=text) for i, text in enumerate(hostile_texts)
    ]
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    stream.isatty = lambda: True  # type: ignore[method-assign]
    show(make_report(*checks), stream, progress=[{"loss": 1.0, "curve": [[0, 1.0], [1, 0.5]]}])
    stream.flush()


NONSENSE = [
    {"loss": None},
    {"loss": float("nan"), "step": "x"},
    {"curve": 5},
    {"curve": [[1], None, [1, "x"]]},
    {},
    {"fraction": 0.5},
]


@pytest.mark.parametrize("data", [*NONSENSE, {"label": "\x1b[2J" * 10_000, "seconds_left": -3.0}])
def test_nonsense_in_progress_is_no_error(report: Report, data: dict[str, Any]) -> None:
    show(report, Terminal(), progress=[data])


def test_the_terminal_is_left_in_order_when_the_run_breaks(report: Report) -> None:
    stream = Terminal()

    def interrupted() -> None:
        with LiveView(stream, Headline("a", "b", COMMANDS), width=80) as view:
            view.handle(script(report)[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_notes_stand_between_the_report_and_the_last_line(report: Report) -> None:
    stream = io.StringIO()
    with LiveView(stream, Headline("a", "b", COMMANDS), width=80) as view:
        for event in script(report):
            view.handle(event)
        view.note(["baseline: same"])
        view.close()
    assert stream.getvalue().splitlines()[-2] == "baseline: same"
