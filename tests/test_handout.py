"""The handouts say what assignment.toml, the marks and the fixtures say."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENTS = ROOT / "assignments"
HANDOUT = (ASSIGNMENTS / "assignment3" / "README.md").read_text("utf-8")
SETTINGS = tomllib.loads((ASSIGNMENTS / "assignment3" / "assignment.toml").read_text("utf-8"))
GUIDE = (ASSIGNMENTS / "README.md").read_text("utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """Cells of the first table below the line `| heading |...`, without the heading."""
    lines = text[text.index(f"| {heading} |") :].splitlines()[2:]
    table = lines[: next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_parameters_are_those_of_the_assignment():
    told = {name.strip("`"): tuple(map(int, re.findall(r"\d+", shape))) for name, shape in rows(HANDOUT, "Name")}
    declared = {name: tuple(shape) for name, shape in SETTINGS["surface"]["parameters"].items()}
    assert list(told.items()) == list(declared.items())


def test_points_are_those_of_the_assignment():
    told = [(title, float(points)) for title, points, _ in rows(HANDOUT, "Group")]
    assert told == [(group["title"], group["points"]) for group in SETTINGS["groups"]]


def test_the_budget_is_that_of_the_assignment():
    assert f"The budget is {SETTINGS['training']['budget_seconds']} seconds of CPU time" in HANDOUT


def test_tasks_are_those_of_the_stubs():
    stubs = "".join((ROOT / "student_template/tinytorch" / file).read_text("utf-8") for file in SETTINGS["files"])
    assert set(re.findall(r"\*\*(A3\.\d)", HANDOUT)) == set(re.findall(r'NotImplementedError\("(A3\.\d)', stubs))


def test_the_handout_has_no_line_of_the_solution():
    lines = set()
    for file in SETTINGS["files"]:
        for block in re.findall(
            r"# BEGIN SOLUTION.*?\n(.*?)# END SOLUTION", (ROOT / "reference/tinytorch" / file).read_text("utf-8"), re.S
        ):
            lines |= {line.strip() for line in block.splitlines() if len(line.strip()) > 20}
    assert lines
    assert not [line for line in lines if line in HANDOUT]


def test_every_selection_of_the_handout_selects_checks_of_its_task(check, repository):
    """The tasks' own `-k` expressions, each against a run of all checks by name."""
    expressions = re.findall(r"^tinygrade check assignment3 -k \"?([^\"#\n]+?)\"?(?: +#.*)?$", HANDOUT, re.M)
    assert len(expressions) == 8
    everything = check(repository / "student_template").report["checks"]
    functions = {c["id"].split("::")[1]: c["task"] for c in everything}
    selected = set()
    for expression in expressions:
        words = [word.strip() for word in expression.split(" or ")]
        for word in words:
            found = {c["id"] for c in everything if word in c["id"] or word in c["group"]}
            assert found, f"-k {word!r} selects nothing"
            selected |= {id.split("::")[1] for id in found}
    assert selected >= set(functions) - {"test_own_stack", "test_past"}


def test_every_mark_is_told():
    from tinygrade.checks.marks import MARKS

    assert [name.strip("`") for name, _ in rows(GUIDE, "Mark")] == list(MARKS)


@pytest.mark.parametrize("file", ["tinygrade/checks/fixtures.py", "assignments/course/fixtures.py"])
def test_every_fixture_is_told(file):
    defined = re.findall(r"@pytest\.fixture.*?\ndef (\w+)", (ROOT / file).read_text("utf-8"))
    told = re.findall(r"^\| `(\w+)` \|", GUIDE, re.M)
    assert defined
    assert set(defined) <= set(told)


def test_every_key_is_told():
    from tinygrade import config

    told = set(re.findall(r"`\[*(?:surface\.)?(\w+)", GUIDE))
    tables = (config._COURSE, config._ASSIGNMENT, config._SURFACE, config._LIMITS, config._GROUP)
    assert {key for table in tables for key in table} <= told
