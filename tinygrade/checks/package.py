"""Where a worker finds the student's package, and which pieces of it can be given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tinygrade.failures import StudentFailure
from tinygrade.model import Limits, Surface
from tinygrade.worker.packing import packed


@dataclass(frozen=True)
class Part:
    """A piece of the package that checks can be given when the student's own is wrong."""

    path: str
    #: Canonical parameter names relative to the object, for module classes.
    parameters: tuple[str, ...] = ()


@dataclass
class Package:
    """Where a worker finds the student's package, and what is known about it."""

    name: str
    #: Folder of the package itself; a worker gets its files over the pipe, and cannot read it.
    folder: Path
    #: File names of the package, to believe no other name that a worker tells.
    files: frozenset[str]
    surface: Surface
    limits: Limits
    #: Modules that cannot be imported: every later check that needs one is blocked without trying again.
    broken: dict[str, StudentFailure] = field(default_factory=dict)
    #: Where functions stand, by name: the cases of a check fail at the same place, and asking takes a worker.
    places: dict[str, str] = field(default_factory=dict)

    #: How many workers were asked for, and what they need not compile (see `compiling`).
    workers: int = 0
    code: list[Any] = field(default_factory=lambda: packed({}))

    @cached_property
    def sources(self) -> list[Any]:
        """What is in the files, packed for the wire: a worker reads no file of ours."""
        return packed({name: (self.folder / name).read_bytes() for name in sorted(self.files)})

    def opening(self, parts: Sequence[Part], code: list[Any]) -> dict[str, Any]:
        """The first request to a worker: to load this package, with `parts` given and `code` compiled already."""
        table = self.surface
        surface = {"tensor": table.tensor, "parameters": list(table.parameters), "names": dict(table.names)}
        given = [{"path": part.path, "parameters": list(part.parameters)} for part in parts]
        args = [self.name, self.folder.as_posix(), self.sources, surface, given, code]
        return {"do": "open", "args": args}
