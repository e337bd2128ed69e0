"""What this machine gives: measured before anything is graded on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrade.isolation import Isolation
from tinygrade.model import Assignment
from tinygrade.plugins import sandboxes

if TYPE_CHECKING:
    import pluggy


def measured(assignment: Assignment, manager: pluggy.PluginManager) -> Isolation:
    """What a canary can do here."""
    from tinygrade.sandboxes.builtin import default_name

    sandbox = sandboxes(manager).get(default_name())(limits=assignment.limits)
    try:
        isolation: Isolation = sandbox.isolation()
    finally:
        sandbox.close()
    return isolation
