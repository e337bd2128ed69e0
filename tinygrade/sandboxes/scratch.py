"""The folder that one worker may write to, seen from outside: made empty, watched while it runs, removed afterwards.

Where the kernel holds the cap, the worker has put a file system of its own over the folder, which stays empty for us.
No file of a worker's is ever opened here: what a check wants of them comes over the pipe as values do.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from itertools import islice
from pathlib import Path

from tinygrade.worker.scratch import FILES

#: Of `st_blocks`, wherever there is one.
BLOCK = 512


class Scratch:
    """One worker's folder below `parent`; nothing at all when `mib` is 0."""

    def __init__(self, parent: Path | None, mib: int) -> None:
        self._mib = mib
        self._folder = tempfile.mkdtemp(dir=parent) if mib else ""

    @property
    def request(self) -> dict[str, str | int] | None:
        """What the worker is told."""
        return {"folder": self._folder, "mib": self._mib} if self._mib else None

    def excess(self) -> str:
        """What is too much in there, in words; "" when nothing is."""
        if not self._mib:
            return ""
        try:
            with os.scandir(self._folder) as entries:
                found = [_size(entry) for entry in islice(entries, FILES + 1)]
        except OSError:  # only where little of the confinement is there
            return "it took its folder away"
        if len(found) > FILES:
            return f"it made more than {FILES} files"
        return f"it wrote more than {self._mib} MiB into its folder" if sum(found) > self._mib << 20 else ""

    def remove(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def _size(entry: os.DirEntry[str]) -> int:
    """What it takes on the disk, or its length where the system does not tell."""
    try:
        state = entry.stat(follow_symlinks=False)
    except OSError:  # it is gone meanwhile
        return 0
    return getattr(state, "st_blocks", 0) * BLOCK or state.st_size
