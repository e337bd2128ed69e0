"""The loaders that come with tinygrade, as a plugin."""

from __future__ import annotations

from pathlib import Path

from tinygrade.hookspecs import hookimpl
from tinygrade.loaders import archive, directory
from tinygrade.model import Assignment, Submission


@hookimpl(trylast=True)
def tinygrade_load_submission(source: str, assignment: Assignment, into: Path) -> Submission | None:
    """Folders and archives. An address (`https://...`) is left to other plugins."""
    if "://" in source:
        return None
    if archive.is_archive(source):
        return archive.load(source, assignment, into)
    return directory.load(source, assignment, into)
