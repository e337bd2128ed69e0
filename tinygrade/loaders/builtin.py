"""The loaders that come with tinygrade, as a plugin."""

from __future__ import annotations

from pathlib import Path

from tinygrade.hookspecs import hookimpl
from tinygrade.model import Assignment, Submission


@hookimpl(trylast=True)
def tinygrade_load_submission(source: str, assignment: Assignment, into: Path) -> Submission | None:
    """Folders, archives, notebooks and git repositories. Any other address is left to other plugins."""
    from tinygrade.loaders import archive, directory, git, notebook  # where one is loaded, and not at every start

    if git.is_address(source):
        return git.load(source, assignment, into)
    if "://" in source:
        return None
    if archive.is_archive(source):
        return archive.load(source, assignment, into)
    if notebook.is_notebook(source):
        return notebook.load(source, assignment, into)
    return directory.load(source, assignment, into)
