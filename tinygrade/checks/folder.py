"""The folder that code under test may write to: what is in it, as bytes, and how to put something there.

It is the working folder on either side, so that a check names files plainly: `lib.checkpoint.save("a.npz", model)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from tinygrade.errors import CourseError
from tinygrade.failures import StudentFailure
from tinygrade.worker import files as routines
from tinygrade.worker.scratch import FILES

Files = Mapping[str, bytes]
#: Of a name, on all systems that we know.
LONGEST = 255


class Restarting(Protocol):
    """What the folder needs of a `StudentLibrary`."""

    parts: Any

    def loop(self, name: str, *args: Any) -> Any: ...

    def restart(self, parts: Any, *, mute: bool) -> None: ...


class ReferenceFolder:
    """The empty working folder of the grading; all checks of a run share it."""

    def files(self) -> dict[str, bytes]:
        return {name: content.tobytes() for name, content in routines.files(None).items()}

    def put(self, files: Files) -> None:
        routines.put(None, _arrays(files))


class StudentFolder:
    """A worker's scratch folder. What comes from it are values like any other: nothing is opened on this side."""

    def __init__(self, library: Restarting, mib: int) -> None:
        if not mib:
            raise CourseError("the check needs a scratch folder: set scratch_mib below [limits] in assignment.toml")
        self._library = library
        self._mib = mib

    def files(self) -> dict[str, bytes]:
        """Name and content of each file.

        Raises:
            StudentFailure: what is there cannot be taken: more than the folder may hold, or names that are none.
        """
        return taken(self._library.loop("files"), self._mib)

    def put(self, files: Files) -> None:
        """Write these files, with plain names, before the code under test reads them."""
        self._library.loop("put", _arrays(files))

    def renew(self) -> None:
        """Go on in a new process, whose folder holds the same files: what was only in memory is gone."""
        self.resume(self.files())

    def resume(self, files: Files) -> None:
        """Go on in a new process, whose folder holds these files: what was there when the last one was killed."""
        self._library.restart(self._library.parts, mute=False)
        self.put(files)


def taken(found: Any, mib: int) -> dict[str, bytes]:
    """Name and content of files that a worker says are in its folder of this size.

    Raises:
        StudentFailure: they cannot be: more than the folder may hold, or names that are none.
    """
    if type(found) is not dict or not all(_is_file(*item) for item in found.items()):
        raise StudentFailure("what came back were not files")
    if len(found) > FILES or sum(content.nbytes for content in found.values()) > mib << 20:
        raise StudentFailure("its folder holds more than it may")
    return {name: content.tobytes() for name, content in found.items()}


def _arrays(files: Files) -> dict[str, Any]:
    assert all(map(_is_name, files)), "names of files, not paths"
    return {name: np.frombuffer(content, np.uint8) for name, content in files.items()}


def _is_file(name: Any, content: Any) -> bool:
    return _is_name(name) and type(content) is np.ndarray and content.dtype == np.uint8 and content.ndim == 1


def _is_name(name: Any) -> bool:
    plain = type(name) is str and name.isprintable() and 0 < len(name) <= LONGEST
    return plain and not set(name) & set("/\\") and name not in (".", "..")
