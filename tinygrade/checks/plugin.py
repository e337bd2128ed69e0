"""The pytest plugin that turns tests into checks: points, order, statuses, retries with given parts."""

from __future__ import annotations

import traceback
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tinygrade.checks import marks as marks_of
from tinygrade.checks.context import Grading
from tinygrade.checks.fixtures import CREDIT, GRADING, PRINTS, check_rng
from tinygrade.checks.package import Part
from tinygrade.checks.results import Outcome, combine
from tinygrade.checks.smoke import Smoke
from tinygrade.errors import CourseError, UserError
from tinygrade.events import CheckFinished, CheckStarted, Started, Swapped
from tinygrade.failures import StudentFailure
from tinygrade.model import CheckResult, Isolation

OUTCOME = pytest.StashKey[Outcome]()
#: Ids of the checks whose parts were given when this one passed.
GIVEN = pytest.StashKey[tuple[str, ...]]()


class GradePlugin:
    """One run's checks."""

    def __init__(self, grading: Grading, isolation: Isolation, environment: dict[str, str]) -> None:
        self.grading = grading
        self.results: list[CheckResult] = []
        self.selected = False
        self.user_error: UserError | None = None
        self._isolation = isolation
        self._environment = environment
        self._groups = {Path(group.file).name: group.title for group in grading.assignment.groups}
        self._smoke = Smoke(grading)
        self._outcomes: dict[str, list[Outcome]] = {}
        self._pending: dict[str, int] = {}

    # ---- collection --------------------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[GRADING] = self.grading
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
        for item in checks:
            self._register_part(item)
        items[:] = checks
        yield
        if self.grading.quick:
            items[:] = [item for item in items if not marks_of.read(item).slow]
        self.selected = len(items) < len(checks)
        for item in items:
            check = marks_of.check_id(item)
            self._pending[check] = self._pending.get(check, 0) + 1
        order = tuple((check, self._group(check)) for check in self._pending)
        if items and self.user_error is None:
            self.grading.emit(Started(self._isolation, self._environment, order))
            items[:] = [*smoke, *items]

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
        return True if self.user_error is not None else None

    @pytest.hookimpl(specname="pytest_runtest_protocol", tryfirst=True)
    def skip_decided_smoke(self, item: pytest.Item) -> bool | None:
        """One failed smoke check decides about its assignment; the others need not run."""
        return True if self._smoke.is_decided(item) else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, bool, bool]:
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
        """Judge a check that failed once more when the reason is known and not its own: see `_second_chance`."""
        try:
            return (yield)
        except AssertionError as failure:
            if not self._second_chance(pyfuncitem, StudentFailure(str(failure))):
                raise
        except StudentFailure as failure:
            if not self._second_chance(pyfuncitem, failure):
                raise
        return True

    def _second_chance(self, item: pytest.Function, failure: StudentFailure) -> bool:
        """True when the check passes on the own stack, which solutions could not replace, or with right parts."""
        if "student" not in item.funcargs:
            return False
        if self.grading.stack.lacks(failure):
            return self._passes_on_own_stack(item, failure)
        wrong = self._wrong_parts(item) if failure.status == "failed" else []
        if not wrong or self._fails_again(item, [self.grading.parts[name] for name in wrong]):
            return False
        item.stash[GIVEN] = tuple(self.grading.results[name].id for name in wrong)
        paths = dict.fromkeys(self.grading.parts[name].path for name in wrong)  # two checks may prove one piece
        names = " and ".join(path.rpartition(".")[2] for path in paths)
        item.stash[CREDIT] = (1.0, f"right with a correct {names}")
        return True

    def _passes_on_own_stack(self, item: pytest.Function, failure: StudentFailure) -> bool:
        undo = self.grading.stack.keep_own(failure)
        again = self._fails_again(item, [])
        if again is not None and self.grading.stack.is_missing(again):
            undo()  # it is missing there as well
        else:
            self.grading.emit(Swapped(tuple(self.grading.stack.swaps)))
        return again is None

    def _wrong_parts(self, item: pytest.Function) -> list[str]:
        failed = ("failed", "partial", "timed_out", "crashed", "out_of_memory")
        needed = [name for name in marks_of.read(item).given if name in self.grading.parts]
        results = self.grading.results
        return [name for name in needed if name in results and results[name].status in failed]

    def _fails_again(self, item: pytest.Function, parts: list[Part]) -> StudentFailure | None:
        """Run the check again with the same inputs, in a fresh worker."""
        funcargs: dict[str, Any] = item.funcargs
        funcargs["student"].restart(parts, self.grading.stack.package)
        if "rng" in funcargs:
            fresh = check_rng(item, self.grading)
            funcargs["rng"].bit_generator.state = fresh.bit_generator.state
        arguments = {name: funcargs[name] for name in item._fixtureinfo.argnames}
        try:
            item.obj(**arguments)
        except StudentFailure as failure:
            return failure
        except AssertionError as failure:
            return StudentFailure(str(failure))
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.excinfo is not None and OUTCOME not in item.stash:
            item.stash[OUTCOME] = self._failure(item, call.excinfo.value, report.duration)
        elif call.when == "call" and OUTCOME not in item.stash:
            fraction, message = item.stash.get(CREDIT, (1.0, ""))
            status: Any = "passed" if fraction >= 1 else "partial" if fraction > 0 else "failed"
            given = item.stash.get(GIVEN, ())
            item.stash[OUTCOME] = Outcome(
                _case(item), status, fraction, message, seconds=report.duration, given=given
            )
        return report

    def _failure(self, item: pytest.Item, error: BaseException, seconds: float) -> Outcome:
        if isinstance(error, StudentFailure):
            if error.status == "timed_out":
                self.grading.hung.add(marks_of.check_id(item))
            where = error.where or self._where(item)
            facts = {"hint": error.hint, "where": where, "diagnosis": error.diagnosis, "seconds": seconds}
            return Outcome(_case(item), error.status, 0.0, error.message, **facts)  # type: ignore[arg-type]
        if isinstance(error, AssertionError):
            message = str(error).split("\nassert ")[0]
            return Outcome(_case(item), "failed", 0.0, message, where=self._where(item), seconds=seconds)
        traceback.print_exception(error)
        message = f"a fault of the grader or of the check, not yours: {type(error).__name__}: {error}"
        return Outcome(_case(item), "grader_error", 0.0, message, seconds=seconds)

    def _where(self, item: pytest.Item) -> str:
        path = marks_of.read(item).where
        if not path:
            return ""
        library = self.grading.student()
        try:
            return library.where(path)
        finally:
            library.close()

    # ---- results ---------------------------------------------------------------------------------------

    def _outcome(self, item: pytest.Item) -> Outcome:
        # Fail closed: a check that did not run is not a pass.
        return item.stash.get(OUTCOME, Outcome(_case(item), "grader_error", 0.0, "the check did not run"))

    def _finish(self, item: pytest.Item, check: str) -> None:
        outcome = replace(self._outcome(item), output=item.stash.get(PRINTS, ""))
        self._outcomes.setdefault(check, []).append(outcome)
        if len(self._outcomes[check]) == self._pending[check]:
            self._publish(item, check)

    def _publish(self, item: pytest.Item, check: str) -> None:
        marks = marks_of.read(item)
        needed = [self.grading.results[name] for name in marks.needs if name in self.grading.results]
        result = combine(check, self._group(check), marks, self._outcomes[check], needed)
        if self.grading.assignment.hints == "none":
            result = replace(result, hint="")
        self.results.append(result)
        self.grading.results[marks_of.function_name(item)] = result
        self.grading.emit(CheckFinished(result))

    def _group(self, check: str) -> str:
        file = check.partition("::")[0]
        return self._groups.get(file, file.removesuffix(".py"))


def _case(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return str(callspec.id) if callspec is not None else ""
