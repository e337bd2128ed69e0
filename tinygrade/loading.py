"""From a source to a private copy: loaders are asked in turn, and one that fails leaves the source to the others."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pluggy

from tinygrade.calling import Warn, first
from tinygrade.errors import PluginError, SubmissionError
from tinygrade.model import Assignment, Submission


def load(manager: pluggy.PluginManager, source: str, assignment: Assignment, into: Path, warn: Warn) -> Submission:
    """The copy of `source` in the empty folder `into`, made by the first loader of whose kind it is.

    `warn` gets a line for each plugin that failed.

    Raises:
        SubmissionError: it cannot be read.
        PluginError: nobody could read it, and a plugin failed.
    """
    failed: list[str] = []

    def broken(text: str) -> None:
        failed.append(text)
        warn(text)
        _empty(into)  # it may have left something for the next one

    def checked(found: Any) -> Submission:
        if not isinstance(found, Submission) or not found.root.is_relative_to(into):
            raise TypeError("gave no Submission whose root is the folder `into`")
        return found

    arguments = {"source": source, "assignment": assignment, "into": into}
    found = first(manager, "tinygrade_load_submission", broken, arguments, checked)
    if found is None and failed:
        raise PluginError(f"{source} cannot be read: {failed[0]}")
    if found is None:
        raise SubmissionError(f"{source} is not a submission that any plugin can read")
    submission: Submission = found
    return submission


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
