"""Read course.toml and assignment.toml strictly, so that a mistyped key is told and never ignored.

What may stand in a table is data (`_COURSE`, `_ASSIGNMENT`, ...); `tables.checked` holds any table against it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from tinygrade.errors import CourseError, UsageError, did_you_mean
from tinygrade.model import Assignment, Course, Group, Level, Limits, Policy, Surface
from tinygrade.releasing import platform, public_plugin, release
from tinygrade.tables import (
    Key,
    Place,
    checked,
    choice,
    is_count,
    is_file_name,
    is_name,
    is_number,
    is_shape,
    is_text,
    list_of,
    read,
)

if TYPE_CHECKING:
    pass

COURSE_FILE = "course.toml"
ASSIGNMENT_FILE = "assignment.toml"
#: The folder of records beside course.toml, when it names no other.
RECORDED = "recorded"


# ---- what may stand where --------------------------------------------------------------------------

_TEXT = Key(is_text, "a text in quotes that is not empty")
_TITLE = Key(is_text, _TEXT.words, required=True)
_NAME = Key(is_name, "a Python name in quotes", required=True)
_FOLDER = Key(is_text, "a folder in quotes, relative to this file", required=True)
_SECONDS = Key(lambda v: is_number(v) and v > 0, "a number of seconds above 0")
_COUNT = Key(is_count, "a whole number above 0")
_TABLE = Key(lambda v: isinstance(v, dict), "a table")
_TABLES = Key(lambda v: isinstance(v, list) and all(isinstance(i, dict) for i in v), "tables: write [[groups]]")
_POINTS = Key(lambda v: is_number(v) and v > 0, "a number above 0", required=True)
_TOTAL = Key(lambda v: is_number(v) and v >= 0, "a number that is not negative", required=True)
_FILES = Key(list_of(is_file_name), "a list of different .py files in quotes", required=True)
_NAMES = Key(list_of(is_name), "a list of different names in quotes")
_FILE = Key(is_file_name, "a .py file in quotes", required=True)
#: TOML reads an unquoted name with a dot as a table in a table: by far the likeliest slip here.
_SHAPE = Key(is_shape, 'a list of sizes such as [31, 16] (a name with a dot needs quotes: "ln_f.weight" = [16])')

_COURSE: Mapping[str, Key] = {
    "name": _TITLE,
    "package": _NAME,
    "reference": _FOLDER,
    "template": _FOLDER,
    "recorded": _TEXT,
    "plugin": _TEXT,
    "assignments": Key(_NAMES.test, _NAMES.words, required=True),
    "release": _TABLE,
    "commands": _TABLE,
}
_ASSIGNMENT: Mapping[str, Key] = {
    "title": _TITLE,
    "points": _TOTAL,
    "files": _FILES,
    "rests_on": _NAMES,
    "earlier": choice(get_args(Policy)),
    "hints": choice(("full", "question", "none")),
    "minimum_isolation": choice(get_args(Level)),
    "course_tables": _NAMES,
    "surface": _TABLE,
    "limits": _TABLE,
    "platform": _TABLE,
    "release": _TABLE,
    "groups": _TABLES,
    "late": _TABLE,
}
_PERCENT = Key(lambda v: is_number(v) and 0 <= v <= 100, "a number from 0 to 100")
_LATE: Mapping[str, Key] = {
    "percent_per_day": Key(_PERCENT.test, _PERCENT.words, required=True),
    "most_percent": _PERCENT,
    "grace_minutes": Key(lambda v: is_number(v) and v >= 0, "a number of minutes that is not negative"),
}
_SURFACE: Mapping[str, Key] = {
    "tensor": _TEXT,
    "names": _TABLE,
    "dtype": choice(("float64", "float32")),
    "model": _TEXT,
    "parameters": _TABLE,
}
_ATTRIBUTES: Mapping[str, Key] = {
    **{name: Key(is_name, "a Python name in quotes") for name in ("data", "grad", "backward")},
    "requires_grad": Key(lambda v: v == "" or is_name(v), 'a Python name in quotes, or ""'),
}
_LIMITS: Mapping[str, Key] = {
    "cpu_seconds": _SECONDS,
    "import_cpu_seconds": _SECONDS,
    "memory_mib": _COUNT,
    "idle_seconds": _SECONDS,
    "output_kib": _COUNT,
    "scratch_mib": _COUNT,
}
_GROUP: Mapping[str, Key] = {"file": _FILE, "title": _TITLE, "points": _POINTS}


# ---- course ----------------------------------------------------------------------------------------


def load_course(root: Path) -> Course:
    """The course whose course.toml lies in the folder `root`.

    Raises:
        CourseError: there is none, or it is wrong; the message names file and key.
    """
    root = Path(os.path.realpath(root))
    file = root / COURSE_FILE
    if not os.path.isfile(file):
        raise CourseError(f"{root}: holds no {COURSE_FILE}")
    values = checked(Place(file), read(file), _COURSE)
    return Course(
        name=values["name"],
        root=root,
        package=values["package"],
        reference=_folder(root, values["reference"]),
        template=_folder(root, values["template"]),
        plugin=_folder(root, values["plugin"]) if "plugin" in values else None,
        assignments=tuple(values["assignments"]),
        public_plugin=public_plugin(Place(file, "release"), values.get("release", {})),
        recorded=_recorded(root, values),
        commands=_commands(file, values),
    )


def _recorded(root: Path, values: Mapping[str, Any]) -> Path | None:
    """The folder of records: the one that is named, or `recorded` where there is no solution."""
    if "recorded" in values:
        return _folder(root, values["recorded"])
    solved = os.path.isdir(_folder(root, values["reference"]) / values["package"])
    found = root / RECORDED
    return found if not solved and os.path.isdir(found) else None


def _commands(file: Path, values: Mapping[str, Any]) -> dict[str, str]:
    table = values.get("commands", {})
    place = Place(file, "commands")
    for name in table:
        if not is_name(name):
            raise place.error(name, "is no name for a command")
    if table and "plugin" not in values:
        raise Place(file).error("commands", "needs a `plugin` that adds them")
    return dict(checked(place, table, dict.fromkeys(table, _TEXT)))


def _folder(root: Path, name: str) -> Path:
    return Path(os.path.normpath(root / name))


# ---- assignment ------------------------------------------------------------------------------------


def load_assignment(course: Course, id: str) -> Assignment:
    """The assignment `id` of a course.

    Raises:
        UsageError: the course has no such assignment.
        CourseError: its assignment.toml is missing or wrong; the message names file and key.
    """
    if id not in course.assignments:
        known = ", ".join(course.assignments) or "none"
        hint = did_you_mean(id, course.assignments) or ";"
        raise UsageError(f"the course {course.name} has no assignment {id!r}{hint} It has: {known}")
    root = course.root / id
    place = Place(root / ASSIGNMENT_FILE)
    if not os.path.isfile(place.file):
        raise CourseError(f"{place.file}: does not exist, but {course.root / COURSE_FILE} lists {id!r}")
    table = read(place.file)
    extra = _course_tables(place, table)
    values = checked(place, {key: value for key, value in table.items() if key not in extra}, _ASSIGNMENT)
    return Assignment(
        id=id,
        title=values["title"],
        root=root,
        course=course,
        points=float(values["points"]),
        groups=_groups(place, values),
        files=tuple(values["files"]),
        earlier=values.get("earlier", "auto"),
        surface=_surface(place, values.get("surface", {})),
        limits=_limits(place, values.get("limits", {})),
        hints=values.get("hints", "full"),
        minimum_isolation=values.get("minimum_isolation", "strong"),
        extra=extra | ({"late": checked(Place(place.file, "late"), values["late"], _LATE)} if "late" in values else {}),
        rests_on=_rests_on(place, course, id, values),
        platform=platform(Place(place.file, "platform"), values.get("platform", {})),
        release=release(Place(place.file, "release"), values.get("release", {})),
    )


def _rests_on(place: Place, course: Course, id: str, values: Mapping[str, Any]) -> tuple[str, ...] | None:
    if "rests_on" not in values:
        return None
    before = course.assignments[: course.assignments.index(id)]
    for name in values["rests_on"]:
        if name not in before:
            raise place.error("rests_on", f"names {name!r}, which the course does not have before {id}")
    return tuple(values["rests_on"])


def _course_tables(place: Place, table: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The tables that the file itself declares to be the course plugin's."""
    checked(place, {k: v for k, v in table.items() if k == "course_tables"}, {"course_tables": _NAMES})
    extra: dict[str, dict[str, Any]] = {}
    for name in table.get("course_tables", ()):
        if name in _ASSIGNMENT:
            raise place.error("course_tables", f"names {name!r}, which belongs to tinygrade")
        if not isinstance(table.get(name), dict):
            raise place.error("course_tables", f"names {name!r}, but the file has no table [{name}]")
        extra[name] = table[name]
    return extra


def _groups(place: Place, values: Mapping[str, Any]) -> tuple[Group, ...]:
    groups: list[Group] = []
    for number, table in enumerate(values.get("groups", ()), 1):
        here = Place(place.file, f"groups {number}")
        group = Group(**checked(here, table, _GROUP))
        if any(group.file == other.file for other in groups):
            raise here.error("file", f"names {group.file!r} a second time")
        if not os.path.isfile(place.file.parent / group.file):
            hint = did_you_mean(group.file, (file.name for file in place.file.parent.glob("*.py")))
            raise here.error("file", f"names {group.file!r}, which does not exist{hint}")
        groups.append(group)
    total = math.fsum(group.points for group in groups)
    if not math.isclose(total, values["points"], abs_tol=1e-9):
        raise place.error("points", f"is {values['points']:g}, but the groups add up to {total:g}")
    return tuple(groups)


def _surface(place: Place, table: Mapping[str, Any]) -> Surface:
    values = checked(Place(place.file, "surface"), table, _SURFACE)
    shapes = values.pop("parameters", {})
    checked(Place(place.file, "surface.names"), values.get("names", {}), _ATTRIBUTES)
    here = Place(place.file, "surface.parameters")
    checked(here, shapes, dict.fromkeys(shapes, _SHAPE))
    return Surface(**values, parameters={name: tuple(shape) for name, shape in shapes.items()})


def _limits(place: Place, table: Mapping[str, Any]) -> Limits:
    return Limits(**checked(Place(place.file, "limits"), table, _LIMITS))
