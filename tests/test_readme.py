"""Every command in README.md runs, and what it shows as output is what a run gives."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = (
    *("README.md", "ARCHITECTURE.md", "SECURITY.md"),
    *("assignments/README.md", "assignments/assignment3/README.md"),
)


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", README, re.M | re.S)


def scripts() -> list[str]:
    """Paths of the scripts that the shell blocks run."""
    return re.findall(r"^sh (\S+)", "".join(blocks("sh")), re.M)


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = line.split()
    assert words[0] == "tinygrade"
    command = [sys.executable, "-P", "-m", "tinygrade", *words[1:]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the commands need of the repository, in a folder that they may write to."""
    for name in ("assignments", "reference", "student_template"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_tinygrade_commands_run(clone):
    for block in blocks("sh"):
        folder = clone
        for line in block.splitlines():
            if line.startswith("cd "):
                folder = folder / line.removeprefix("cd ")
            elif line.startswith("tinygrade"):
                done = run(line, folder)
                # A student's first run is below full marks. That is an answer, too.
                expected = {0, 1} if folder != clone else {0}
                assert done.returncode in expected, f"{line}\n{done.stdout}{done.stderr}"
                assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", scripts())
def test_scripts_are_there(name):
    script = ROOT / name
    assert script.stat().st_mode & 0o111, f"{script} is not executable"
    assert script.read_text("utf-8").startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_every_command_is_listed():
    from tinygrade.cli import COMMANDS

    assert list(dict.fromkeys(re.findall(r"^\| `tinygrade (\w+)", README, re.M))) == list(COMMANDS)


SHOWN = [block for block in blocks("text") if block.startswith("$ tinygrade")]
#: Status, group and points of a line; figures between them differ from machine to machine.
LINE = re.compile(r"^(\w+) +\d+ (.+?)  +.* (\S+/\d+)$", re.M)
END = re.compile(r"^(?:SCORE|partial run, not a grade:) (\S+)", re.M)
CAUSE = re.compile(r"^(\d+)\. transformer\.py:\d+ (\w+) ", re.M)
COMMAND = re.compile(r"^   (?:more|again|debug): .*$", re.M)


@pytest.mark.parametrize("block", SHOWN, ids=["reference", "mutant"])
def test_the_output_that_is_shown_is_that_of_a_run(block, clone, mutant):
    folder, _ = mutant(ROOT / "assignments/assignment3/mutants/mask_off_by_one.toml")
    shutil.copytree(folder / "tinytorch", clone / "off_by_one" / "tinytorch")
    line, _, shown = block.removeprefix("$ ").partition("\n")
    output = run(line, clone).stdout
    assert LINE.findall(shown)
    for pattern in (LINE, END, CAUSE, COMMAND):
        assert pattern.findall(output) == pattern.findall(shown), output


def test_the_script_that_is_shown_is_what_repro_writes(clone, mutant):
    folder, _ = mutant(ROOT / "assignments/assignment3/mutants/mask_off_by_one.toml")
    shown = next(block for block in blocks("python") if "breakpoint" in block)
    done = run("tinygrade repro A3.1 --seed 41 --out - --submission " + str(folder), clone)
    assert shown in done.stdout, done.stdout + done.stderr


def test_the_example_is_a_real_check():
    (example,) = [block for block in blocks("python") if "@pytest" in block]
    assert example in (ROOT / "assignments/assignment3/test_2_parity.py").read_text("utf-8") + "\n"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    file = ROOT / document
    for link in re.findall(r"\]\(([^)#]+)\)", file.read_text("utf-8")):
        assert "://" in link or (file.parent / link).exists(), link


def test_files_and_tests_that_the_architecture_names_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    names = re.findall(r"`((?:[\w.]+/)+(?:[\w.]+)?)(?:::(\w+))?`", text)
    assert names
    for name, test in names:
        places = [place for place in (ROOT / name, ROOT / "tinygrade" / name, ROOT / "tests" / name) if place.exists()]
        assert places, f"{name} does not exist"
        if test:
            assert f"def {test}(" in places[0].read_text("utf-8"), f"{name} has no {test}"
