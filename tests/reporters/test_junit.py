"""JUnit XML as its consumers read it: junitparser, and the schema of Jenkins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import junitparser
import pytest
from lxml import etree

from tests.reporters.test_hostile import evil_report
from tinygrade.model import STATUSES, Case, CheckResult, Report
from tinygrade.reporters.junit import ELEMENTS, JUnitReporter

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("jenkins_junit.xsd")))
NAMES = ("full", "mistakes", "selected", "fault")


def parsed(report: Report) -> junitparser.JUnitXml:
    return junitparser.JUnitXml.fromstring(JUnitReporter().render(report).encode())


def fits(report: Report) -> None:
    SCHEMA.assertValid(etree.fromstring(JUnitReporter().render(report).encode()))


def properties(suite: junitparser.TestSuite) -> dict[str, str]:
    return {p.name: p.value for p in suite.properties()}


@pytest.mark.parametrize("name", NAMES)
def test_jenkins_takes_it(name: str, stored: Callable[[str], Report]) -> None:
    fits(stored(name))
    fits(stored(name).student_view())


def test_jenkins_takes_hostile_text_and_an_empty_report(make_report: Callable[..., Report]) -> None:
    fits(evil_report(make_report))
    fits(make_report())


@pytest.mark.parametrize(
    "wrong",
    [
        "<testsuites><testsuite name='a' tests='1' failures='0'/></testsuites>",
        "<testsuites time='1e-5'/>",
        "<testsuites skipped='1'/>",
        "<testsuite name='a' tests='0' failures='0' errors='0'><testcase/></testsuite>",
        "<testcase name='a'><properties/></testcase>",
        "<report/>",
    ],
)
def test_the_schema_refuses_what_jenkins_would(wrong: str) -> None:
    assert not SCHEMA.validate(etree.fromstring(wrong))


@pytest.mark.parametrize("name", NAMES)
def test_junitparser_counts_what_the_report_says(name: str, stored: Callable[[str], Report]) -> None:
    found = parsed(stored(name))
    cases = [case for suite in found for case in suite]
    assert (found.tests, found.failures, found.errors) == (
        len(cases),
        sum(isinstance(r, junitparser.Failure) for case in cases for r in case.result),
        sum(isinstance(r, junitparser.Error) for case in cases for r in case.result),
    )
    assert len({(case.classname, case.name) for case in cases}) == len(cases), "a name stands for two tests"


def test_mistakes_have_their_kind_and_their_words(stored: Callable[[str], Report]) -> None:
    cases = {case.name: case for suite in parsed(stored("mistakes").student_view()) for case in suite}
    kinds = {name: [(type(r).__name__, r.type) for r in case.result] for name, case in cases.items()}
    assert kinds["test_gelu"] == [("Skipped", "not_implemented")]
    assert kinds["test_cross_entropy_vjp"] == [("Error", "crashed")]
    assert kinds["test_layer_norm_vjp"] == [("Error", "out_of_memory")]
    assert kinds["test_linear"] == []
    (crash,) = cases["test_cross_entropy_vjp"].result
    assert crash.message == "your code ended the grading process: its process ended with exit code 0"
    assert "functional.py:27 cross_entropy_vjp" in crash.text
    assert "tinygrade check assignment2 -k test_cross_entropy_vjp --seed 41" in crash.text
    (hidden,) = cases["test_softmax_vjp"].result
    assert (hidden.type, hidden.text) == ("timed_out", "hidden check: nothing more is shown")
    assert cases["test_gelu"].classname == "assignment2.test_01_forward"
    assert cases["test_softmax_gradient"].time > 4


def test_cases_are_tests(stored: Callable[[str], Report]) -> None:
    suite = next(suite for suite in parsed(stored("selected")) if suite.name == "parity")
    masks = {case.name: [r.message for r in case.result] for case in suite if "mask" in case.name}
    assert list(masks) == [f"test_causal_mask[{case}]" for case in ("4", "2 of 5", "10", "1")]
    assert masks["test_causal_mask[1]"] == []
    (message,) = masks["test_causal_mask[10]"]
    assert message == "causal_mask(10)[0, 1]: yours True, expected False (9 of 100 entries differ)"
    printed = [case.system_out for case in suite if "mask" in case.name]
    assert printed[1:] == [None] * 3
    assert "<b>mask</b> of 4 by 4" in printed[0]


def test_cases_that_say_something_else_than_the_check_do_not_hide_it(
    make_check: Callable[..., CheckResult], make_report: Callable[..., Report]
) -> None:
    check = make_check("a", "timed_out", message="too slow", cases=(Case("1", "passed"), Case("2", "passed")))
    (suite,) = parsed(make_report(check))
    assert [(case.name, [r.type for r in case.result]) for case in suite] == [("test_a", ["timed_out"])]


@pytest.mark.parametrize("status", STATUSES)
def test_no_status_but_passed_is_a_pass(
    status: str, make_check: Callable[..., CheckResult], make_report: Callable[..., Report]
) -> None:
    (suite,) = parsed(make_report(make_check("a", status)))
    (case,) = suite
    assert [type(r).__name__.lower() for r in case.result] == ([] if status == "passed" else [ELEMENTS[status]])


def test_each_suite_knows_its_run(stored: Callable[[str], Report]) -> None:
    for suite in parsed(stored("fault")):
        found = properties(suite)
        assert "score" not in found, "null is not a zero"
        assert found["no_score"].startswith("NOT GRADED, and not zero either: names, shapes")
        assert found["again"] == "tinygrade check assignment3 --seed 41"
        assert "numpy 2.4.6, Python 3.11.7, Linux 6.8.0, isolation strong" in found["graded_with"]
    parity = next(suite for suite in parsed(stored("mistakes")) if suite.name == "gradients")
    assert [properties(parity)[key] for key in ("points", "max_points", "score")] == ["12", "26", "84"]
