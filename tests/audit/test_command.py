"""`tinygrade audit` on a small course, as an author runs it."""

import json
import os
import signal
import subprocess
import time

import pytest

RETURN = "    return 2.0 * x\n"
LARGEST = "    return max(items)\n"


@pytest.fixture
def sound(small):
    """A course whose checks are as they should be."""
    small.mutant("squares", RETURN, "    return x * x\n", bug="B1", diagnosis=["squared"])
    small.mutant("forgets", RETURN, "    return x + 1.0\n")
    small.mutant("smallest", LARGEST, "    return min(items)\n", check="test_largest", diagnosis="value-ratio", costs=4)
    small.variant("adds", RETURN, "    return x + x\n")
    small.variant("sorts", LARGEST, "    return sorted(items)[-1]\n")
    small.write(
        "assignments/correct/whole/mini/numbers.py",
        "def double(x):\n    return sum([x, x])\n\n\ndef largest(items):\n    return sorted(items)[-1]\n",
    )
    return small


def test_a_sound_course(sound):
    done = sound.audit("--report", f"json={sound.root / 'audit.json'}")
    assert done.exit_code == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["squares", "B1", "the", "named", "check", "squared", "(right)", "6", "of", "6"] in rows
    assert ["forgets", "-", "the", "named", "check", "none", "6", "of", "6"] in rows
    assert "mutants           3, caught in the named check 3 (100 %)" in done.stdout
    assert "diagnosis         right 2 (66 %), none 1, wrong 0 (0 %)" in done.stdout
    assert "correct variants  4, accused 0" in done.stdout
    assert "nonsense results  8, all noticed" in done.stdout
    assert "PROBLEMS" not in done.stdout
    assert done.stdout.endswith("repeat this audit: tinygrade audit one --seed 3\n")
    assert "15 of 15 graded" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    tree = json.loads((sound.root / "audit.json").read_text())
    assert (tree["schema"], tree["assignment"], tree["seed"]) == (1, "one", 3)
    assert tree["summary"]["problems"] == 0
    kinds = [verdict["kind"] for verdict in tree["verdicts"]]
    assert kinds == ["correct"] * 4 + ["mutant"] * 3 + ["nonsense"] * 8


def test_a_brief_audit(sound):
    done = sound.audit("--brief")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "mutants           3, caught in the named check 3 (100 %)" in done.stdout
    assert "correct variants  3, accused 0" in done.stdout  # both variants together
    assert "nonsense results  2, all noticed" in done.stdout


UNSOUND = {
    "lives": (("none", RETURN, "    return 2 * x\n"), {}, "LIVES: no check takes a point"),
    "another check": (
        ("none", RETURN, "    return x\n"),
        {"check": "test_largest"},
        "test_largest takes no point, but test_double",
    ),
    "too dear": (("none", RETURN, "    return x\n"), {"costs": 5.5}, "costs 6, may cost 5.5"),
    "wrong diagnosis": (
        ("none", RETURN, "    return x * x\n"),
        {"diagnosis": "doubled"},
        "is called squared, is doubled",
    ),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_what_is_wrong_is_told_and_exit_1(small, name):
    mutant, facts, problem = UNSOUND[name]
    small.mutant(*mutant, **facts)
    done = small.audit("--only", "mutant")
    assert done.exit_code == 1
    assert f"  mutant none: {problem}" in done.stdout


def test_a_right_solution_that_is_blamed(small):
    small.variant("squares", RETURN, "    return 2.0 * x if x != 3.0 else 9.0\n")
    done = small.audit("--only", "correct")
    assert done.exit_code == 1
    assert "  correct squares: is right and loses points in test_double: it is squared" in done.stdout
    assert "  correct squares: is right and is called squared" in done.stdout
    assert "correct variants  2, accused 1" in done.stdout


def test_a_check_that_breaks_on_nonsense(small):
    file = small.folder / "test_1.py"
    file.write_text(file.read_text().replace(", shape=())", ") + 0.0"))
    done = small.audit("--only", "nonsense", "-k", "double")
    assert done.exit_code == 1
    assert "nonsense numbers.double:none: test_double is a grader_error" in done.stdout


def test_functions_that_no_check_looks_at_are_named(small):
    source = small.root / "reference" / "mini" / "numbers.py"
    source.write_text(source.read_text() + "\n\ndef unseen(x):\n    return x\n")
    done = small.audit("--only", "nonsense", "-k", "unseen")
    assert done.exit_code == 0
    assert "4 that no check notices: numbers.unseen:none, " in done.stdout


def test_a_malformed_file_is_one_line_and_exit_2(sound):
    file = sound.folder / "mutants" / "squares.toml"
    file.write_text(file.read_text().replace("costs", "keeps"))
    done = sound.audit()
    assert done.exit_code == 2
    assert not done.stdout
    assert (
        done.stderr
        == f"tinygrade: {file}: `keeps` is not a known key here; known are: " + done.stderr.split("known are: ")[1]
    )
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-k", "nothing"], "no trial has 'nothing' in its name"),
        (["--report", "html=x"], "an audit writes json or json=FILE"),
        (["--report", "json="], "an audit writes json or json=FILE"),
        (["--report", "json=/nowhere/x.json"], "/nowhere/x.json: cannot be written"),
        (["--jobs", "0"], "--jobs"),
    ],
)
def test_wrong_options(small, options, message):
    done = small.audit(*options)
    assert done.exit_code == 2
    assert message in done.stderr


def test_selection_by_name_or_bug(sound):
    done = sound.audit("-k", "B1", "--only", "mutant")
    assert "squares" in done.stdout
    assert "forgets" not in done.stdout


def test_json_to_standard_output(sound):
    done = sound.audit("--only", "mutant", "-k", "forgets", "--report", "json")
    assert json.loads(done.stdout)["verdicts"][0]["name"] == "forgets"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_leaves_nothing_behind(sound, left_behind, tmp_path, stop):
    for number in range(20):
        sound.mutant(f"more_{number}", RETURN, f"    return {number} + x\n")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    command = sound.command("--jobs", "2")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(scratch)})
    deadline = time.monotonic() + 60
    while not list(scratch.glob("tinygrade-audit-*/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(stop)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + stop
    assert stderr.strip() in (b"interrupted", b"terminated")
    assert left_behind() == []
    assert list(scratch.iterdir()) == []
