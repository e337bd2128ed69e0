"""Exit codes: every way to end, and nothing but one message on the way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pytest

from tinygrade.cli.guard import Terminated, guarded, terminable
from tinygrade.errors import CourseError, GraderError, PluginError, RefusedError, SubmissionError, UsageError


def ends_with(error: BaseException) -> int:
    def command() -> int:
        raise error

    return guarded(command)


@pytest.fixture(autouse=True)
def _own_temp_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize("code", [0, 1, 4])
def test_a_code_is_passed_on(code: int) -> None:
    assert guarded(lambda: code) == code


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UsageError("no such thing"), 2, "no such thing"),
        (CourseError("course.toml: bad"), 2, "course.toml: bad"),
        (SubmissionError("cannot read a.zip"), 2, "cannot read a.zip"),
        (click.UsageError("no such option"), 2, "no such option"),
        (RefusedError("isolation too weak"), 4, "tinygrade: isolation too weak"),
        (PluginError("plugin 'x' broke"), 3, "plugin 'x' broke"),
        (GraderError("lost the worker"), 3, "fault of tinygrade, not yours"),
        (ZeroDivisionError("division by zero"), 3, "fault of tinygrade, not yours"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (Terminated(), 143, "terminated"),
    ],
)
def test_errors(error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ends_with(error) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err


def test_a_fault_of_ours_is_one_line_and_the_traceback_is_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends_with(ZeroDivisionError("a\nb\nc")) == 3
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    saved = re.search(r"details: (\S+\.log)", err)
    assert saved
    assert "ZeroDivisionError" in Path(saved[1]).read_text()


def test_no_place_for_the_traceback_is_no_second_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")
    assert ends_with(ZeroDivisionError()) == 3
    assert "could not be written" in capsys.readouterr().err


def test_messages_are_inert(capsys: pytest.CaptureFixture[str]) -> None:
    ends_with(UsageError("\x1b[2J\x1b]0;x\x07bad \u202e\ud800 name"))
    assert capsys.readouterr().err == "tinygrade: bad \ufffd name\n"


def test_sigterm_is_an_exception_inside_only() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), terminable():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


SLEEPER = """
import sys, time
import tinygrade.grading.run
from tinygrade.cli import main
from tinygrade.events import Started
from tinygrade.model import Isolation

class Sleeper:
    def report(self, on_event):
        on_event(Started(Isolation("strong"), {}, (("test_ops.py::test_add", "ops"),)))
        print("ready", flush=True)
        time.sleep(60)

    def close(self):
        print("workers killed", file=sys.stderr)

tinygrade.grading.run.start = lambda job: Sleeper()
main()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cleans_up_and_tells_how_to_repeat(course: Path, number: int, code: int) -> None:
    args = [sys.executable, "-c", SLEEPER, "check", "alpha", "--seed", "3", "--course", str(course)]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "ready" not in process.stdout.readline():
            pass
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert "workers killed" in err
    assert out.splitlines()[-1].startswith("repeat this run: tinygrade check alpha")
    assert out.splitlines()[-1].endswith("--seed 3")
    assert "Traceback" not in err
