"""Which course is meant: the one that is named, else the one above a folder, else the one that a plugin offers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrade.calling import call, print_warning
from tinygrade.config import COURSE_FILE, load_course
from tinygrade.errors import CourseError
from tinygrade.model import Course

if TYPE_CHECKING:
    import pluggy


def find_course(explicit: Path | None, start: Path, manager: pluggy.PluginManager) -> Course:
    """The course of a command: the folder named, else the nearest one above `start`, else a plugin's.

    Raises:
        CourseError: there is none, there are several, or it is wrong.
    """
    if explicit is not None:
        root = _course_root(explicit)
        if root is None:
            raise CourseError(f"{explicit}: holds no {COURSE_FILE}; --course takes the folder that holds it")
        return load_course(root)
    start = Path(os.path.abspath(start))
    return load_course(_root_above(start) or _offered_root(start, manager))


def course_around(explicit: Path | None, start: Path, manager: pluggy.PluginManager) -> Course | None:
    """The course that `find_course` would find, or None where there is none, or no single one.

    Raises:
        CourseError: it is wrong, or the folder that was named is none.
    """
    if explicit is not None or _root_above(Path(os.path.abspath(start))):
        return find_course(explicit, start, manager)
    offered = _offered_roots(manager)
    return load_course(offered[0]) if len(offered) == 1 else None


def _root_above(start: Path) -> Path | None:
    return next((root for folder in (start, *start.parents) if (root := _course_root(folder))), None)


def _course_root(folder: Path) -> Path | None:
    # os.path and not Path.is_file: a folder that we may not enter is no course, and no crash either.
    candidates = (folder, folder / "assignments")
    return next((root for root in candidates if os.path.isfile(root / COURSE_FILE)), None)


def _offered_roots(manager: pluggy.PluginManager) -> list[Path]:
    # the latest registration answers first
    results = call(manager, "tinygrade_assignment_paths", print_warning, {}, _paths)
    return list(dict.fromkeys(path for paths in reversed(results) for path in paths))


def _offered_root(start: Path, manager: pluggy.PluginManager) -> Path:
    roots = _offered_roots(manager)
    if not roots:
        raise CourseError(
            f"no course found: neither {start} nor a folder above it holds {COURSE_FILE} "
            f"or assignments/{COURSE_FILE}; name the course's folder with --course"
        )
    if len(roots) > 1:
        listed = ", ".join(map(str, roots))
        raise CourseError(f"the installed plugins offer several courses ({listed}); choose one with --course")
    return roots[0]


def _paths(answer: Any) -> list[Path]:
    return [Path(path) for path in answer]
