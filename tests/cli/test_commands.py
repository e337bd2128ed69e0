"""The smaller commands: reference, init, template, plugins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tinygrade import hookimpl
from tinygrade.errors import RefusedError
from tinygrade.plugins import make_plugin_manager

TRAINING = {"training": {"steps": 170, "steps_per_second": 800.0, "final_loss": 0.046}}

# ---- reference -------------------------------------------------------------------------------------


def test_reference_runs_the_solution_and_says_how_to_record(tinygrade, grading, course: Path) -> None:
    done = tinygrade("reference", "alpha")
    assert done.code == 0
    assert grading.job.source == str(course.parent / "solution")
    assert "tinygrade reference alpha --record" in done.out
    assert done.last_line.startswith("repeat this run: tinygrade reference alpha")


def test_reference_records_and_compares(tinygrade, grading, report, course: Path) -> None:
    grading.result = report(sections=TRAINING)
    done = tinygrade("reference", "alpha", "--record")
    assert "--record" not in done.last_line
    recorded = json.loads((course / "alpha" / "baseline.json").read_text())
    assert recorded["training"] == {"steps": 170, "steps_per_second": 800, "final_loss": 0.046}
    grading.result = report(seconds=2.0, sections=TRAINING)
    lines = tinygrade("reference", "alpha").out.splitlines()
    assert [line.split() for line in lines if line.startswith(("score", "seconds", "training.steps "))] == [
        ["score", "10", "10", "same"],
        ["seconds", "1", "2", "+100.0%"],
        ["training.steps", "170", "170", "same"],
    ]


@pytest.mark.parametrize("args", [["--quick"], ["-k", "add"]])
def test_only_a_whole_run_is_recorded(tinygrade, grading, args: list[str]) -> None:
    done = tinygrade("reference", "alpha", "--record", *args)
    assert done.code == 2
    assert grading.jobs == []


def test_a_run_without_score_is_not_recorded(tinygrade, grading, report, check, course: Path) -> None:
    file = course / "alpha" / "baseline.json"
    file.write_text("old")
    for result in (report(check(status="grader_error"), score=None), RefusedError("no")):
        grading.result = result
        assert tinygrade("reference", "alpha", "--record").code == 4
        assert file.read_text() == "old"


def test_a_damaged_baseline_is_told_before_the_run(tinygrade, grading, course: Path) -> None:
    (course / "alpha" / "baseline.json").write_text("{")
    done = tinygrade("reference", "alpha")
    assert done.code == 2
    assert "--record" in done.err
    assert grading.jobs == []
    assert tinygrade("reference", "alpha", "--record").code == 0


# ---- template and init -----------------------------------------------------------------------------


def test_template_is_checked_and_generated(tinygrade, course: Path) -> None:
    stub = course.parent / "stubs" / "tinypkg" / "ops.py"
    done = tinygrade("template", "--check")
    assert done.code == 1
    assert "tinypkg/ops.py" in done.out
    assert not stub.exists()
    assert tinygrade("template").code == 0
    assert 'NotImplementedError("A1.1: the sum")' in stub.read_text()
    assert tinygrade("template", "--check").code == 0
    stub.write_text("")
    assert tinygrade("template", "--check").code == 1


def test_init_copies_the_template_and_never_overwrites(tinygrade, tmp_path: Path) -> None:
    tinygrade("template")
    mine = tmp_path / "mine"
    done = tinygrade("init", str(mine))
    assert done.code == 0
    assert (mine / "tinypkg" / "ops.py").is_file()
    assert "tinygrade check ASSIGNMENT --course" in " ".join(done.out.split())
    (mine / "tinypkg" / "ops.py").write_text("my work")
    (mine / "README.md").unlink()
    done = tinygrade("init", str(mine))
    assert done.code == 0
    assert "left alone, it was there: tinypkg/ops.py" in done.out
    assert (mine / "tinypkg" / "ops.py").read_text() == "my work"
    assert (mine / "README.md").is_file()


def test_init_where_nothing_can_be_written(tinygrade, tmp_path: Path) -> None:
    tinygrade("template")
    (tmp_path / "file").write_text("")
    done = tinygrade("init", str(tmp_path / "file"))
    assert done.code == 2
    assert "Traceback" not in done.err


# ---- plugins ---------------------------------------------------------------------------------------


class Extra:
    @hookimpl
    def tinygrade_register_reporters(self, register) -> None:
        register("yaml", object)


def test_plugins_lists_who_registered_what(tinygrade) -> None:
    manager = make_plugin_manager()
    manager.register(Extra(), "extra")
    done = tinygrade("plugins", manager=manager)
    assert done.code == 0
    lines = done.out.splitlines()
    row = next(i for i, line in enumerate(lines) if line.startswith("extra "))
    assert lines[row].split() == ["extra", "hooks", "register_reporters"]
    assert lines[row + 1].split() == ["reporters", "yaml"]
    assert lines[row].index("hooks") == lines[row + 1].index("reporters") == lines[0].index("what")


def test_plugins_works_outside_a_course_but_not_in_a_wrong_one(tinygrade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert tinygrade("plugins", in_course=False).code == 0
    assert tinygrade("plugins", "--course", "/no/such", in_course=False).code == 2
