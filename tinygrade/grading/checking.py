"""One run of pytest over the checks of an assignment, configured by nothing but its arguments."""

from __future__ import annotations

import contextlib
import gc
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrade.errors import GraderError, UsageError

if TYPE_CHECKING:
    from tinygrade.checks.plugin import GradePlugin

INI = Path(__file__).parents[1] / "checks" / "checks.ini"


def run_checks(plugin: GradePlugin, smoke: Sequence[Path], objects: Sequence[object], select: str) -> None:
    """Run them; `plugin` holds the results.

    Args:
        smoke: folders of checks that come first.
        objects: plugins for pytest.
        select: an expression for pytest's -k, or "".

    Raises:
        UserError: nothing was selected, or what the checks need is not in order.
        GraderError: pytest itself failed.
    """
    import pytest

    assignment = plugin.grading.assignment
    root, files = assignment.course.root, [assignment.root / group.file for group in assignment.groups]
    fixed = ["-c", str(INI), "--rootdir", str(root), "--confcutdir", str(root), "--import-mode=importlib"]
    quiet = ["-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:faulthandler", "--strict-markers"]
    chosen = ["-k", select] if select else []
    errors = io.StringIO()
    gc.freeze()  # what is loaded stays: pytest's own collections need not walk it
    gc.set_threshold(10_000, 20, 20)  # nearly all that checks make is gone before it is looked for
    with contextlib.redirect_stderr(errors):
        code = pytest.main([*fixed, *quiet, *chosen, *map(str, [*smoke, *files])], plugins=[*objects])
    sys.stderr.write(errors.getvalue())
    if plugin.user_error is not None:
        raise plugin.user_error
    if code == pytest.ExitCode.NO_TESTS_COLLECTED or (select and not plugin.results):
        raise UsageError(f"-k {select!r} selects no check of {assignment.id}")
    if code == pytest.ExitCode.USAGE_ERROR:
        message = f"-k {select!r} is not an expression that pytest understands" if select else errors.getvalue()
        raise UsageError(message)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise GraderError(f"pytest ended with {code!r}")
