"""The pytest plugin that turns tests into checks: points, order, statuses."""

from __future__ import annotations

import traceback
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tinygrade.checks import marks as marks_of
from tinygrade.checks import order
from tinygrade.checks.context import Grading
from tinygrade.checks.diagnosing import named
from tinygrade.checks.fixtures import CREDIT, DIAGNOSIS, GOES_ON, GRADING, PRINTS
from tinygrade.checks.outcomes import said
from tinygrade.checks.package import Part
from tinygrade.checks.results import Outcome, combine
from tinygrade.checks.retries import GIVEN, Retries
from tinygrade.checks.smoke import Smoke
from tinygrade.diagnosis import exceptions
from tinygrade.errors import CourseError, UserError
from tinygrade.events import CheckFinished, CheckStarted, Started
from tinygrade.failures import StudentFailure
from tinygrade.model import CheckResult, Diagnosis, Isolation

SETUP_SECONDS = pytest.StashKey[float]()
OUTCOME = pytest.StashKey[Outcome]()


class GradePlugin:
    """One run's checks."""

    def __init__(self, grading: Grading, isolation: Isolation, environment: dict[str, str]) -> None:
        self.grading = grading
        self.results: list[CheckResult] = []
        self.selected = False
        self.user_error: UserError | None = None
        #: Ids of checks that `--quick` leaves out.
        self.slow: set[str] = set()
        self.isolation = isolation
        self.environment = environment
        #: Results that were found before and still hold, by id: these checks do not run.
        self.held: dict[str, CheckResult] = {}
        self._groups = {Path(group.file).name: group.title for group in grading.assignment.groups}
        self._smoke = Smoke(grading)
        self._retries = Retries(grading)
        self._outcomes: dict[str, list[Outcome]] = {}
        self._pending: dict[str, int] = {}

    # ---- collection --------------------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[GRADING] = self.grading
        config.pluginmanager.register(self._smoke)
        for text in marks_of.MARKS.items():
            config.addinivalue_line("markers", ": ".join(text))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.user_error is None:
            lines = [line for line in str(report.longrepr).splitlines() if line.strip()]
            self.user_error = CourseError(f"{report.nodeid} cannot be loaded: {lines[-1] if lines else ''}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, None, None]:
        """Check the points, let pytest apply -k to the checks alone, and put the smoke checks in front."""
        smoke, checks = self._smoke.split(items)
        self._check_points(checks)
        checks = self._recordable(checks)
        for item in checks:
            self._register_part(item)
        self.slow = {marks_of.check_id(item) for item in checks if marks_of.read(item).slow}
        items[:] = checks
        yield
        if self.grading.quick:
            items[:] = [item for item in items if not marks_of.read(item).slow]
        self.selected = len(items) < len(checks)
        for item in items:
            check = marks_of.check_id(item)
            self._pending[check] = self._pending.get(check, 0) + 1
        told = tuple((check, self._group(check)) for check in self._pending)
        first = order.about(items, self.grading.first)
        if items and self.user_error is None:
            kind, ahead = self.grading.reference.kind, tuple(check for check in self._pending if check in first)
            self.grading.emit(Started(self.isolation, self.environment, told, kind, ahead))
            items[:] = [*smoke, *order.first(items, first)]

    def _check_points(self, items: list[pytest.Item]) -> None:
        """The sum of the points must be what assignment.toml declares, in each group."""
        functions = {marks_of.check_id(item): item for item in items}
        for group in self.grading.assignment.groups:
            own = [item for item in functions.values() if item.path.name == Path(group.file).name]
            total = sum(marks_of.read(item).points for item in own)
            if abs(total - group.points) > 1e-9 and self.user_error is None:
                file = f"{self.grading.assignment.id}/{group.file}"
                self.user_error = CourseError(
                    f"{file}: the checks have {total:g} points, assignment.toml says {group.points:g}"
                )

    def _recordable(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Hidden checks are in no record, and a course that has only a record must not hold any."""
        hidden = [item for item in items if marks_of.read(item).visibility == "hidden"]
        if self.grading.reference.kind == "recorded" and hidden and self.user_error is None:
            name = marks_of.check_id(hidden[0])
            self.user_error = CourseError(f"{name} is hidden, and hidden checks are not recorded: take it out of here")
        return [item for item in items if not (self.grading.catalogue.rehearses and item in hidden)]

    def _register_part(self, item: pytest.Item) -> None:
        mark = item.get_closest_marker("part")
        if mark is not None:
            path = mark.args[0]
            parameters = tuple(mark.kwargs.get("parameters", ()))
            self.grading.parts[marks_of.function_name(item)] = Part(path, parameters)
            if "build" in mark.kwargs:
                self.grading.builders[path] = mark.kwargs["build"]

    # ---- running -------------------------------------------------------------------------------------

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Nothing runs when the course is not in order."""
        session.config.option.tbstyle = "line"  # pytest draws each failure, with source and arguments, for nobody
        return True if self.user_error is not None else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, bool, bool]:
        self.grading.cases.begin(self._check_of(item), self._check_of(nextitem) if nextitem else "")
        smoke = self._smoke.owner(item)
        if smoke is not None:
            skipped = self._smoke.is_decided(item)
            result = yield
            if not skipped:
                self._smoke.ended(smoke, marks_of.read(item).title, self._outcome(item))
            return result
        self._smoke.finish()
        check = marks_of.check_id(item)
        if check not in self._outcomes:
            self.grading.emit(CheckStarted(check))
        result = yield
        self._finish(item, check)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, bool | None, bool | None]:
        """Judge a check that failed once more when the reason may lie elsewhere: see `checks.retries`."""
        state = self._retries.remember(pyfuncitem)
        try:
            result = yield
            self._retries.refuse_unsure(pyfuncitem, state)
            self._retries.rehearse(pyfuncitem, state)
            return result
        except (StudentFailure, AssertionError) as error:
            failure = error if isinstance(error, StudentFailure) else StudentFailure(said(error))
            is_smoke = self._smoke.owner(pyfuncitem) is not None  # of these it is known which assignment fails
            why = self._retries.second_chance(pyfuncitem, failure, state, search=not is_smoke)
            if why is failure:
                raise
        if why is not None:
            raise why
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "setup":  # what its fixtures do, such as training, is its own time
            item.stash[SETUP_SECONDS] = report.duration
        seconds = report.duration + (item.stash[SETUP_SECONDS] if call.when == "call" else 0.0)
        if call.excinfo is not None and OUTCOME not in item.stash:
            item.stash[OUTCOME] = self._failure(item, call.excinfo.value, seconds)
        elif call.when == "call" and OUTCOME not in item.stash:
            fraction, message = item.stash.get(CREDIT, (1.0, ""))
            status: Any = "passed" if fraction >= 1 else "partial" if fraction > 0 else "failed"
            outcome = Outcome(_case(item), status, fraction, message, seconds=seconds)
            given, diagnosis = item.stash.get(GIVEN, ()), item.stash.get(DIAGNOSIS, None)
            hint = self._question(diagnosis) if status != "passed" else ""
            item.stash[OUTCOME] = replace(outcome, given=given, diagnosis=diagnosis, hint=hint)
        if call.when == "call":
            item.stash[GOES_ON] = item.stash[OUTCOME].status in ("passed", "not_implemented")
        return report

    def _failure(self, item: pytest.Item, error: BaseException, seconds: float) -> Outcome:
        if isinstance(error, StudentFailure):
            if error.status == "timed_out":
                self.grading.hung.add(marks_of.check_id(item))
            if error.diagnosis is None and error.status == "failed":
                error = named(error, self.grading.catalogue, exceptions.recognised(error.message), {})
            where = error.where or self._where(item)
            hint = error.hint or self._question(error.diagnosis)
            outcome = Outcome(_case(item), error.status, 0.0, error.message, hint, where, error.diagnosis)
            return replace(outcome, seconds=seconds, error_map=error.error_map)
        if isinstance(error, AssertionError):
            return Outcome(_case(item), "failed", 0.0, said(error), where=self._where(item), seconds=seconds)
        traceback.print_exception(error)
        message = f"a fault of the grader or of the check, not yours: {type(error).__name__}: {error}"
        return Outcome(_case(item), "grader_error", 0.0, message, seconds=seconds)

    def _question(self, diagnosis: Diagnosis | None) -> str:
        """What its page asks."""
        page = self.grading.catalogue.pages.get(diagnosis.code) if diagnosis else None
        return page.question if page else ""

    def _where(self, item: pytest.Item) -> str:
        path = marks_of.read(item).where
        if not path:
            return ""
        places = self.grading.stack.package.places
        if path not in places:
            library = self.grading.student()
            try:
                places[path] = library.where(path)
            finally:
                library.close()
        return places[path]

    # ---- results ---------------------------------------------------------------------------------------

    def in_order(self) -> list[CheckResult]:
        """The results in the order of the files, whatever came first."""
        place = {check: number for number, check in enumerate(self._pending)}
        return sorted(self.results, key=lambda result: place.get(result.id, len(place)))

    def _outcome(self, item: pytest.Item) -> Outcome:
        # Fail closed: a check that did not run is not a pass.
        return item.stash.get(OUTCOME, Outcome(_case(item), "grader_error", 0.0, "the check did not run"))

    def _check_of(self, item: pytest.Item) -> str:
        """What this is a case of."""
        return self._smoke.owner(item) or item.nodeid.partition("[")[0]

    def _finish(self, item: pytest.Item, check: str) -> None:
        outcome = replace(self._outcome(item), output=item.stash.get(PRINTS, ""))
        self._outcomes.setdefault(check, []).append(outcome)
        if len(self._outcomes[check]) == self._pending[check]:
            self._publish(item, check)

    def _publish(self, item: pytest.Item, check: str) -> None:
        marks = marks_of.read(item)
        needed = [self.grading.results[name] for name in marks.needs if name in self.grading.results]
        result = self.held.get(check) or combine(check, self._group(check), marks, self._outcomes[check], needed)
        self.results.append(result)
        self.grading.results[marks_of.function_name(item)] = result
        self.grading.emit(CheckFinished(result))

    def shared_little(self) -> bool:
        """Could no check have met what another one changed or used up? See `checks.reuse`."""
        slept, limit = self.grading.sandbox.slept(), self.grading.assignment.limits.idle_seconds
        return self._retries.shared_little() and not self._smoke.changed() and slept <= limit / 2

    def _group(self, check: str) -> str:
        file = check.partition("::")[0]
        return self._groups.get(file, file.removesuffix(".py"))


def _case(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return str(callspec.id) if callspec is not None else ""
