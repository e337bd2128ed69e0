"""Somebody else's plugin fails, at each hook: it is named, the run goes on, and nothing that is shown is wrong."""

import json

import pytest

SOURCE = '''
"""Fails where faults.txt says so."""
from pathlib import Path

from tinygrade import hookimpl

FAULTS = Path(__file__).with_name("faults.txt").read_text().split()


def fail(hook):
    if hook in FAULTS:
        raise ZeroDivisionError(f"of {hook}")


class Reporter:
    def render(self, report):
        fail("render")
        return "fine\\n"


def make_reporter():
    fail("factory")
    return Reporter()


fail("import")
for name in ("add_commands(cli)", "register_sandboxes(register)", "register_diagnoses(register)",
             "check_plugins(assignment)", "check_finished(result)", "adjust_score(report, context)",
             "section_text(name, data)", "report_ready(report)"):
    exec(f"@hookimpl\\ndef tinygrade_{name}: fail({name.partition('(')[0]!r})")
if "registration" in FAULTS:
    @hookimpl
    def tinygrade_no_such_hook(): ...


@hookimpl
def tinygrade_register_reporters(register):
    fail("register_reporters")
    register("theirs", make_reporter)


@hookimpl
def tinygrade_load_submission(source, assignment, into):
    if "load_submission" in FAULTS:
        (into / "litter.py").write_text("x = 1")
    fail("load_submission")
    if "nonsense" in FAULTS:
        return source
'''


@pytest.fixture(scope="module")
def environment(make_environment):
    made = make_environment()
    (made.packages / "theirs.py").write_text(SOURCE)
    info = made.packages / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tinygrade]\ntheirs = theirs\n")
    return made


@pytest.fixture
def check(environment, repository, tmp_path):
    """`check("adjust_score", ...)`: the run of a right solution while these fail, and its report."""
    course = repository / "examples/course"

    def run(*faults, source=course / "reference", options=()):
        (environment.packages / "faults.txt").write_text(" ".join(faults))
        words = ("check", "summary", "--course", course, "--submission", source, "--seed", "1", "-k", "test_mean")
        if "adjust_score" in faults:
            words = words[:-2]
        report = tmp_path / "report.json"
        done = environment("-P", "-m", "tinygrade", *words, *options, "--report", f"json={report}", cwd=tmp_path)
        assert "Traceback" not in done.stdout + done.stderr
        return done, json.loads(report.read_text()) if report.exists() else None

    return run


def test_what_fails_at_the_start_is_left_out(check):
    done, report = check("register_reporters", "import")
    assert done.returncode == 0
    assert report["checks"][0]["status"] == "passed"
    assert done.stderr == "tinygrade: warning: plugin 'theirs' (theirs) is left out: ZeroDivisionError: of import\n"


def test_what_fails_on_the_way_is_told_once(check):
    hooks = ("add_commands", "check_plugins", "check_finished", "report_ready")
    done, report = check(*hooks)
    assert done.returncode == 0
    assert report["checks"][0]["status"] == "passed"
    told = [f"plugin 'theirs' failed in tinygrade_{hook}: ZeroDivisionError: of {hook}" for hook in hooks]
    assert sorted(done.stderr.splitlines()) == sorted(f"tinygrade: warning: {line}" for line in told)


def test_a_loader_that_fails_leaves_the_others_to_it(check):
    done, report = check("load_submission")
    assert done.returncode == 0
    assert report["checks"][0]["status"] == "passed"
    assert "plugin 'theirs' failed in tinygrade_load_submission: ZeroDivisionError" in done.stderr


def test_a_source_that_only_a_broken_loader_could_read(check):
    done, report = check("nonsense", source="course://s001")
    assert done.returncode == 3
    assert report is None
    assert "a plugin failed: course://s001 cannot be read: plugin 'theirs' failed in" in done.stderr


def test_a_reporter_that_fails_keeps_no_other_from_writing(check, tmp_path):
    done, report = check("render", options=("--report", f"theirs={tmp_path / 'theirs.txt'}"))
    assert done.returncode == 3
    assert report["checks"][0]["status"] == "passed"
    assert "a plugin failed: the reporter 'theirs' of plugin 'theirs' failed: ZeroDivisionError" in done.stderr
    assert "partial run" in done.stdout
    assert not (tmp_path / "theirs.txt").exists()


def test_a_reporter_that_cannot_be_made_is_told_before_the_run(check, tmp_path):
    done, report = check("factory", options=("--report", f"theirs={tmp_path / 'theirs.txt'}"))
    assert done.returncode == 3
    assert report is None
    assert "the reporter 'theirs' of plugin 'theirs' failed: ZeroDivisionError: of factory" in done.stderr


def test_a_policy_that_fails_leaves_no_score(check):
    done, report = check("adjust_score")
    assert done.returncode == 4
    assert report["score"] is None
    assert {item["status"] for item in report["checks"]} == {"passed"}
    (adjustment,) = report["adjustments"]
    assert adjustment["points"] == 0
    assert "plugin 'theirs' failed in tinygrade_adjust_score: ZeroDivisionError" in adjustment["reason"]
    assert "NO SCORE" in done.stdout
