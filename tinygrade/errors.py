"""The one error tree, with the exit code on the class.

* TinygradeError
  x UserError                 exit 2: the user can mend it; printed as one message, never with our traceback
    + UsageError              a wrong name, option or combination on the command line
    + CourseError             course.toml, assignment.toml or a check file is wrong
    + SubmissionError         the submission cannot be read
    + GradebookError          the gradebook cannot be opened, read or written
  x RefusedError              exit 4: not graded, and not zero either (isolation too weak, report incomplete)
  x PluginError               exit 3: a plugin broke its contract; the message names the plugin
  x GraderError               exit 3: our fault; the message says so

`StudentFailure` (in `tinygrade.failures`) is not here: a student's mistake is a result, not an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class TinygradeError(Exception):
    """Base of every error that tinygrade raises on purpose."""

    #: The exit code of the command that ends with this error.
    exit_code: ClassVar[int] = 3


class UserError(TinygradeError):
    """Something that the person at the keyboard can mend."""

    exit_code = 2


class UsageError(UserError):
    """A wrong name, option or combination on the command line."""


class CourseError(UserError):
    """course.toml, assignment.toml or a check file is wrong; the message names file and key."""


class SubmissionError(UserError):
    """The submission cannot be read; the message names the file and the reason."""


class GradebookError(UserError):
    """The gradebook cannot be opened, read or written; what was stored before stays."""


class RefusedError(TinygradeError):
    """The run was refused or is incomplete: there is no score, which is not a score of zero."""

    exit_code = 4


class PluginError(TinygradeError):
    """A plugin broke its contract; the message names the plugin."""


class GraderError(TinygradeError):
    """A fault of tinygrade itself."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` when a known word is close, else an empty string."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
