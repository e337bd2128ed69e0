"""`tinygrade check`: what the options mean, what is printed last, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrade import hookimpl
from tinygrade.errors import GraderError, RefusedError
from tinygrade.model import Adjustment, Report
from tinygrade.plugins import make_plugin_manager

# ---- what is graded --------------------------------------------------------------------------------


def test_the_current_folder_is_the_submission(tinygrade, grading) -> None:
    done = tinygrade("check", "alpha")
    assert done.code == 0
    assert grading.job.source == str(Path.cwd())
    assert grading.job.assignment.title == "First steps"
    assert "SCORE 10/10" in done.out
    assert done.err == ""


@pytest.mark.parametrize("folder", ["..", "tinypkg"])
def test_elsewhere_the_submission_must_be_named(
    tinygrade, grading, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(folder)
    done = tinygrade("check", "alpha")
    assert done.code == 2
    assert "--submission" in done.err
    assert ("one folder up" in done.err) == (folder == "tinypkg")
    assert grading.jobs == []


@pytest.mark.parametrize(
    ("given", "source"),
    [("../solution", "{up}/solution"), ("git+https://x.org/a.git", "git+https://x.org/a.git"), ("nowhere", "nowhere")],
)
def test_a_path_is_made_absolute_and_an_address_is_not(tinygrade, grading, given: str, source: str) -> None:
    tinygrade("check", "alpha", "--submission", given)
    assert Path(grading.job.source.replace("/work/../", "/")) == Path(source.format(up=Path.cwd().parent))


def test_options_reach_the_job(tinygrade, grading) -> None:
    options = "-k add --quick --isolation strong --earlier released --sandbox local --seed 7"
    tinygrade("check", "alpha", *options.split())
    job = grading.job
    assert (job.select, job.quick, job.isolation, job.earlier) == ("add", True, "strong", "released")
    assert (job.sandbox, job.seed) == ("local", 7)


def test_without_a_seed_a_small_one_is_drawn(tinygrade, grading) -> None:
    for _ in range(5):
        done = tinygrade("check", "alpha")
        assert 1 <= grading.job.seed <= 9999
        assert done.last_line.endswith(f"--seed {grading.job.seed}")
    assert len({job.seed for job in grading.jobs}) > 1


# ---- mistakes of the person at the keyboard --------------------------------------------------------

MISTAKES = [
    (["alpa"], "did you mean 'alpha'"),
    (["alpha", "--sandbox", "locl"], "did you mean 'local'"),
    (["alpha", "--report", "jsn"], "did you mean 'json'"),
    (["alpha", "--report", "json="], "names no file"),
    (["alpha", "--report", "json=no/such/folder/r.json"], "cannot be written"),
    (["alpha", "--report", "json=tinypkg"], "is a folder"),
    (["alpha", "--report", "json", "--report", "terminal"], "already taken"),
    (["alpha", "--report", "json=a", "--report", "json=b"], "asked for twice"),
    (["alpha", "--report", "json=r", "--report", "terminal=./r"], "already taken"),
    (["alpha", "--fail-under", "11"], "10 of them"),
    (["alpha", "--fail-under", "nan"], "fail-under"),
    (["alpha", "--seed", "-1"], "seed"),
    (["alpha", "--isolation", "weak"], "isolation"),
    (["beta"], "assignment.toml"),
]


@pytest.mark.parametrize(("args", "words"), MISTAKES)
def test_mistakes_are_told_before_anything_is_graded(tinygrade, grading, args: list[str], words: str) -> None:
    done = tinygrade("check", *args)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert grading.jobs == []


def test_an_unwritable_report_leaves_nothing_behind(tinygrade, grading) -> None:
    before = sorted(Path.cwd().iterdir())
    tinygrade("check", "alpha", "--report", "json=a.json", "--report", "terminal=no/b.txt")
    assert sorted(Path.cwd().iterdir()) == before


# ---- the exit code ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "args", "code"),
    [
        (10, [], 0),
        (9.5, [], 1),
        (9.5, ["--fail-under", "9.5"], 0),
        (9.5, ["--fail-under", "9.6"], 1),
        (0, ["--fail-under", "0"], 0),
        (10 - 1e-12, [], 0),
    ],
)
def test_exit_code_of_a_score(tinygrade, grading, report, check, points: float, args: list[str], code: int) -> None:
    grading.result = report(check(status="partial", points=points))
    assert tinygrade("check", "alpha", *args).code == code


@pytest.mark.parametrize(("status", "code"), [("passed", 0), ("failed", 1), ("grader_error", 4)])
def test_exit_code_of_a_partial_run(tinygrade, grading, report, check, status: str, code: int) -> None:
    grading.result = report(check(status=status), selected=True, score=None)
    done = tinygrade("check", "alpha", "--quick")
    assert done.code == code
    assert ("partial run, not a grade" in done.out) == (code != 4)


def test_a_fault_of_ours_is_4_and_no_zero(tinygrade, grading, report, check) -> None:
    grading.result = report(check(status="grader_error"), score=None)
    done = tinygrade("check", "alpha", "--fail-under", "0")
    assert done.code == 4
    assert "not zero" in done.out


def test_adjustments_count(tinygrade, grading, report) -> None:
    grading.result = report(score=8.0, adjustments=(Adjustment(-2.0, "late"),))
    assert tinygrade("check", "alpha").code == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [(RefusedError("too weak"), 4), (GraderError("lost"), 3), (KeyboardInterrupt(), 130), (RuntimeError("bug"), 3)],
)
def test_a_run_that_breaks_still_tells_how_to_repeat_it(tinygrade, grading, error: BaseException, code: int) -> None:
    grading.result = error
    done = tinygrade("check", "alpha", "--seed", "5")
    assert done.code == code
    assert done.last_line.endswith("--seed 5")


# ---- commands to paste back ------------------------------------------------------------------------


def test_the_last_line_repeats_the_run(tinygrade, grading, course: Path) -> None:
    args = [
        "-k",
        "add and not slow",
        "--quick",
        "--fail-under",
        "2.5",
        "--report",
        "json=r.json",
        "--report",
        "terminal=t",
    ]
    done = tinygrade("check", "alpha", *args, "--submission", ".")
    assert done.last_line == (
        "repeat this run: tinygrade check alpha -k 'add and not slow' --quick --report json=r.json"
        f" --report terminal=t --fail-under 2.5 --course {course} --submission . --seed {grading.job.seed}"
    )


def test_again_keeps_the_places_and_drops_the_selection(tinygrade, grading, report, check, course: Path) -> None:
    grading.result = report(check(status="failed"), selected=True, score=None)
    done = tinygrade("check", "alpha", "--quick", "--seed", "5")
    assert f"again: tinygrade check alpha --course {course} -k test_add --seed 5\n" in done.out


# ---- reports ---------------------------------------------------------------------------------------


def test_json_to_standard_output_is_nothing_but_json(tinygrade, grading) -> None:
    done = tinygrade("check", "alpha", "--report", "json")
    assert Report.from_json(json.loads(done.out)).score == 10
    assert "SCORE 10/10" in done.err


def test_reports_to_files(tinygrade, grading) -> None:
    done = tinygrade("check", "alpha", "--report", "json=r.json", "--report", "terminal=r.txt")
    assert done.code == 0
    assert json.loads(Path("r.json").read_text())["score"] == 10
    assert "SCORE 10/10" in Path("r.txt").read_text()
    assert "SCORE 10/10" in done.out
    assert sorted(p.name for p in Path.cwd().iterdir()) == ["r.json", "r.txt", "tinypkg"]


def test_an_old_report_is_replaced_only_by_a_whole_one(tinygrade, grading) -> None:
    Path("r.json").write_text("old")
    grading.result = RefusedError("no")
    tinygrade("check", "alpha", "--report", "json=r.json")
    assert Path("r.json").read_text() == "old"
    assert sorted(p.name for p in Path.cwd().iterdir()) == ["r.json", "tinypkg"]


def test_a_link_stays_a_link(tinygrade, grading) -> None:
    Path("target.json").write_text("old")
    Path("link.json").symlink_to("target.json")
    tinygrade("check", "alpha", "--report", "json=link.json")
    assert Path("link.json").is_symlink()
    assert json.loads(Path("target.json").read_text())["score"] == 10


def test_a_device_is_written_to_and_not_replaced(tinygrade, grading) -> None:
    done = tinygrade("check", "alpha", "--report", "json=/dev/null")
    assert done.code == 0
    assert Path("/dev/null").is_char_device()


def test_students_see_hidden_checks_by_name_only(tinygrade, grading, report, check) -> None:
    grading.result = report(check(status="failed", visibility="hidden", message="TELLTALE"))
    done = tinygrade("check", "alpha", "--report", "json=r.json")
    assert "TELLTALE" not in done.out + Path("r.json").read_text()
    assert "5ec4e7" not in Path("r.json").read_text()
    done = tinygrade("check", "alpha", "--report", "json=r.json", "--instructor")
    assert "TELLTALE" in Path("r.json").read_text()
    assert "5ec4e7" in Path("r.json").read_text()


# ---- hooks -----------------------------------------------------------------------------------------


class Listener:
    def __init__(self) -> None:
        self.heard: list[str] = []

    @hookimpl
    def tinygrade_check_finished(self, result) -> None:
        self.heard.append(result.title)

    @hookimpl
    def tinygrade_report_ready(self, report: Report) -> None:
        self.heard.append(f"secret {report.secret}")

    @hookimpl
    def tinygrade_section_text(self, name: str, data: object) -> list[str] | None:
        return [f"trained {data} steps"] if name == "training" else None


def test_plugins_hear_of_checks_and_reports_and_show_their_sections(tinygrade, grading, report, check) -> None:
    grading.result = report(check("add"), check("mul"), sections={"training": 170, "other": 1})
    listener, manager = Listener(), make_plugin_manager()
    manager.register(listener)
    done = tinygrade("check", "alpha", "--report", "terminal=t", manager=manager)
    assert listener.heard == ["add", "mul", "secret 5ec4e7"]
    assert "trained 170 steps" in done.out
    assert "trained 170 steps" in Path("t").read_text()


def test_no_script_is_offered_for_what_has_no_folder(repository, tmp_path) -> None:
    """`repro` writes beside the student's files; a notebook or an archive has none."""
    cell = {"cell_type": "code", "source": "# tinystats/summary.py\ndef mean(values): return 0.0"}
    book = {"nbformat": 4, "cells": [cell]}
    (tmp_path / "work.ipynb").write_text(json.dumps(book))
    course = ["--course", str(repository / "examples/course"), "-k", "test_mean"]
    command = [sys.executable, "-P", "-m", "tinygrade", "check", "summary", *course, "--submission", "work.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    assert "again: tinygrade check" in done.stdout
    assert "debug:" not in done.stdout
