"""`tinygrade report`: stored reports shown again and in other formats, and every way in which that is refused."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import sys
from pathlib import Path

import junitparser
import pytest

from tests.runner import parse_command, parse_output
from tinygrade import cli

STORED = Path(__file__).parents[1] / "reporters" / "stored"


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: stored reports of real gradings, and no course."""
    for file in STORED.glob("*.json"):
        shutil.copy(file, tmp_path)
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Done:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]):
    def run(*arguments: str) -> Done:
        code = cli.run(["report", *arguments])
        return Done(code, *capsys.readouterr())

    return run


def refused(done: Done) -> str:
    assert done.code == 2, done.err
    assert done.out == ""
    assert done.err.startswith("tinygrade: ")
    return done.err.removeprefix("tinygrade: ")


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*") if file.is_file()}


# ---- on the screen ---------------------------------------------------------------------------------


def test_a_stored_report_is_shown_as_it_was(reports: Path, report) -> None:
    done = report("mistakes.json")
    assert (done.code, done.err) == (0, "")
    assert "SCORE 84/100" in done.out
    assert "1. functional.py:27 cross_entropy_vjp" in done.out
    assert "\x1b" not in done.out


def test_hidden_checks_are_the_instructors(reports: Path, report) -> None:
    assert "softmax_vjp (hidden) 0/3" in report("mistakes.json").out
    tree = json.loads(report("mistakes.json", "--report", "json", "--instructor").out)
    hidden = next(check for check in tree["checks"] if check["id"].endswith("::test_softmax_vjp"))
    assert "CPU time" in hidden["message"]
    assert tree["secret"]
    assert json.loads(report("mistakes.json", "--report", "json").out)["secret"] is None


def test_sections_have_their_words_from_the_course(reports: Path, report, repository: Path) -> None:
    assert "order of learning" not in report("full.json").out
    assert "order of learning" in report("full.json", "--course", str(repository / "assignments")).out
    assert "no/such" in refused(report("full.json", "--course", "no/such"))


def test_what_differs_here_is_told(reports: Path, report) -> None:
    tree = json.loads((reports / "full.json").read_text())
    tree["environment"] = {"numpy": "1.0.0", "python": "3.4.0", "system": "Plan9 4"}
    (reports / "full.json").write_text(json.dumps(tree))
    lines = report("full.json").out.splitlines()
    here = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    assert f"graded elsewhere: Python 3.4.0 there, {here} here" in lines
    assert sum(line.startswith("graded elsewhere: ") for line in lines) == 3


def test_many_reports_are_shown_one_below_the_other(reports: Path, report) -> None:
    out = report("full.json", "fault.json").out
    assert out.index("SCORE 100/100") < out.index("NOT GRADED, and not zero either")


# ---- in formats ------------------------------------------------------------------------------------


def test_every_format_at_once(reports: Path, report) -> None:
    wanted = [("junit", "r.xml"), ("gradescope", "r.json"), ("markdown", "r.md"), ("csv", "r.csv"), ("json", "j.json")]
    done = report("mistakes.json", *(word for name, file in wanted for word in ("--report", f"{name}={file}")))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert junitparser.JUnitXml.fromfile("r.xml").errors == 4
    assert json.loads((reports / "r.json").read_text())["score"] == 84
    assert (reports / "r.md").read_text().startswith("# `assignment2`")
    assert len(list(csv.reader((reports / "r.csv").read_text().splitlines()))) == 50
    assert json.loads((reports / "j.json").read_text())["score"] == 84


def test_a_folder_takes_one_file_for_each(reports: Path, report) -> None:
    (reports / "out").mkdir()
    done = report("full.json", "mistakes.json", "--report", "junit=out/", "--report", "markdown=out", "--report", "csv")
    assert done.code == 0, done.err
    assert files(reports / "out") == {"full.xml", "mistakes.xml", "full.md", "mistakes.md"}
    rows = list(csv.reader(done.out.splitlines()))
    assert [row[0] for row in rows].count("assignment") == 1
    assert {row[0] for row in rows[1:]} == {"assignment3", "assignment2"}


def test_github_gets_its_files_and_they_keep_what_was_there(reports: Path, report, monkeypatch) -> None:
    summary, output = reports / "summary", reports / "output"
    summary.write_text("# of an earlier command\n")
    output.write_text("version=3\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    formats = ("github", "github-summary", f"github-classroom={output}")
    done = report("mistakes.json", *(word for name in formats for word in ("--report", name)))
    assert done.code == 0, done.err
    assert {parse_command(line).name for line in done.out.splitlines()} == {"error", "notice"}
    assert summary.read_text().startswith("# of an earlier command\n# `assignment2`")
    assert list(parse_output(output.read_text())) == ["version", "result"]


def test_outside_github_they_are_printed_or_go_where_they_are_sent(reports: Path, report) -> None:
    assert report("full.json", "--report", "github-summary").out.startswith("# `assignment3`")
    assert report("full.json", "--report", "github-classroom").out.startswith("result=")
    (reports / "s.md").write_text("older")
    assert report("full.json", "--report", "github-summary=s.md").code == 0
    assert (reports / "s.md").read_text().startswith("# `assignment3`"), "a named file is written anew"


def test_no_format_gives_a_ci_log_commands_of_a_student(reports: Path, report) -> None:
    tree = json.loads((reports / "mistakes.json").read_text())
    tree["checks"][3]["message"] = "::error::forged\n##vso[task.complete result=Succeeded]"
    (reports / "evil.json").write_text(json.dumps(tree))
    for name in ("json", "junit", "csv", "markdown", "terminal", "gradescope"):
        out = report("evil.json", "--report", name).out
        assert "##vso[" not in out
        assert not [line for line in out.splitlines() if parse_command(line)]


# ---- refusals: one line, exit 2, nothing written ----------------------------------------------------

REFUSED = [
    (["full.json", "--report", "junt"], "there is no report format 'junt'; did you mean 'junit'?"),
    (["full.json", "--report", "junit=a", "--report", "junit=b"], "junit is asked for twice"),
    (["full.json", "--report", "junit", "--report", "junit=b/"], "junit is asked for twice"),
    (["full.json", "--report", "junit=a", "--report", "csv=./a"], "is already taken by --report junit"),
    (["full.json", "--report", "junit", "--report", "csv"], "standard output is already taken"),
    (["full.json", "--report", "junit="], "names no file after the ="),
    (["full.json", "--report", "csv=a.csv", "--report", "junit=no/r.xml"], "cannot be written: No such file"),
    (["full.json", "--report", "csv=a.csv", "--report", "junit=no/"], "cannot be written: No such file"),
    (["full.json", "--report", "json=full.json"], "is a report that is read here, and would be overwritten"),
    (["full.json", "--report", "json=."], "is a report that is read here, and would be overwritten"),
    (["full.json", "fault.json", "--report", "junit=r.xml"], "takes one report, not 2; name a folder, as in junit=o"),
    (["full.json", "../full.json", "--report", "junit=out"], "two reports would become"),
    (["full.json", "none.json"], "none.json: cannot be read: No such file or directory"),
    (["full.json", "cut.json"], "cut.json"),
    (["new.json", "--report", "csv=a.csv"], "new.json: is of a newer kind"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=[" ".join(a) for a, _ in REFUSED])
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(
    reports: Path, report, arguments: list[str], message: str
) -> None:
    inside = reports / "inside"
    (inside / "out").mkdir(parents=True)
    for file in reports.glob("*.json"):
        shutil.copy(file, inside)
    (inside / "cut.json").write_bytes((inside / "full.json").read_bytes()[:5000])
    (inside / "new.json").write_text('{"schema": 7}')
    os.chdir(inside)
    before = {name: (inside / name).read_bytes() for name in files(inside)}
    text = refused(report(*arguments))
    assert message in text
    assert len(text.splitlines()) == 1
    assert {name: (inside / name).read_bytes() for name in files(inside)} == before


def test_a_file_is_needed(reports: Path, report) -> None:
    assert "FILE" in refused(report())


def test_a_full_disk_leaves_an_appended_file_as_it_was(reports: Path, report, monkeypatch) -> None:
    summary = reports / "summary"
    summary.write_text("# of an earlier command\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the write gets through in part
    try:
        done = report("full.json", "--report", "github-summary")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert f"{summary}: cannot be written: " in refused(done)
    assert summary.read_text() == "# of an earlier command\n"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/full")
    assert "/dev/full: cannot be written: No space left" in refused(report("full.json", "--report", "github-summary"))
