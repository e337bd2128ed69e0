"""`tinygrade check --watch` as a student meets it: one command, and an editor that saves, breaks and deletes files."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from tinygrade.grading.forkserver import is_available

SELECTED = ("-k", "test_causal_mask or test_attention", "--seed", "7")
RIGHT, WRONG = "<= query_positions\n", "<= query_positions + 1\n"
END = "repeat this run"


class Watched:
    """The command in a pipe, and the file that is edited."""

    def __init__(self, folder: Path, temporary: Path, repository: Path, *options: str) -> None:
        self.file = folder / "tinytorch" / "transformer.py"
        words = ["check", "assignment3", "--watch", "--submission", str(folder), *options]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tinygrade", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=repository,
            env={**os.environ, "TMPDIR": str(temporary), "COLUMNS": "100"},
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()

    def until(self, text: str, seconds: float = 60.0) -> str:
        """All that is printed up to the line with this text."""
        found, deadline = "", time.monotonic() + seconds
        while text not in found:
            try:
                found += self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                raise AssertionError(f"{text!r} was not printed, but:\n{found}") from None
        return found

    def save(self, old: str = "", new: str = "") -> None:
        """As an editor does: in place, and only when the last run is over and the next save can be told from it."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new) if old else text + new)


@pytest.fixture
def watch(variant, tmp_path: Path, repository: Path) -> Iterator[Callable[..., Watched]]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    started: list[Watched] = []

    def start(*options: str) -> Watched:
        started.append(Watched(variant(), temporary, repository, *options))
        return started[-1]

    yield start
    for each in started:
        each.end()


def test_an_evening(watch, left_behind, tmp_path: Path) -> None:
    student = watch(*SELECTED)
    first = student.until(END)
    assert "watching" in first
    assert "Ctrl-C" in first
    assert "--watch" not in first.splitlines()[-1]

    student.save(RIGHT, WRONG)
    told = student.until("causal_mask:")
    assert told.startswith("saved: tinytorch/transformer.py\n")
    assert "PARTIAL (was ok) causal_mask: causal_mask(" in told.splitlines()[-1]
    assert "parity" not in told  # before its group has come to its end
    assert "START HERE" in student.until(END)

    student.save("", "\ndef (\n")
    told = student.until(END)
    assert "BLOCKED (was PARTIAL) causal_mask" in told
    assert "SyntaxError" in told

    student.file.rename(student.file.with_suffix(".away"))
    assert "ModuleNotFoundError" in student.until(END)

    student.file.with_suffix(".away").rename(student.file)
    student.save("\ndef (\n", "")
    student.save(WRONG, RIGHT)
    assert "ok      (was BLOCKED) causal_mask" in student.until(END)

    student.process.send_signal(signal.SIGINT)
    assert "interrupted" in student.until("interrupted")
    assert student.process.wait(20) == 130
    assert not left_behind()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_save_during_a_run_cuts_it(watch, left_behind, tmp_path: Path) -> None:
    student = watch(*SELECTED)
    student.until(END)
    student.save("", "\nimport time\ntime.sleep(20)\n")  # each worker sleeps: nothing but a cut ends this soon
    student.until("isolation")
    start = time.monotonic()
    student.save("time.sleep(20)", "")
    told = student.until(END)
    assert time.monotonic() - start < 15
    assert told.count("saved: ") == told.count("watching") == 1
    student.process.terminate()
    assert student.process.wait(20) == 143
    assert not left_behind()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_package_that_goes_and_comes_back_is_watched_on(watch) -> None:
    student = watch("-k", "test_causal_mask")
    student.until(END)
    package = student.file.parent
    package.rename(package.with_name("elsewhere"))
    told = student.until("tinygrade: ")
    assert "tinytorch" in told.splitlines()[-1]
    package.with_name("elsewhere").rename(package)
    assert "partial run" in student.until(END)


@pytest.mark.parametrize("source", ["git+https://example.org/a.git", "nowhere"])
def test_what_cannot_be_watched(tinygrade, grading, source: str) -> None:
    done = tinygrade("check", "alpha", "--watch", "--submission", source)
    assert done.code == 2
    assert "--watch needs a folder or a file on this machine" in done.err
    assert grading.jobs == []


@pytest.mark.skipif(not is_available(), reason="needs a terminal as Linux has it")
def test_in_a_terminal_each_run_has_a_clear_screen(variant, repository: Path) -> None:
    folder = variant()
    command = [sys.executable, "-P", "-m", "tinygrade", "check", "assignment3", "--submission", str(folder), "--watch"]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "TMPDIR": tempfile.gettempdir()}
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    with subprocess.Popen([*command, "-k", "test_causal_mask"], cwd=repository, env=environment, **streams) as process:
        os.close(theirs)
        first = _shown(ours, END)
        (folder / "tinytorch" / "train.py").touch()
        second = _shown(ours, END)
        process.terminate()
        process.wait(20)
    os.close(ours)
    assert "\x1b[2J" not in first
    assert second.count("\x1b[2J") == 1


def _shown(terminal: int, text: str) -> str:
    found = ""
    while text not in found:
        found += os.read(terminal, 1 << 16).decode()
    return found
