"""The course's plugin for benchmarks, loaded as every command loads it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tinygrade import Course
from tinygrade.config import load_course
from tinygrade.plugins import COURSE_PLUGIN, load_course_plugin, make_plugin_manager


@cache
def course() -> Course:
    """The course of this repository, with its plugin imported."""
    found = load_course(Path(__file__).resolve().parents[1] / "assignments")
    load_course_plugin(make_plugin_manager(), found)
    return found


def classroom(module: str) -> Any:
    """A module of the plugin's `classroom`."""
    course()
    return import_module(f"{COURSE_PLUGIN}.classroom.{module}")
