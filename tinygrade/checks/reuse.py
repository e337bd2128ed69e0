"""Results of an earlier grading of the same submission that still hold, so that only what was changed runs again.

A result is taken over when its fingerprint is the same: over the source of its check, everything that all checks of the
assignment have in common, the machine's versions, and all of this again for every check that it rests on or may share
something with. A check that asks for no fixture but those of `STATELESS`, directly or through fixtures of the course,
shares nothing; all others are taken for one, and run again together.

What no fingerprint can foresee is looked at while the checks run: did one leave something behind that another may have
met? Then the report has no fingerprints. Nothing is ever taken from it, and where something had been taken over, all of
it is graded afresh.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from _pytest.python import get_direct_param_fixture_func

from tinygrade.checks import fixtures
from tinygrade.checks import marks as marks_of
from tinygrade.model import CheckResult, Report

if TYPE_CHECKING:
    from tinygrade.checks.plugin import GradePlugin

#: Fixtures of ours that pass nothing from one check to the next.
STATELESS = {
    *("assignment", "student", "reference", "rng", "parity", "gradcheck", "trajectory", "mistake"),
    *("partial_credit", "note", "stack"),
}


class Reuse:
    """A pytest plugin beside `GradePlugin`.

    Args:
        prints: by id of a check, of all that it depends on by itself; "" for a check that is not named.
        previous: the earlier report, or None.
        run: which run that was, in words.
    """

    def __init__(self, plugin: GradePlugin, prints: Mapping[str, str], previous: Report | None, run: str) -> None:
        self._plugin = plugin
        self._prints = prints
        self._previous = previous
        self._run = run
        self._found: dict[str, str] = {}
        self._items: set[pytest.Item] = set()
        self._modules: dict[str, Any] = {}
        self._before: dict[str, Any] = {}

    # ---- pytest ----------------------------------------------------------------------------------------

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Which checks need not run? Smoke checks are not among `items`: they always do."""
        self._found = self._fingerprints(items)
        self._modules = {item.module.__name__: item.module for item in items if isinstance(item, pytest.Function)}
        self._before = self._data()
        if self._previous is None:
            return
        old = self._previous.fingerprints
        held = {c.id: c for c in self._previous.checks if old.get(c.id) and old[c.id] == self._found.get(c.id)}
        self._items = {item for item in items if marks_of.check_id(item) in held}
        self._plugin.held = {id: self._taken(check) for id, check in held.items()}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        return True if item in self._items else None

    # ---- the report ------------------------------------------------------------------------------------

    def completed(self, report: Report) -> Report:
        """The report with what was taken over, and with fingerprints where results may be taken from it."""
        sections = report.sections
        if self._previous is not None and self._plugin.held:
            sections = {**self._previous.sections, **sections}
        return replace(report, sections=sections, fingerprints=self._found if self._is_clean(report) else {})

    def _taken(self, check: CheckResult) -> CheckResult:
        return replace(check, taken_from=check.taken_from or self._run)

    def _is_clean(self, report: Report) -> bool:
        """Could no check meet what another one left behind?

        Half of what all of them share may be used, so that together with what was taken over it is not used up.
        """
        swapped = self._previous is not None and bool(self._plugin.held) and report.swaps != self._previous.swaps
        return not swapped and self._plugin.shared_little() and self._data() == self._before

    # ---- fingerprints ----------------------------------------------------------------------------------

    def _fingerprints(self, items: list[pytest.Item]) -> dict[str, str]:
        by_id = {marks_of.check_id(item): item for item in items}
        order = {check: number for number, check in enumerate(by_id)}
        own = {check: self._prints.get(check, self._prints[""]) for check in by_id}
        built = [own[check] for check, item in by_id.items() if _builds(item)]
        facts = json.dumps([self._facts(), built], sort_keys=True)
        named: dict[str, list[str]] = {}
        for check, item in by_id.items():
            named.setdefault(marks_of.function_name(item), []).append(check)
        bound = [check for check, item in by_id.items() if not _stands_alone(item)]
        found = {}
        for check in by_id:
            near = sorted(self._near(check, by_id, named, bound))
            parts = [facts, check, *(f"{own[other]} {order[other] < order[check]} {other}" for other in near)]
            found[check] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return found

    def _near(
        self, check: str, items: Mapping[str, pytest.Item], named: Mapping[str, list[str]], bound: list[str]
    ) -> set[str]:
        """The check, those that it rests on, those that it may share something with, and so on."""
        found: set[str] = set()
        todo = [check]
        while todo:
            one = todo.pop()
            if one in found:
                continue
            found.add(one)
            todo += [other for name in marks_of.read(items[one]).needs for other in named.get(name, ())]
            todo += bound if one in bound else []
        return found

    def _facts(self) -> dict[str, Any]:
        """What all results depend on besides the course."""
        plugin, grading = self._plugin, self._plugin.grading
        return {
            "sha256": grading.submission.sha256,
            "secrets": [grading.secret.hex(), hashlib.sha256(grading.hidden_secret).hexdigest()],
            "environment": plugin.environment,
            "isolation": [plugin.isolation.level, *plugin.isolation.missing],
            "reference": grading.reference.kind,
            "policy": grading.stack.policy,
        }

    def _data(self) -> dict[str, Any]:
        """What the check files hold in variables."""
        return {name: {key: _seen(value) for key, value in vars(m).items()} for name, m in self._modules.items()}


def _seen(value: Any) -> tuple[int, object]:
    if isinstance(value, np.ndarray):
        return id(value), value.tobytes()
    return id(value), repr(value) if isinstance(value, list | dict | set | bytearray) else ""


def _builds(item: pytest.Item) -> bool:
    """Does it say how a part is made that any check may be given?"""
    return any("build" in mark.kwargs for mark in item.iter_markers("part"))


def _stands_alone(item: pytest.Item) -> bool:
    """Does it ask for nothing, directly or through others, by which checks could pass something on?"""
    if not isinstance(item, pytest.Function) or item.cls is not None:
        return False
    known = item._fixtureinfo.name2fixturedefs
    todo, seen = [*item._fixtureinfo.initialnames], set()
    while todo:
        name = todo.pop()
        if name in seen or (name in STATELESS and _is_ours(known.get(name))):
            continue
        seen.add(name)
        definitions = known.get(name)
        if not definitions or _is_ours(definitions) or any(one.scope != "function" for one in definitions):
            return False
        for one in definitions:
            if one.func.__module__.startswith("_pytest.") and one.func is not get_direct_param_fixture_func:
                return False  # such as `monkeypatch`; the exception is the value of a parametrised case
            todo += one.argnames
    return True


def _is_ours(definitions: Any) -> bool:
    """Is this fixture, and whatever overrides it, one of the framework's?"""
    return bool(definitions) and all(one.func.__module__ == fixtures.__name__ for one in definitions)
