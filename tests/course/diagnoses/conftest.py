"""The course's catalogue, as a run has it, and calls of every function that it knows mistakes of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.config import load_course
from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.model import Surface
from tinygrade.plugins import diagnoses, load_course_plugin, make_plugin_manager

ROOT = Path(__file__).resolve().parents[3]


def make_catalogue() -> Catalogue:
    manager = make_plugin_manager()
    load_course_plugin(manager, load_course(ROOT / "assignments"))
    return diagnoses(manager)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return make_catalogue()


@pytest.fixture(scope="session")
def reference() -> Any:
    return ReferenceLibrary(ROOT / "reference" / "tinytorch", Surface())


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261126)
