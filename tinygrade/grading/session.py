"""The trusted side of one grading: the child process that `grading.child` starts.

It reads a job from standard input, loads the submission, opens the sandbox, runs pytest once, scores, and writes
events to the file descriptor that it was given. It never imports student code.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrade import events, scoring
from tinygrade.adjusting import adjusted
from tinygrade.calling import call
from tinygrade.errors import TinygradeError
from tinygrade.events import Event, Finished, Stopped
from tinygrade.grading.checking import run_checks
from tinygrade.grading.childhood import die_with
from tinygrade.grading.ready import DEPENDS_ON, Ready, Run, open_sandbox, prepared, ready
from tinygrade.loading import load
from tinygrade.model import Assignment, Policy, Report, Submission

if TYPE_CHECKING:
    from tinygrade.checks.context import Grading
    from tinygrade.checks.plugin import GradePlugin
    from tinygrade.checks.reuse import Reuse
    from tinygrade.sandbox import Sandbox


def main() -> None:
    """Entry of a fresh child process: the last arguments are the event descriptor and the process that started it."""
    serve(int(sys.argv[-2]), int(sys.argv[-1]))


def serve(descriptor: int, parent: int) -> None:
    """Grade the job on standard input and tell of it on `descriptor`; end with `parent`, which started this process."""
    die_with(parent)
    stream = os.fdopen(descriptor, "w", encoding="utf-8")

    def emit(event: Event) -> None:
        stream.write(json.dumps(events.to_json(event)) + "\n")
        stream.flush()

    with open(0, encoding="utf-8", closefd=False) as source, _told(emit):
        line = source.readline()
        if not line:  # nobody wants it any more
            return
        job = json.loads(line)
        if "series" in job:
            _serve_series(job, map(json.loads, source), emit)
        else:
            emit(Finished(run(job, emit, word=source.readline)))


def _serve_series(common: dict[str, Any], jobs: Iterator[dict[str, Any]], emit: Callable[[Event], None]) -> None:
    from tinygrade.grading import series

    start = prepared(common, emit)
    sandbox = open_sandbox(start)

    def one(job: dict[str, Any], lent: Sandbox, parent: int) -> None:
        die_with(parent)
        with _told(emit):
            this = replace(start, job=job)
            fits = made if all(common[name] == job[name] for name in DEPENDS_ON) else None
            emit(Finished(_graded(this, fits or ready(this, lent), lent, _now())))

    try:
        made = _made_once(start, sandbox)
        series.run(jobs, sandbox, made.isolation if made else sandbox.isolation(), one, emit)
    finally:
        sandbox.close()


def _made_once(start: Run, sandbox: Sandbox) -> Ready | None:
    """What all gradings of a series have before the submission; where it cannot be made, each tells that itself."""
    _theirs(start)  # so that what plugins import for that is loaded
    try:
        return ready(start, sandbox)
    except TinygradeError:
        return None


@contextlib.contextmanager
def _told(emit: Callable[[Event], None]) -> Iterator[None]:
    """Whatever ends a grading is told."""
    try:
        yield
    except TinygradeError as error:
        emit(Stopped(type(error).__name__, str(error)))
    except Exception as error:
        traceback.print_exc()
        emit(Stopped("GraderError", f"{type(error).__name__}: {error}"))


def run(job: dict[str, Any], emit: Callable[[Event], None], word: Callable[[], str] = str) -> Report:
    """Grade one job.

    Args:
        word: of a job that waits: gives the line that ends the waiting (see `grading.waiting`), "" when nobody will.

    Raises:
        TinygradeError: there is no report; the class says whose matter it is.
    """
    began = _now()
    this = prepared(job, emit)
    sandbox = open_sandbox(this)
    try:
        made = ready(this, sandbox)
        if job["waits"]:
            job.update(_awaited(word))
            began = _now()
    except BaseException:
        sandbox.close()
        raise
    return _graded(this, made, sandbox, began)


def _graded(this: Run, made: Ready, sandbox: Sandbox, began: tuple[str, float]) -> Report:
    """The report of what is ready to be graded; the sandbox is closed."""
    started, clock = began
    try:
        source, assignment = this.job["source"], this.assignment
        submission = load(this.manager, source, assignment, this.folder("submission", 0o700), this.warn)
        plugin, reuse = _checked(this, made, submission, sandbox)
    finally:
        sandbox.close()
    report = replace(_report(this, plugin), started=started, seconds=round(time.monotonic() - clock, 3))
    report = reuse.completed(report) if reuse else report
    return adjusted(this.manager, report, {}, this.warn)


def _now() -> tuple[str, float]:
    return datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()


def _awaited(word: Callable[[], str]) -> dict[str, Any]:
    """What is only known when the waiting ends; the process ends with it when nobody wants the grading any more."""
    line = word()
    if not line:
        sys.exit(0)
    told: dict[str, Any] = json.loads(line)
    return told


def _checked(
    this: Run, made: Ready, submission: Submission, sandbox: Sandbox
) -> tuple[GradePlugin, Reuse | None]:
    """Run pytest on the assignment's checks."""
    from tinygrade.checks.plugin import GradePlugin

    job = this.job
    plugin = GradePlugin(_grading(this, made, submission, sandbox), made.isolation, environment())
    reuse = _reuse(plugin, job["reuse"])
    objects = [plugin, *_recording(plugin, job["record"]), *_theirs(this), *([reuse] if reuse else [])]
    run_checks(plugin, _smoke(this, made.earlier), objects, job["select"])
    made.source.finish(plugin.results, plugin.slow)
    return plugin, reuse


def _grading(this: Run, made: Ready, submission: Submission, sandbox: Sandbox) -> Grading:
    """What the checks of this run share."""
    import numpy

    from tinygrade.checks import draw
    from tinygrade.checks.context import Grading
    from tinygrade.checks.stack import Stack

    # A student's numbers may overflow on our side too; what is not finite is judged, not warned about.
    numpy.seterr(all="ignore")
    job = this.job
    return Grading(
        assignment=this.assignment,
        submission=submission,
        sandbox=sandbox,
        reference=made.source.library,
        stack=Stack(this.assignment, made.earlier, submission, _policy(this), Path(job["work"])),
        secret=draw.secret_from_seed(job["seed"]),
        hidden_secret=bytes.fromhex(job["secret"]),
        emit=this.emit,
        catalogue=made.source.catalogue,
        drawn_for=made.source.drawn_for,
        quick=job["quick"],
        budget_share=job["budget"],
        first=tuple(job["first"]),
    )


def _policy(this: Run) -> Policy:
    chosen: Policy = this.job["earlier"] or this.assignment.earlier
    return chosen


def _smoke(this: Run, earlier: list[Assignment]) -> list[Path]:
    """Folders of the checks that decide what earlier assignments are taken from."""
    decides = _policy(this) != "released" and this.job["smoke"]
    return [a.root / "smoke" for a in earlier if decides and (a.root / "smoke").is_dir()]


def _recording(plugin: GradePlugin, record: dict[str, Any] | None) -> list[object]:
    """What writes a failure down for `repro`, when that is asked for."""
    if not record:
        return []
    from tinygrade.checks.repro import Recording

    return [Recording(plugin, **record)]


def _reuse(plugin: GradePlugin, wanted: dict[str, Any] | None) -> Reuse | None:
    """What takes over results of an earlier grading, when that is asked for."""
    if not wanted:
        return None
    from tinygrade.checks.reuse import Reuse

    previous = Report.from_json(wanted["report"]) if wanted["report"] else None
    return Reuse(plugin, wanted["prints"], previous, wanted["run"])


def _theirs(this: Run) -> list[object]:
    """Objects of plugins for pytest."""
    found = call(this.manager, "tinygrade_check_plugins", this.warn, {"assignment": this.assignment}, list)
    return [item for objects in found for item in objects]


def _report(this: Run, plugin: GradePlugin) -> Report:
    from tinygrade import __version__

    assignment, grading, selected = this.assignment, plugin.grading, plugin.selected
    return Report(
        assignment=assignment.id,
        title=assignment.title,
        submission={
            "source": grading.submission.source,
            "sha256": grading.submission.sha256,
            "package": assignment.course.package,
        },
        score=scoring.score(plugin.results, assignment.points, selected),
        max_score=assignment.points,
        selected=selected,
        isolation=plugin.isolation,
        seed=this.job["seed"],
        environment=environment(),
        started="",
        seconds=0.0,
        checks=tuple(plugin.in_order()),
        swaps=tuple(grading.stack.swaps),
        sections=dict(grading.sections),
        secret=this.job["secret"],
        tinygrade=__version__,
        hints=assignment.hints,
        reference=grading.reference.kind,
    )


def environment() -> dict[str, str]:
    """What a number may depend on."""
    import numpy

    return {
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "numpy": numpy.__version__,
    }
