"""A course of two functions, small enough that its audit takes seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tinygrade.config import load_assignment, load_course

SOLUTION = '''"""Two functions."""


def double(x):
    """Twice x."""
    return 2.0 * x


def largest(items):
    """The largest of some numbers."""
    return max(items)
'''
CHECKS = """
import pytest
from tinygrade import StudentFailure
from tinygrade.model import Diagnosis


@pytest.mark.points(6)
def test_double(parity, student, rng):
    got = student.fetch(student.numbers.double(3.0), shape=())
    if got == 9.0:
        raise StudentFailure("it is squared", diagnosis=Diagnosis("squared", {}))
    x = float(rng.normal())
    parity(lambda lib: lib.numbers.double(x), "double(x)")


@pytest.mark.points(4)
def test_largest(parity):
    parity(lambda lib: lib.numbers.largest([1.0, 3.0, 2.0]), "largest(items)")
"""
ASSIGNMENT = """
title = "One"
points = 10
files = ["numbers.py"]
[[groups]]
file = "test_1.py"
title = "all"
points = 10
"""
MUTANT = """
bug = "{bug}"
what = "{name}"
check = "{check}"
diagnosis = {diagnosis}
costs = {costs}

[[edit]]
file = "numbers.py"
old = '''{old}'''
new = '''{new}'''
"""


@dataclass(frozen=True)
class Done:
    """One run of the real command."""

    exit_code: int
    stdout: str
    stderr: str


class SmallCourse:
    """Writes files of the course, and audits it."""

    def __init__(self, root: Path, tinygrade: Callable[..., subprocess.CompletedProcess[str]]) -> None:
        self.root = root
        self._tinygrade = tinygrade
        self.folder = root / "assignments" / "one"
        self.write("assignments/course.toml", _toml(root))
        self.write("assignments/one/assignment.toml", ASSIGNMENT)
        self.write("assignments/one/test_1.py", CHECKS)
        self.write("reference/mini/__init__.py", "")
        self.write("reference/mini/numbers.py", SOLUTION)
        self.write("template/mini/__init__.py", "")

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def mutant(self, name: str, old: str, new: str, **facts: Any) -> Path:
        """A mutant of test_double that may cost 6 points and has no diagnosis, unless `facts` say otherwise."""
        values = {"bug": "", "check": "test_double", "diagnosis": "", "costs": 6, **facts}
        values["diagnosis"] = json.dumps(values["diagnosis"])
        return self.write(f"assignments/one/mutants/{name}.toml", MUTANT.format(name=name, old=old, new=new, **values))

    def variant(self, name: str, old: str, new: str) -> Path:
        text = f"what = \"{name}\"\n[[edit]]\nfile = \"numbers.py\"\nold = '''{old}'''\nnew = '''{new}'''\n"
        return self.write(f"assignments/one/correct/{name}.toml", text)

    @property
    def assignment(self) -> Any:
        return load_assignment(load_course(self.root / "assignments"), "one")

    def words(self, *options: str) -> list[str]:
        return ["audit", "one", "--course", str(self.root / "assignments"), "--seed", "3", *options]

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-P", "-m", "tinygrade", *self.words(*options)]

    def audit(self, *options: str) -> Done:
        done = self._tinygrade(self.words(*options), self.root)
        return Done(done.returncode, done.stdout, done.stderr)


def _toml(root: Path) -> str:
    folders = f'reference = "{root}/reference"\ntemplate = "{root}/template"'
    return f'name = "Mini"\npackage = "mini"\n{folders}\nassignments = ["one"]\n'


@pytest.fixture
def small(tmp_path: Path, forked_command: Callable[..., subprocess.CompletedProcess[str]]) -> SmallCourse:
    return SmallCourse(tmp_path, forked_command)
