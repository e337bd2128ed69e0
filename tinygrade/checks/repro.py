"""A run that records: the first failure of the checks that were asked for, as a script for the student's debugger.

Hidden checks are refused, because their inputs would be in it.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import pytest

from tinygrade.checks import marks as marks_of
from tinygrade.checks.fixtures import CREDIT
from tinygrade.checks.outcomes import said
from tinygrade.checks.plugin import GradePlugin
from tinygrade.checks.script import NPZ_MARK, Script, write
from tinygrade.checks.trace import NOT_TRAINED, Recorder, Step, batch, shortened, target
from tinygrade.checks.writer import About
from tinygrade.errors import UsageError
from tinygrade.events import Recorded
from tinygrade.failures import StudentFailure
from tinygrade.sandbox import Worker


class Recording:
    """A pytest plugin beside `GradePlugin`.

    Args:
        checks: ids of the checks; the other arguments are those of `grading.Record`.
    """

    def __init__(self, plugin: GradePlugin, checks: Sequence[str], file: str, inline: bool, folder: str) -> None:
        self._plugin = plugin
        self._grading = plugin.grading
        self._checks = set(checks)
        self._file = file
        self._inline = inline
        self._folder = folder
        self._recorder = self._grading.recorder = Recorder()
        #: The first failure of a smoke check, for a check that only says that one failed.
        self._smoke: tuple[str, str, list[Step]] | None = None
        self._done = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep what was asked for, and refuse what is hidden."""
        asked = [item for item in items if marks_of.check_id(item) in self._checks]
        items[:] = [item for item in asked if marks_of.read(item).visibility == "visible"]
        if asked and not items:
            names = ", ".join(sorted({marks_of.function_name(item) for item in asked}))
            self._plugin.user_error = UsageError(f"{names} is a hidden check: nothing that it asks may be shown")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        self._recorder.start()
        try:
            return (yield)
        except (StudentFailure, AssertionError) as failure:
            self._failed(item, failure)
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        try:
            yield
        except (StudentFailure, AssertionError) as failure:
            self._failed(item, failure)
            raise
        fraction, message = item.stash.get(CREDIT, (1.0, ""))
        if fraction < 1:
            self._failed(item, StudentFailure(message))

    def _failed(self, item: pytest.Item, failure: StudentFailure | AssertionError) -> None:
        if self._done:
            return
        message = failure.message if isinstance(failure, StudentFailure) else said(failure)
        steps, title = self._recorder.steps(), _title(item)
        if marks_of.check_id(item) not in self._checks:
            self._smoke = self._smoke or (title, message, steps)
            return
        self._done = True
        if not steps and self._smoke:
            title, message, steps = self._smoke
        where = failure.where if isinstance(failure, StudentFailure) else ""
        stub = isinstance(failure, StudentFailure) and failure.status == "not_implemented"
        call = failure.call if isinstance(failure, StudentFailure) and title == _title(item) else None
        self._emit(item, title, message, [] if stub else steps, where, call)

    def _emit(
        self, item: pytest.Item, title: str, message: str, steps: list[Step], where: str, call: int | None
    ) -> None:
        name = marks_of.function_name(item).removeprefix("test_")
        file = self._file or f"repro_{re.sub(r'[^a-zA-Z0-9_]', '_', name)}.py"
        # Functions of the grader that student code calls back have no source that could stand in a script.
        calls_back = any(step.do == "callbacks" for step in steps)
        asked = batch(steps, call) if call is not None else None
        end = target(steps, message) if asked is None else asked[0]
        short = [] if calls_back else shortened(steps, end, self._open_worker)
        script = Script("", {})
        if short:
            about = self._about(title, message, "" if self._inline else file)
            script = write(short, replace(about, call=asked[1] if asked else None))
        recorded = Recorded(marks_of.check_id(item), title, file, script.text, _npz(script.arrays), message, where)
        self._grading.emit(recorded)

    def _open_worker(self) -> Worker:
        return self._grading.sandbox.open(cpu_seconds=self._grading.assignment.limits.cpu_seconds)

    def _about(self, title: str, message: str, file: str) -> About:
        package = self._grading.stack.package
        notes = []
        if message == NOT_TRAINED:
            message = "(nothing: training was not run for this script; `tinygrade check` says how it ends)"
        for swap in self._grading.stack.swaps:
            if swap.source == "released":
                notes.append(
                    f"The report took {swap.assignment} from the released solution ({swap.reason}).\n"
                    "This script uses your own files, so that it may show other numbers."
                )
        head = f"{title} ({self._grading.assignment.id})"
        table = package.surface
        return About(
            head,
            message,
            package.name,
            table.tensor,
            file,
            self._folder,
            tuple(notes),
            names=table.names,
            walk_is_stub=self._walk_is_stub(),
        )

    def _walk_is_stub(self) -> bool:
        library, table = self._grading.student(), self._grading.assignment.surface
        leaf = {name: True for name in [table.names.get("requires_grad", "requires_grad")] if name}
        try:
            make: Any = reduce(getattr, table.tensor.split("."), library)
            tensor = make(np.array(1.0), **leaf)
            getattr(tensor, table.names.get("backward", "backward"))()
        except StudentFailure as failure:
            return failure.status == "not_implemented"
        finally:
            library.close()
        return False


def _title(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return marks_of.read(item).title + (f", case {callspec.id}" if callspec is not None else "")


def _npz(arrays: dict[str, np.ndarray]) -> str:
    if not arrays:
        return ""
    buffer = io.BytesIO()
    everything: dict[str, Any] = {NPZ_MARK: np.array(True), **arrays}
    np.savez(buffer, **everything)
    return base64.b64encode(buffer.getvalue()).decode()
