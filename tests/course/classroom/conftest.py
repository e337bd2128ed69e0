"""The classroom as commands load it, and its commands run through the real entry point."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

from tinygrade.cli import run
from tinygrade.config import load_course
from tinygrade.plugins import COURSE_PLUGIN, load_course_plugin, make_plugin_manager

ROOT = Path(__file__).resolve().parents[3]
MODULES = ("checkpoints", "comparison", "corpus", "data", "exam", "grid", "models", "picture", "pretrain")
MORE = ("recipes", "run", "runs", "samples", "tables", "trainer", "view")


@pytest.fixture
def course_here() -> Any:
    """The repository's course, with its plugin imported."""
    course = load_course(ROOT / "assignments")
    load_course_plugin(make_plugin_manager(), course)
    return course


@pytest.fixture
def room(course_here) -> SimpleNamespace:
    """The modules of the classroom by name."""
    names = (*MODULES, *MORE)
    return SimpleNamespace(**{name: import_module(f"{COURSE_PLUGIN}.classroom.{name}") for name in names})


@pytest.fixture
def reference(room, course_here) -> Any:
    return room.models.Reference(course_here)


@pytest.fixture
def trained(room, reference) -> Any:
    """A watched run of the fast recipe to its convergence: a tenth of a second of training."""
    model = reference.build(room.models.Size(), np.random.default_rng(1))
    watched = room.run.Run(room.exam.Exam(room.data.strings_for(None)), seconds=60.0)
    room.trainer.train(reference, model, room.recipes.FAST, watched, np.random.default_rng(2))
    return watched


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        tree: dict[str, Any] = json.loads(self.out)
        return tree


@pytest.fixture
def tinygrade(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """`tinygrade("train", ...)` in a folder of its own, with the repository's course."""
    monkeypatch.chdir(tmp_path)

    def call(*args: str) -> Outcome:
        capsys.readouterr()
        code = run([*args, "--course", str(ROOT)])
        return Outcome(code, *capsys.readouterr())

    return call
