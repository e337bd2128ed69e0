"""What bundles for students and for autograders share: which assignments they hold, and the course around these."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from tinygrade import config
from tinygrade.model import Assignment, Course
from tinygrade.release import tree
from tinygrade.release.tree import Tree

PLUGIN, REFERENCE, TEMPLATE = "plugin", "reference", "template"


@dataclass(frozen=True)
class Order:
    """What is to be released."""

    course: Course
    #: In course order; the last one is what the bundle is about.
    assignments: tuple[Assignment, ...]
    #: The assignment that was asked for, or None for the whole course.
    own: Assignment | None
    today: date

    @property
    def last(self) -> Assignment:
        return self.assignments[-1]


def order(course: Course, id: str | None, today: date) -> Order:
    """The assignment `id` and those before it; all of them when it is None.

    Raises:
        UsageError: the course has no such assignment.
        CourseError: an assignment.toml is wrong.
    """
    own = config.load_assignment(course, id) if id is not None else None
    known = course.assignments
    chosen = known if own is None else known[: known.index(own.id) + 1]
    return Order(course, tuple(config.load_assignment(course, name) for name in chosen), own, today)


def course_table(order: Order, reference: str, **more: str) -> bytes:
    """The course.toml of a bundle. Texts of TOML are written as those of JSON."""
    course = order.course
    values: dict[str, object] = {"name": course.name, "package": course.package, "reference": reference}
    values["template"] = TEMPLATE
    if course.plugin is not None:
        values["plugin"] = PLUGIN
    values |= {"assignments": [assignment.id for assignment in order.assignments], **more}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    if course.plugin is not None and course.commands:
        words = [f"{name} = {json.dumps(text, ensure_ascii=False)}" for name, text in course.commands.items()]
        lines += ["", "[commands]", *words]
    return ("# Written by tinygrade release.\n" + "\n".join(lines) + "\n").encode()


def shared(course: Course) -> Tree:
    """Files of the course's folder that belong to all assignments."""
    names = [name for name in ("conftest.py",) if (course.root / name).is_file()]
    return tree.read(course.root, "", names)


def below(folder: str, files: Tree) -> Tree:
    return {f"{folder}/{name}" if folder else name: data for name, data in files.items()}

