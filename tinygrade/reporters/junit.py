"""JUnit XML, which CI servers draw as a list of tests: Jenkins, GitLab, Azure, and every other reader of the format.

The form is what `junit-10.xsd` of Jenkins's xUnit plugin allows. A group is a suite; a check is a test, and one with
parametrised cases is as many. A stub is skipped, not failed: it is still to be written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tinygrade.model import CheckResult, Report, Status
from tinygrade.reporters import details, home
from tinygrade.reporters.words import grouped, number
from tinygrade.sinks import xml
from tinygrade.text import clean_line

#: Element of a status; passed has none. An error is what ended the code before it answered, or a fault of ours.
ELEMENTS: Mapping[Status, str] = {
    "partial": "failure",
    "failed": "failure",
    "not_implemented": "skipped",
    "blocked": "skipped",
    "timed_out": "error",
    "out_of_memory": "error",
    "crashed": "error",
    "grader_error": "error",
}
#: Bytes of the text of one test: its message, its cases and what leads on.
TEXT_LIMIT = 8192
#: Attribute that counts them.
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


@dataclass(frozen=True)
class _Test:
    """What becomes one <testcase>: a check, or one of its cases as a check of its own."""

    name: str
    result: CheckResult
    #: Wall seconds, or None where only those of the whole check are known.
    seconds: float | None


class JUnitReporter:
    """One document. A run without score says so in the properties of each suite, and each fault of ours is an error."""

    suffix = ".xml"

    def render(self, report: Report) -> str:
        counts = _counts([test for check in report.checks for test in _tests(check)])
        del counts["skipped"]  # the schema knows it for suites only
        attributes = {"name": report.assignment, **counts, "time": _seconds(report.seconds)}
        body = [_suite(name, checks, report) for name, checks in grouped(report.checks).items()]
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{_element("testsuites", attributes, body)}\n'


def _tests(check: CheckResult) -> list[_Test]:
    """Its cases stand for a check, unless they say something else than the check itself: all passed, and it did not."""
    name = clean_line(check.id).rsplit("::", 1)[-1]
    if not check.cases or check.ok != all(case.status == "passed" for case in check.cases):
        return [_Test(name, check, check.seconds)]
    # what was printed belongs to all of them, and is told once
    return [
        _Test(
            f"{name}[{clean_line(case.id)}]",
            replace(check, status=case.status, message=case.message, cases=(), output="" if index else check.output),
            None,
        )
        for index, case in enumerate(check.cases)
    ]


def _counts(tests: Sequence[_Test]) -> dict[str, str]:
    found = [ELEMENTS.get(test.result.status) for test in tests]
    return {"tests": str(len(tests)), **{key: str(found.count(element)) for key, element in _COUNTED.items()}}


def _suite(name: str, checks: Sequence[CheckResult], report: Report) -> str:
    tests = [test for check in checks for test in _tests(check)]
    seconds = _seconds(sum(check.seconds or 0.0 for check in checks))
    attributes = {"name": name, **_counts(tests), "time": seconds, "timestamp": report.started}
    body = [_properties(checks, report), *(_testcase(test, report) for test in tests)]
    return _element("testsuite", attributes, body)


def _properties(checks: Sequence[CheckResult], report: Report) -> str:
    """What else there is to know of a suite and its run; a reader of one suite sees all of it."""
    values = {
        "points": number(sum(check.points for check in checks)),
        "max_points": number(sum(check.max_points for check in checks)),
        "score": "" if report.score is None else number(report.score),
        "max_score": number(report.max_score),
        "no_score": details.why_no_score(report),
        "seed": str(report.seed),
        "again": home.again(report),
        "graded_with": home.graded_with(report),
    }
    told = {key: value for key, value in values.items() if value}
    return _element("properties", {}, [_element("property", {"name": k, "value": v}, []) for k, v in told.items()])


def _testcase(test: _Test, report: Report) -> str:
    result = test.result
    module = clean_line(result.id).split("::")[0].removesuffix(".py").replace("/", ".")
    attributes = {"name": test.name, "classname": f"{clean_line(report.assignment)}.{module}"}
    if test.seconds is not None:
        attributes["time"] = _seconds(test.seconds)
    body = [] if result.ok else [_outcome(result, report)]
    if result.output.strip():
        body.append(f"<system-out>{xml(result.output)}</system-out>")
    return _element("testcase", attributes, body)


def _outcome(result: CheckResult, report: Report) -> str:
    element = ELEMENTS[result.status]
    attributes = {"type": result.status, "message": details.headline(result)}
    text = xml(details.text(replace(result, output=""), report), TEXT_LIMIT)
    return f"<{element}{_attributes(attributes)}>{text}</{element}>"


def _element(name: str, attributes: Mapping[str, str], body: Sequence[str]) -> str:
    inside = "".join(f"\n{part}" for part in body)
    return f"<{name}{_attributes(attributes)}>{inside}\n</{name}>" if body else f"<{name}{_attributes(attributes)}/>"


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f' {name}="{xml(clean_line(value))}"' for name, value in values.items())


def _seconds(value: float | None) -> str:
    return f"{max(value or 0.0, 0.0):.3f}"
