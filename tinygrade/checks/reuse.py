"""Results of an earlier grading of the same submission that still hold, so that only what was changed runs again.

A result is taken over when its fingerprint is the same: over the source of its check, everything that all checks of the
assignment have in common, the machine's versions, and what became of the checks that it names as needed. A check that
asks for no fixture but those of `STATELESS`, directly or through fixtures of the course, shares nothing else with
others; all that do ask are taken for one, and run again together.

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

from tinygrade.checks import fixtures
from tinygrade.checks import marks as marks_of
from tinygrade.checks.smoke import skipped
from tinygrade.model import Report

if TYPE_CHECKING:
    from tinygrade.checks.plugin import GradePlugin

#: Fixtures of ours that pass nothing from one check to the next.
STATELESS = {
    *("assignment", "student", "reference", "rng", "parity", "gradcheck", "trajectory", "mistake"),
    *("partial_credit", "note", "stack"),
}

#: What pytest calls the fixture that stands for a value of a parametrised case.
VALUE = "get_direct_param_fixture_func"


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
        #: The part of each check's fingerprint that is known before anything runs; and those that may share something.
        self._known: dict[str, list[Any]] = {}
        self._bound: set[str] = set()
        #: What the checks depend on that say how a part is made.
        self._built: list[Any] = []
        self._checks: set[pytest.Item] = set()
        self._modules: dict[str, Any] = {}
        self._before: dict[str, Any] = {}

    # ---- pytest ----------------------------------------------------------------------------------------

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Smoke checks are not among `items`: they always run."""
        self._checks = set(items)
        self._modules = {item.module.__name__: item.module for item in items if isinstance(item, pytest.Function)}
        self._before = self._data()
        by_id = {marks_of.check_id(item): item for item in items}
        own = {check: [check, self._prints.get(check, self._prints[""])] for check in by_id}
        self._bound = {check for check, item in by_id.items() if not _stands_alone(item)}
        together = [own[check] for check in by_id if check in self._bound]
        facts = self._facts()
        self._known = {check: [facts, own[check], together if check in self._bound else []] for check in by_id}
        self._built = [own[check] for check, item in by_id.items() if _builds(item)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Decide when its turn has come: what it needs has its results then."""
        if item not in self._checks:
            return None
        check = marks_of.check_id(item)
        if check not in self._found:
            self._decide(item, check)
        return skipped(item, nextitem) if check in self._plugin.held else None

    def _decide(self, item: pytest.Item, check: str) -> None:
        facts = json.dumps([self._known[check], self._needed(item)], sort_keys=True)
        self._found[check] = hashlib.sha256(facts.encode()).hexdigest()
        if self._previous is None or self._previous.fingerprints.get(check) != self._found[check]:
            return
        for result in self._previous.checks:
            if result.id == check:
                self._plugin.held[check] = replace(result, taken_from=result.taken_from or self._run)

    # ---- the report ------------------------------------------------------------------------------------

    def completed(self, report: Report) -> Report:
        """The report with what was taken over, and with fingerprints where results may be taken from it."""
        sections = report.sections
        if self._previous is not None and self._bound & self._plugin.held.keys():
            sections = self._previous.sections  # who does not share, writes none
        return replace(report, sections=sections, fingerprints=self._found if self._is_clean(report) else {})

    def _is_clean(self, report: Report) -> bool:
        """Could no check meet what another one left behind?

        Half of what all of them share may be used, so that together with what was taken over it is not used up.
        """
        held = self._plugin.held.keys()
        if held and self._previous is not None and report.swaps != self._previous.swaps:
            return False
        torn = bool(self._bound & held) and bool(self._bound - held)
        return not torn and self._plugin.shared_little() and self._data() == self._before

    # ---- fingerprints ----------------------------------------------------------------------------------

    def _needed(self, item: pytest.Item) -> list[Any]:
        """What a check's result takes from other checks: see `checks.results` and `checks.retries`."""
        grading = self._plugin.grading
        found: list[Any] = []
        for name in marks_of.read(item).needs:
            result = grading.results.get(name)
            if result is not None and result.status != "passed":
                title = result.title if result.status in ("not_implemented", "blocked") else ""
                found.append([name, result.id, result.status, title, repr(grading.parts.get(name)), self._built])
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
    """Does it say how a part is made that other checks may be given?"""
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
            if not one.func.__module__.startswith("_pytest."):
                todo += one.argnames
            elif one.func.__name__ != VALUE:
                return False  # such as `monkeypatch`
    return True


def _is_ours(definitions: Any) -> bool:
    """Is this fixture, and whatever overrides it, one of the framework's?"""
    return bool(definitions) and all(one.func.__module__ == fixtures.__name__ for one in definitions)
