"""What a grading has before there is a submission: plugins, course, sandbox, reference, isolation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrade import config, plugins
from tinygrade.errors import RefusedError, UsageError
from tinygrade.events import Event, Warned
from tinygrade.grading.childhood import preload
from tinygrade.isolation import LEVELS, refusal
from tinygrade.model import Assignment, Isolation

if TYPE_CHECKING:
    import pluggy

    from tinygrade.checks.recorded.session import Source
    from tinygrade.sandbox import Sandbox


@dataclass(frozen=True)
class Run:
    """What a grading has from its start."""

    job: dict[str, Any]
    manager: pluggy.PluginManager
    assignment: Assignment
    emit: Callable[[Event], None]

    def warn(self, text: str) -> None:
        self.emit(Warned(text))

    def folder(self, name: str, mode: int) -> Path:
        """A new folder of this grading."""
        made = Path(self.job["work"]) / name
        made.mkdir(mode=mode)
        return made


def prepared(job: dict[str, Any], emit: Callable[[Event], None]) -> Run:
    """Plugins and course.

    Raises:
        TinygradeError: one of them is not in order.
    """
    # The command has warned about broken plugins already.
    manager = plugins.make_plugin_manager(warn=lambda _: None)
    course = config.load_course(Path(job["course"]))
    plugins.load_course_plugin(manager, course)
    assignment = config.load_assignment(course, job["assignment"])
    if not assignment.groups:
        raise UsageError(f"{assignment.id} has no checks yet")
    return Run(job, manager, assignment, emit)


def open_sandbox(this: Run) -> Sandbox:
    """Start the parent of this run's workers."""
    from tinygrade.sandboxes.builtin import default_name

    make = plugins.sandboxes(this.manager, warn=lambda _: None).get(this.job["sandbox"] or default_name())
    more: dict[str, Any] = {}
    if this.job["isolation"] == "none":
        more["without"] = ("landlock", "seccomp", "privileges")
    if this.assignment.limits.scratch_mib:
        more["scratch"] = _scratch(this)
    sandbox: Sandbox = make(limits=this.assignment.limits, **more)
    return sandbox


def _scratch(this: Run) -> Path:
    """A folder for the folders of workers: a worker that is another user must get through to its own."""
    folder = this.folder("scratch", 0o711)
    for passed in (folder.parent, folder):
        passed.chmod(0o711)
    return folder


def _isolation(sandbox: Sandbox, wanted: str) -> Isolation:
    isolation = sandbox.isolation()
    for level in LEVELS:
        if wanted == level != "none" and (reason := refusal(isolation, level)):
            raise RefusedError(reason)
    return isolation


#: Parts of a job that `ready` reads, besides the assignment.
DEPENDS_ON = ("isolation", "recorded", "recording", "seed", "shared_inputs")


@dataclass(frozen=True)
class Ready:
    """All that a grading needs and that does not depend on the submission."""

    isolation: Isolation
    earlier: list[Assignment]
    source: Source


def ready(this: Run, sandbox: Sandbox) -> Ready:
    """Load the reference and the catalogue of mistakes, and measure the isolation.

    Raises:
        UserError: there should be a record of the reference, and there is none that can be used.
        RefusedError: the isolation is weaker than what is asked for.
    """
    preload()  # while the parent of all workers does the same
    from tinygrade.checks.recorded import session as recorded

    job, assignment = this.job, this.assignment
    earlier = [config.load_assignment(assignment.course, name) for name in assignment.predecessors()]
    catalogue = plugins.diagnoses(this.manager, warn=lambda _: None)
    source = recorded.source(assignment, earlier, job, catalogue)
    return Ready(_isolation(sandbox, job["isolation"]), earlier, source)
