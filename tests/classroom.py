"""A class in a folder, graded by commands in this process: for tests of what becomes of many submissions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from tiny_class import write_class, write_course

from tinygrade import cli


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    def scores(self) -> dict[str, float]:
        """What the lines of the log say."""
        return {name: float(score) for name, score in re.findall(r"\] (\w+) +([\d.]+)/10 ", self.out)}


class Class:
    """A class in a folder, graded by commands in this process."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys
        self.course = write_course(root)
        self.handed = root / "class"

    def hand_in(self, kinds: dict[str, str]) -> None:
        write_class(self.handed, kinds)

    def __call__(self, *words: str) -> Done:
        self._capsys.readouterr()
        where = ["--course", str(self.course), "--gradebook", str(self.root / "gradebook.db")]
        code = cli.run([*words, *where])
        return Done(code, *self._capsys.readouterr())

    def grade(self, *words: str) -> Done:
        return self("grade", "alpha", str(self.handed), *words)

    def gradebook(self, what: str, *words: str) -> Done:
        return self("gradebook", what, "alpha", *words)
