"""The fixtures for authors do what their docstrings say, with real gradings."""

import pytest

from tinygrade import hookimpl
from tinygrade.errors import PluginError, SubmissionError
from tinygrade.testing import HOSTILE_TEXTS

pytest_plugins = "tinygrade.testing"

SOLUTION = {"numbers.py": "def double(x):\n    return 2 * x\n"}
CHECK = """
import pytest

@pytest.mark.points(3)
@pytest.mark.title("double")
def test_double(parity, {fixture}):
    parity(lambda lib: lib.numbers.double({fixture}), "double(x)")
"""
PLUGIN = """
import pytest
from tinygrade import hookimpl

class Fixtures:
    @pytest.fixture
    def seven(self):
        return 7

@hookimpl
def tinygrade_check_plugins():
    return [Fixtures()]
"""


@pytest.mark.parametrize(("body", "status", "points"), [("x + x", "passed", 3), ("x * x", "failed", 0)])
def test_a_check_and_a_plugin_are_tried_on_a_submission(run_check, body, status, points):
    submission = {"numbers.py": f"def double(x):\n    return {body}\n"}
    result = run_check(CHECK.format(fixture="seven"), SOLUTION, submission, points=3, plugin=PLUGIN)
    assert (result.status, result.points, result.title) == (status, points, "double")
    assert ("49" in result.message) is (status == "failed")


def test_a_report_is_that_of_a_real_run(grade, make_small_course):
    course = make_small_course(CHECK.format(fixture="rng") + "\n", SOLUTION, points=3)
    with pytest.raises(SubmissionError, match="does not exist"):
        grade(course, "nowhere")


def test_loaders_are_asked(load, make_small_course, tmp_path):
    course = make_small_course("", SOLUTION)
    assert load(course / "reference", course).files == ("work/numbers.py",)


def test_what_is_wrong_with_a_plugin_is_an_error(plugin_manager):
    class Wrong:
        @hookimpl
        def tinygrade_report_redy(self): ...

    with pytest.raises(PluginError, match="tinygrade_report_redy"):
        plugin_manager(Wrong())


def test_reporters_get_the_view_of_students(render, make_report, make_result):
    class Plugin:
        @hookimpl
        def tinygrade_register_reporters(self, register):
            register("messages", lambda: self)

        def render(self, report):
            return ",".join(check.message for check in report.checks)

    report = make_report(make_result(message="secret", visibility="hidden"), make_result(message="plain"))
    assert render("messages", report, Plugin()) == ",plain"
    assert render("messages", report, Plugin(), instructor=True) == "secret,plain"


def test_a_report_s_score_is_that_of_its_checks(make_report, make_result):
    report = make_report(make_result(points=0.5, status="partial"), make_result(max_points=2.0, points=2.0))
    assert (report.score, report.max_score) == (2.5, 3.0)
    assert make_report().checks == (make_result(),)


def test_hostile_reports_are_hostile(hostile_report, render):
    assert [check.message for check in hostile_report.checks] == list(HOSTILE_TEXTS)
    assert all("seen" in text for text in HOSTILE_TEXTS)
    assert "seen" in render("terminal", hostile_report)
