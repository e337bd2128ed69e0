"""`tinygrade release` and what may be wrong: one clear line, the right exit code, and nothing written."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrade.cli import run

TINY = Path(__file__).resolve().parents[1] / "courses" / "release"


@pytest.fixture
def tiny(tmp_path):
    shutil.copytree(TINY, tmp_path / "tiny", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "tiny" / "assignments"


@pytest.fixture
def release(tiny, tmp_path, capfd):
    """Run it; gives the exit code and what was said."""

    def call(*arguments, out=tmp_path / "out"):
        code = run(["release", *arguments, "--course", str(tiny), "--out", str(out), "--seeds", "1"])
        return code, re.sub(r"(?m)^ *\d+/\d+ .*\n", "", "".join(capfd.readouterr()))

    return call


def nothing_written(tmp_path):
    return os.listdir(tmp_path) == ["tiny"]


def test_an_assignment_that_is_not_there(release, tmp_path):
    code, said = release("tow")
    assert code == 2
    assert "did you mean 'two'?" in said
    assert nothing_written(tmp_path)


def test_a_folder_that_is_somebody_elses(release, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.tex").touch()
    code, said = release()
    assert code == 2
    assert "was not made by tinygrade release" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("options", [("--today", "31.12.2026"), ("--seeds", "0"), ("--probe", "moodle")])
def test_options_that_make_no_sense(release, tmp_path, options):
    code, said = release(*options) if options[0] != "--seeds" else (run(["release", "--out", "x", *options]), "")
    assert code == 2
    assert nothing_written(tmp_path)


def test_a_probe_of_an_assignment(release):
    code, said = release("two", "--probe", "gradescope")
    assert (code, said.count("leave the assignment out")) == (2, 1)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("one/assignment.toml", "[release]\nsolution = \"2027-02-01\"\n", "`release.solution` must be a day"),
        ("one/assignment.toml", "[release]\nsolutions = 2027-02-01\n", "did you mean 'solution'?"),
        ("one/assignment.toml", "[release]\nfiles = [\"../two/x\"]\n", "`release.files` must be a list"),
        ("one/assignment.toml", "[platform]\ndeadline = 0\n", "`platform.deadline` must be a number of seconds"),
        ("course.toml", "[release]\nplugin = [\"*.py\", \"none/*\"]\n", "`release.plugin` names 'none/*'"),
    ],
)
def test_tables_that_are_wrong(release, tiny, tmp_path, file, text, message):
    kept = re.sub(r"(?ms)^\[(release|platform)\]\n.*?(?=^\[|\Z)", "", (tiny / file).read_text())
    (tiny / file).write_text(f"{kept}\n{text}")
    code, said = release()
    assert code == 2
    assert message in said
    assert nothing_written(tmp_path)


def test_a_solution_in_a_public_file(release, tiny, tmp_path):
    (tiny / "two/README.md").write_text("Write `return sum((doubled(item) for item in items), start=0.0)`.\n")
    code, said = release()
    assert code == 2
    assert "students would get solutions\n  assignments/two/README.md: return sum(" in said
    assert nothing_written(tmp_path)


def test_a_template_that_is_not_current(release, tiny, tmp_path):
    (tiny / "../template/pack/first.py").write_text("def doubled(x):\n    return x\n")
    code, said = release()
    assert code == 2
    assert "run `tinygrade template` first" in said
    assert nothing_written(tmp_path)


def test_stubs_that_are_worth_points(release, tiny, tmp_path):
    check = "\n\n@pytest.mark.points(5)\ndef test_nothing(student):\n    pass\n"
    file = tiny / "one/test_first.py"
    file.write_text(file.read_text() + check)
    toml = tiny / "one/assignment.toml"
    toml.write_text(toml.read_text().replace("points = 5", "points = 10"))
    code, said = release("one")
    assert code == 2
    assert "in the one for the autograder, stubs are worth 5 of 10 points: test_first.py::test_nothing passed" in said
    assert nothing_written(tmp_path)


def test_a_solution_that_does_not_pass(release, tiny, tmp_path):
    wrong = "    assert student.fetch(student.first.doubled(1.0)) == 3\n"
    check = f"\n\n@pytest.mark.points(5)\ndef test_wrong(student):\n{wrong}"
    file = tiny / "one/test_first.py"
    file.write_text(file.read_text() + check)
    toml = tiny / "one/assignment.toml"
    toml.write_text(toml.read_text().replace("points = 5", "points = 10"))
    code, said = release("one")
    assert code == 2
    assert "the solution has 5 of 10 points: test_first.py::test_wrong failed" in said
    assert nothing_written(tmp_path)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_nothing(tiny, tmp_path, left_behind, number, code):
    command = [sys.executable, "-P", "-m", "tinygrade", "release", "--course", tiny, "--out", tmp_path / "out"]
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while "stubs have none" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == code
    assert nothing_written(tmp_path)
    assert not left_behind()
