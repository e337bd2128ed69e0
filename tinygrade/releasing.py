"""Read the tables [platform] and [release], of which `config` only knows that they are tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrade.tables import Key, Place, checked, is_day, is_number, is_relative, list_of
from tinygrade.terms import Platform, Release

_PATTERNS = Key(list_of(is_relative), "a list of different paths in quotes that stay below the folder")
_PUBLIC: Mapping[str, Key] = {"plugin": _PATTERNS}
_PLATFORM: Mapping[str, Key] = {
    "deadline": Key(lambda v: is_number(v) and v > 0, "a number of seconds above 0"),
}
_RELEASE: Mapping[str, Key] = {
    "solution": Key(is_day, "a day, without quotes and without a time: 2027-01-31"),
    "files": _PATTERNS,
}


def public_plugin(place: Place, table: Mapping[str, Any]) -> tuple[str, ...]:
    """Which files of the course's plugin students get; [release] in course.toml."""
    return tuple(checked(place, table, _PUBLIC).get("plugin", ("**/*",)))


def platform(place: Place, table: Mapping[str, Any]) -> Platform:
    """[platform] in assignment.toml."""
    return Platform(**checked(place, table, _PLATFORM))


def release(place: Place, table: Mapping[str, Any]) -> Release:
    """[release] in assignment.toml."""
    values = checked(place, table, _RELEASE)
    return Release(values.get("solution"), tuple(values.get("files", ())))
