"""The marks that a check's author writes, read into one object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tinygrade.model import Visibility

MARKS = {
    "points(n)": "points of the check; parametrised cases share them equally",
    "title(text)": "one line for the report; without it, the function's name",
    "task(id)": "task of the handout, for example 'A3.1'",
    "needs(check, ...)": "function names of checks that this one rests on: it is blocked while they are stubs",
    "given(check, ...)": "like needs; where such a check failed, this one is judged again with a right part",
    "part(path, parameters, build)": "the check proves this piece; checks that need it may be given a right one",
    "timeout(cpu_seconds)": "CPU seconds of the worker, instead of the assignment's limit",
    "hint(text)": "a question that leads to the mistake, shown when the check fails",
    "where(path)": "`module.name` that the check is about, for the place in the report",
    "hidden": "no input, value or text of this check is shown to students",
    "slow": "left out by --quick",
}


@dataclass(frozen=True)
class Marks:
    """What the marks of one test function say."""

    points: float
    title: str
    task: str
    needs: tuple[str, ...]
    given: tuple[str, ...]
    hint: str
    where: str
    visibility: Visibility
    cpu_seconds: float | None
    slow: bool


_MARKS = pytest.StashKey[Marks]()


def read(item: pytest.Item) -> Marks:
    """The marks of a collected test."""
    if _MARKS not in item.stash:
        item.stash[_MARKS] = _read(item)
    return item.stash[_MARKS]


def _read(item: pytest.Item) -> Marks:
    part = item.get_closest_marker("part")
    hidden = item.get_closest_marker("hidden") is not None or "hidden" in item.path.parts
    return Marks(
        points=float(_first(item, "points", 0)),
        title=str(_first(item, "title", function_name(item).removeprefix("test_").replace("_", " "))),
        task=str(_first(item, "task", "")),
        needs=(*_names(item, "needs"), *_names(item, "given")),
        given=_names(item, "given"),
        hint=str(_first(item, "hint", "")),
        where=str(_first(item, "where", part.args[0] if part else "")),
        visibility="hidden" if hidden else "visible",
        cpu_seconds=_first(item, "timeout", None),
        slow=item.get_closest_marker("slow") is not None,
    )


def function_name(item: pytest.Item) -> str:
    """The test function's name, without the case."""
    return str(getattr(item, "originalname", None) or item.name)


def check_id(item: pytest.Item) -> str:
    """`test_file.py::test_function`: what names the check in a report."""
    return f"{item.path.name}::{function_name(item)}"


def _names(item: pytest.Item, mark: str) -> tuple[str, ...]:
    return tuple(name for found in item.iter_markers(mark) for name in found.args)


def _first(item: pytest.Item, name: str, default: Any) -> Any:
    mark = item.get_closest_marker(name)
    return mark.args[0] if mark and mark.args else default
