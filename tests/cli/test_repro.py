"""`tinygrade repro` through the real command: the script that it writes is run, and fails as the report said."""

import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture
def folder(tmp_path, repository):
    """The student's folder, in which commands are run; the course lies beside it."""
    shutil.copytree(repository / "tests/courses/repro", tmp_path, dirs_exist_ok=True)
    return tmp_path / "student"


@pytest.fixture
def tinygrade(folder, forked_command):
    return lambda *words: forked_command([*words, "--course", str(folder.parent / "assignments")], folder)


def run_script(script, *options):
    """The script, as a student would run it."""
    command = [sys.executable, *options, script.name]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        command, cwd=script.parent, capture_output=True, text=True, timeout=100, check=False, env=clean
    )


@pytest.fixture
def repro(tinygrade, folder):
    """`repro(check)`: what the command said, the script's text, and what the script gave."""

    def go(check, *options):
        done = tinygrade("repro", check, "--seed", "3", *options)
        assert done.returncode == 0, done.stderr
        (script,) = folder.glob("repro_*.py")
        return done, script.read_text(), run_script(script)

    return go


def number(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def printed_entry(output):
    """The last entry that a script shows by its index: `yours [0, 1]: 2.5`."""
    found = re.findall(r"^\S.* ?(?:\[.*\])?: (\S+)$", output, re.M)
    return found[-1]


@pytest.mark.parametrize("kind", ["bool", "0-d", "not contiguous", "not finite", "large"])
def test_the_script_gives_the_value_that_the_report_named(tinygrade, folder, kind):
    """One kind of input at a time: the others are made right."""
    late = folder / "pack" / "late.py"
    checks = (folder.parent / "assignments/two/test_b.py").read_text()
    only = checks.replace('@pytest.mark.parametrize("kind", INPUTS)', f'@pytest.mark.parametrize("kind", [{kind!r}])')
    (folder.parent / "assignments/two/test_b.py").write_text(only)
    assert late.exists()
    done = tinygrade("repro", "kinds", "--seed", "3")
    assert done.returncode == 0, done.stderr
    said = re.search(r"yours (\S+), expected", done.stdout)
    output = run_script(folder / "repro_kinds.py")
    assert output.returncode == 0, output.stderr
    if said is None:  # what is not finite has no number in the message
        assert "holds" in done.stdout or "differ" in done.stdout, done.stdout
        return
    shown = output.stdout.split()[-1]
    assert (f"{float(shown):.6g}" if said[1] not in ("True", "False") else shown) == said[1], output.stdout
    assert (folder / "repro_kinds.npz").exists() == (kind == "large")


@pytest.mark.parametrize("check", ["b1.2", "two/gradient"])
def test_a_gradient_check_by_any_of_its_names(repro, check):
    done, script, output = repro(check)
    said = re.search(r"yours (\S+), expected", done.stdout)[1]
    assert f"{float(output.stdout.split()[-1]):.6g}" == said
    assert "requires_grad=True" in script
    assert ".backward(" in script
    assert "#     square: the gradient of" in script


def test_a_property_shows_both_values_and_nothing_between(repro):
    _, script, output = repro("property")
    assert output.stdout.split("yours:")[0].split() == ["first,", "for", "comparison:", "[3.", "6.]"]
    assert output.stdout.endswith("yours:\n[ 8. 16.]\n")
    assert script.count("layer(") == 2
    assert "#     the first moves with the second" in script


def test_a_trajectory_takes_all_its_steps(repro):
    done, script, output = repro("trajectory")
    said = re.search(r"yours (\S+), expected", done.stdout)[1]
    assert script.count(".step(") == 4
    assert f"{float(output.stdout.split()[-1]):.6g}" == said


def test_what_changes_an_object_is_kept_although_its_result_was_looked_at_elsewhere(repro):
    """The shorter script is tried before it is believed: here it would give another weight."""
    done, script, output = repro("weights")
    said = re.search(r"yours (\S+), expected", done.stdout)[1]
    assert script.count(".step(") == 4
    assert f"{float(output.stdout.split()[-1]):.6g}" == said


def test_an_error_that_was_not_raised(repro):
    _, script, output = repro("raises")
    assert "late.positive(2.5)" in script
    assert "late.positive(-1.5)" in script
    assert output.stdout == "it gave float\n"


def test_an_error_is_raised_again_in_the_students_file(repro):
    _, script, output = repro("error")
    assert output.returncode == 1
    assert "AttributeError: 'numpy.ndarray' object has no attribute 'no_such_thing'" in output.stderr
    assert "pack/late.py" in output.stderr
    assert "#     AttributeError" in script


def test_a_census_lists_what_was_counted(repro):
    _, _, output = repro("census")
    assert output.stdout == "weight (2,)\nmore.0.bias (1,)\n"


def test_gradients_of_a_model_show_the_one_that_was_named(repro):
    _, script, output = repro("gradients")
    assert output.stdout.split()[-1] == "30.0"
    assert 'find(layer, "weight").grad' in script


def test_a_crash_crashes(repro):
    _, _, output = repro("crash")
    assert output.returncode == 3


def test_it_runs_in_a_debugger_that_stops_before_the_call(repro, folder):
    _, script, _ = repro("error")
    file = folder / "repro_error.py"
    file.write_text(script.replace("# breakpoint()", "breakpoint()"))
    command = [sys.executable, file.name]
    done = subprocess.run(
        command, cwd=folder, input="where\nq\n", capture_output=True, text=True, timeout=60, check=False
    )
    assert re.search(r"-> .*late\.broken\(", done.stdout), done.stdout


def test_what_a_student_wrote_stays_in_a_comment(repro):
    _, script, output = repro("hostile")
    assert "TAKEN OVER" in script
    assert "TAKEN OVER" not in output.stdout
    assert "\x1b" not in script


def test_half_credit_is_a_failure_too(repro):
    _, script, _ = repro("two/shared")
    assert "#     half of it" in script


def test_nothing_is_written_when_there_is_nothing_to_run(tinygrade, folder):
    right = tinygrade("repro", "right", "--seed", "3")
    assert (right.returncode, right.stdout) == (
        0,
        "test_right passes with seed 3: there is nothing to reproduce, and nothing was written\n",
    )
    stub = tinygrade("repro", "stub", "--seed", "3")
    assert stub.returncode == 0
    assert "B1.9: write it (late.py:" in stub.stderr
    assert not list(folder.glob("repro*"))


def test_a_check_of_the_own_stack_leads_to_the_smoke_check(repro, folder):
    (folder / "pack" / "ops.py").write_text("def early():\n    return 5.0\n")
    done, script, output = repro("own")
    assert "early(): yours 5, expected 1" in done.stdout
    assert output.stdout.split()[-1] == "5.0"
    assert "The report took one from the released solution" in script


@pytest.mark.parametrize(("check", "words"), [("secret", "hidden"), ("gradeint", "did you mean 'gradient'?")])
def test_names_that_mean_nothing_to_show(tinygrade, folder, check, words):
    done = tinygrade("repro", check, "--seed", "3")
    assert done.returncode == 2
    assert words in done.stderr
    assert "SECRET" not in done.stdout + done.stderr
    assert not list(folder.glob("repro*"))


def test_no_expected_value_is_written_but_what_the_message_says(repro):
    _, script, _ = repro("large")
    code = "\n".join(line for line in script.splitlines() if not line.startswith("#"))
    assert "expected" not in code
    assert "reference" not in script


def test_only_an_earlier_script_is_replaced(tinygrade, folder):
    script, arrays = folder / "repro_large.py", folder / "repro_large.npz"
    script.write_text("mine\n")
    done = tinygrade("repro", "large", "--seed", "3")
    assert done.returncode == 2
    assert "was not written by this command" in done.stderr
    assert script.read_text() == "mine\n"
    script.unlink()
    np.savez(arrays, mine=1)
    assert tinygrade("repro", "large", "--seed", "3").returncode == 2
    assert not script.exists()
    arrays.unlink()
    assert tinygrade("repro", "large", "--seed", "3").returncode == 0
    first = script.read_text()
    assert tinygrade("repro", "large", "--seed", "3").returncode == 0
    assert script.read_text() == first


def test_out_names_another_file_or_standard_output(tinygrade, folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert tinygrade("repro", "large", "--seed", "3", "--out", str(elsewhere / "mine.py")).returncode == 0
    assert run_script(elsewhere / "mine.py").returncode == 0  # it finds package and arrays from there
    shown = tinygrade("repro", "large", "--seed", "3", "--out", "-")
    command = [sys.executable, "-"]
    done = subprocess.run(
        command, input=shown.stdout, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "np.load" not in shown.stdout
    assert tinygrade("repro", "large", "--seed", "3", "--out", "mine.txt").returncode == 2
    assert not list(folder.glob("repro*"))


def test_prints_stand_under_their_check(tinygrade, folder):
    report = folder / "report.json"
    whole = tinygrade("check", "two", "--seed", "3", "--report", f"json={report}")
    assert "printing" in whole.stdout
    checks = {check["id"]: check for check in json.loads(report.read_text())["checks"]}
    assert checks["test_b.py::test_printing"]["output"] == "seen: printed by the student\n"
    (folder / "pack/late.py").write_text(
        (folder / "pack/late.py").read_text().replace("    return x * 2", "    print('twice')\n    return x * 2")
    )
    alone = tinygrade("check", "two", "--seed", "3", "-k", "right").stdout
    assert "your code printed in right (last 1 line):\n   | twice\n" in alone
