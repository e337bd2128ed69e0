"""The trusted side of one grading: the child process that `grading.grade` starts.

It reads a job from standard input, loads the submission, opens the sandbox, runs pytest once, scores, and writes
events to the file descriptor that it was given. It never imports student code.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import platform
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrade import config, events, plugins, scoring
from tinygrade.adjusting import adjusted
from tinygrade.calling import call
from tinygrade.errors import GraderError, RefusedError, TinygradeError, UsageError
from tinygrade.events import Event, Finished, Stopped, Warned
from tinygrade.isolation import LEVELS, refusal
from tinygrade.loading import load
from tinygrade.model import Assignment, Isolation, Report, Submission

if TYPE_CHECKING:
    import pluggy

    from tinygrade.checks.plugin import GradePlugin
    from tinygrade.sandbox import Sandbox


def main() -> None:
    """Entry of a fresh child process: the event descriptor is the last argument."""
    serve(int(sys.argv[-1]), os.getppid())


def serve(descriptor: int, parent: int) -> None:
    """Grade the job on standard input and tell of it on `descriptor`; end with `parent`, which started this process."""
    die_with(parent)
    stream = os.fdopen(descriptor, "w", encoding="utf-8")

    def emit(event: Event) -> None:
        stream.write(json.dumps(events.to_json(event)) + "\n")
        stream.flush()

    with open(0, encoding="utf-8", closefd=False) as source:
        job = json.load(source)
    try:
        emit(Finished(run(job, emit)))
    except TinygradeError as error:
        emit(Stopped(type(error).__name__, str(error)))
    except Exception as error:
        traceback.print_exc()
        emit(Stopped("GraderError", f"{type(error).__name__}: {error}"))


def die_with(parent: int) -> None:
    """When the command is killed, so is this process, and with it the zygote and every worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command decides what an interrupt means
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it died before that
            sys.exit(1)


def run(job: dict[str, Any], emit: Callable[[Event], None]) -> Report:
    """Grade one job.

    Raises:
        TinygradeError: there is no report; the class says whose matter it is.
    """
    clock = time.monotonic()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    # The command has warned about broken plugins already.
    manager = plugins.make_plugin_manager(warn=lambda _: None)
    course = config.load_course(Path(job["course"]))
    plugins.load_course_plugin(manager, course)
    assignment = config.load_assignment(course, job["assignment"])
    if not assignment.groups:
        raise UsageError(f"{assignment.id} has no checks yet")
    work = Path(job["work"])

    def warn(text: str) -> None:
        emit(Warned(text))

    sandbox = _open_sandbox(manager, assignment, job["sandbox"], job["isolation"], work)
    try:
        copy = work / "submission"
        copy.mkdir(mode=0o700)
        submission = load(manager, job["source"], assignment, copy, warn)
        isolation = _isolation(sandbox, job["isolation"])
        extra = call(manager, "tinygrade_check_plugins", warn, {"assignment": assignment}, list)
        objects = [item for found in extra for item in found]
        plugin = _checked(manager, assignment, submission, sandbox, isolation, job, emit, objects)
    finally:
        sandbox.close()
    report = _report(plugin, assignment, submission, isolation, job)
    report = replace(report, started=started, seconds=round(time.monotonic() - clock, 3))
    return adjusted(manager, report, {}, warn)


def _open_sandbox(
    manager: pluggy.PluginManager, assignment: Assignment, name: str, isolation: str, work: Path
) -> Sandbox:
    from tinygrade.sandboxes.builtin import default_name

    make = plugins.sandboxes(manager, warn=lambda _: None).get(name or default_name())
    more: dict[str, Any] = {"without": ("landlock", "seccomp", "privileges")} if isolation == "none" else {}
    if assignment.limits.scratch_mib:
        more["scratch"] = _scratch(work)
    sandbox: Sandbox = make(limits=assignment.limits, **more)
    return sandbox


def _scratch(work: Path) -> Path:
    """A folder for the folders of workers: a worker that is another user must get through to its own."""
    folder = work / "scratch"
    folder.mkdir()
    for passed in (work, folder):
        passed.chmod(0o711)
    return folder


def _isolation(sandbox: Sandbox, wanted: str) -> Isolation:
    isolation = sandbox.isolation()
    for level in LEVELS:
        if wanted == level != "none" and (reason := refusal(isolation, level)):
            raise RefusedError(reason)
    return isolation


def _checked(
    manager: pluggy.PluginManager,
    assignment: Assignment,
    submission: Submission,
    sandbox: Sandbox,
    isolation: Isolation,
    job: dict[str, Any],
    emit: Callable[[Event], None],
    objects: list[object],
) -> GradePlugin:
    """Run pytest on the assignment's checks."""
    import numpy

    from tinygrade.checks import draw
    from tinygrade.checks.context import Grading
    from tinygrade.checks.plugin import GradePlugin
    from tinygrade.checks.recorded import session as recorded
    from tinygrade.checks.stack import Stack

    # A student's numbers may overflow on our side too; what is not finite is judged, not warned about.
    numpy.seterr(all="ignore")
    earlier = [config.load_assignment(assignment.course, name) for name in assignment.predecessors()]
    policy = job["earlier"] or assignment.earlier
    work = Path(job["work"])
    source = recorded.source(assignment, earlier, job, plugins.diagnoses(manager, warn=lambda _: None))
    grading = Grading(
        assignment=assignment,
        submission=submission,
        sandbox=sandbox,
        reference=source.library,
        stack=Stack(assignment, earlier, submission, policy, work),
        secret=draw.secret_from_seed(job["seed"]),
        hidden_secret=bytes.fromhex(job["secret"]),
        emit=emit,
        catalogue=source.catalogue,
        drawn_for=source.drawn_for,
        quick=job["quick"],
        budget_share=job["budget"],
    )
    plugin = GradePlugin(grading, isolation, environment())
    recording = []
    if job["record"]:
        from tinygrade.checks.repro import Recording

        recording = [Recording(plugin, **job["record"])]
    decides = policy != "released" and job["smoke"]
    smoke = [a.root / "smoke" for a in earlier if decides and (a.root / "smoke").is_dir()]
    _pytest(assignment, smoke, [plugin, *recording, *objects], job["select"], plugin)
    source.finish(plugin.results, plugin.slow)
    return plugin


def _pytest(
    assignment: Assignment, smoke: list[Path], objects: list[object], select: str, plugin: GradePlugin
) -> None:
    """One `pytest.main` that nothing but its arguments configures."""
    import pytest

    files = [assignment.root / group.file for group in assignment.groups]
    paths = [*smoke, *files]
    root = assignment.course.root
    ini = Path(__file__).parent / "checks" / "checks.ini"
    fixed = ["-c", str(ini), "--rootdir", str(root), "--confcutdir", str(root), "--import-mode=importlib"]
    quiet = ["-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:faulthandler", "--strict-markers"]
    select_args = ["-k", select] if select else []
    errors = io.StringIO()
    gc.freeze()  # what is loaded stays: pytest's own collections need not walk it
    with contextlib.redirect_stderr(errors):
        code = pytest.main([*fixed, *quiet, *select_args, *map(str, paths)], plugins=objects)
    sys.stderr.write(errors.getvalue())
    if plugin.user_error is not None:
        raise plugin.user_error
    if code == pytest.ExitCode.INTERNAL_ERROR:
        raise GraderError("pytest ended with an internal error")
    if code == pytest.ExitCode.NO_TESTS_COLLECTED or (select and not plugin.results):
        raise UsageError(f"-k {select!r} selects no check of {assignment.id}")
    if code == pytest.ExitCode.USAGE_ERROR:
        message = f"-k {select!r} is not an expression that pytest understands" if select else errors.getvalue()
        raise UsageError(message)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise GraderError(f"pytest ended with {code!r}")


def _report(
    plugin: GradePlugin, assignment: Assignment, submission: Submission, isolation: Isolation, job: dict[str, Any]
) -> Report:
    from tinygrade import __version__

    selected = plugin.selected
    return Report(
        assignment=assignment.id,
        title=assignment.title,
        submission={
            "source": submission.source,
            "sha256": submission.sha256,
            "package": assignment.course.package,
        },
        score=scoring.score(plugin.results, assignment.points, selected),
        max_score=assignment.points,
        selected=selected,
        isolation=isolation,
        seed=job["seed"],
        environment=environment(),
        started="",
        seconds=0.0,
        checks=tuple(plugin.results),
        swaps=tuple(plugin.grading.stack.swaps),
        sections=dict(plugin.grading.sections),
        secret=job["secret"],
        tinygrade=__version__,
        hints=assignment.hints,
        reference=plugin.grading.reference.kind,
    )


def environment() -> dict[str, str]:
    """What a number may depend on."""
    import numpy

    return {
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "numpy": numpy.__version__,
    }
