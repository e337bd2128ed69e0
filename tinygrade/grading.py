"""Grade one submission: run the trusted side in a child process of its own and relay what it tells.

The child (`tinygrade.session`) starts with an empty working folder and without any PYTHON* or PYTEST_*
variable, so that nothing in the submission or in the user's environment configures it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pluggy

    from tinygrade.events import Event
    from tinygrade.model import Assignment, Policy, Report


@dataclass(frozen=True)
class Job:
    """One grading, as asked for."""

    assignment: Assignment
    #: Path or address of the submission, as the user wrote it (made absolute when it is a path).
    source: str
    seed: int
    #: pytest's -k expression, or "".
    select: str = ""
    #: Leave the training run out.
    quick: bool = False
    isolation: str = "auto"
    #: Overrides the assignment's policy for earlier assignments.
    earlier: Policy | None = None
    #: Name of a registered sandbox, or "" for the best one of this system.
    sandbox: str = ""


def grade(job: Job, manager: pluggy.PluginManager, on_event: Callable[[Event], None]) -> Report:
    """Run the checks of `job` and give the report (instructor's view).

    Raises:
        UserError: submission, course or assignment cannot be read, or nothing was selected.
        RefusedError: the run was refused, or its report is incomplete.
        GraderError: our fault.
    """
    raise NotImplementedError
